package merge

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Target is where a branch lands: a branch of a remote.
type Target struct {
	Remote string
	Branch string // without refs/heads/
}

func (t Target) String() string { return t.Remote + "/" + t.Branch }

// The states of a work tree in which a branch can neither land nor be moved.
var (
	ErrBare     = errors.New("this needs a work tree, and the repository is bare")
	ErrDetached = errors.New("HEAD is detached: no branch to land")
	ErrUnborn   = errors.New("the branch has no commit yet")
	ErrNoRemote = errors.New("no remote to land on")
)

// UnfinishedError says that a git command of the user's is half-way.
type UnfinishedError struct{ What string }

func (e *UnfinishedError) Error() string { return fmt.Sprintf("a %s is in progress", e.What) }

// checkout is the branch that is checked out, and its tip.
type checkout struct {
	branch string // without refs/heads/
	tip    string
}

// checkedOut refuses every state but a branch with a commit and nothing half done.
func checkedOut(ctx context.Context, r *repo.Repo) (checkout, error) {
	if r.WorkTree == "" {
		return checkout{}, ErrBare
	}
	for _, s := range []struct{ file, what string }{
		{"rebase-merge", "rebase"},
		{"rebase-apply", "rebase"},
		{"MERGE_HEAD", "merge"},
		{"CHERRY_PICK_HEAD", "cherry-pick"},
		{"REVERT_HEAD", "revert"},
		{"BISECT_LOG", "bisect"},
	} {
		if _, err := os.Stat(filepath.Join(r.GitDir, s.file)); err == nil {
			return checkout{}, &UnfinishedError{s.what}
		}
	}
	ref, err := said(r.GitParsed(ctx, "symbolic-ref", "--quiet", "HEAD"))
	if err != nil {
		return checkout{}, orElse(err, ErrDetached)
	}
	tip, err := said(r.GitParsed(ctx, "rev-parse", "--verify", "--quiet", "HEAD^{commit}"))
	if err != nil {
		return checkout{}, orElse(err, ErrUnborn)
	}
	return checkout{strings.TrimPrefix(ref, "refs/heads/"), tip}, nil
}

// orElse is instead where git said no, and err where git could not be asked.
func orElse(err, instead error) error {
	var no *repo.GitError
	if errors.As(err, &no) {
		return instead
	}
	return err
}

// FindTarget decides where the checked out branch lands: on branch to if that is
// given, else on its upstream, else on the branch of its own name. The remote is
// the one given, else the upstream's, else remote.pushDefault, else origin or
// the only one there is.
func FindTarget(ctx context.Context, r *repo.Repo, remote, to string) (Target, error) {
	c, err := checkedOut(ctx, r)
	if err != nil {
		return Target{}, err
	}
	config, err := r.Config()
	if err != nil {
		return Target{}, err
	}
	key := "branch." + c.branch + "."
	upstream, _ := config.Get(key + "remote")
	merged, _ := config.Get(key + "merge")
	if upstream == "." { // another branch of this repository: not to be landed on
		upstream, merged = "", ""
	}
	t := Target{Remote: remote, Branch: strings.TrimPrefix(to, "refs/heads/")}
	if t.Remote == "" {
		t.Remote = upstream
	}
	if t.Remote == "" {
		t.Remote, _ = config.Get("remote.pushdefault")
	}
	if t.Remote == "" {
		if t.Remote, err = onlyRemote(ctx, r); err != nil {
			return Target{}, err
		}
	}
	if t.Branch == "" && t.Remote == upstream {
		t.Branch = strings.TrimPrefix(merged, "refs/heads/")
	}
	if t.Branch == "" {
		t.Branch = c.branch
	}
	if _, err := repo.Output(r.GitParsed(ctx, "check-ref-format", "refs/heads/"+t.Branch)); err != nil {
		return Target{}, fmt.Errorf("'%s' is not a valid branch name", t.Branch)
	}
	return t, nil
}

func onlyRemote(ctx context.Context, r *repo.Repo) (string, error) {
	out, err := said(r.GitParsed(ctx, "remote"))
	if err != nil {
		return "", err
	}
	remotes := strings.Fields(out)
	for _, name := range remotes {
		if name == "origin" {
			return name, nil
		}
	}
	if len(remotes) == 1 {
		return remotes[0], nil
	}
	return "", ErrNoRemote
}
