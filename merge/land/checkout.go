package land

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// The states of a work tree in which a branch can neither land nor be moved.
var (
	ErrBare     = errors.New("this needs a work tree, and the repository is bare")
	ErrDetached = errors.New("HEAD is detached: no branch to land")
	ErrUnborn   = errors.New("the branch has no commit yet")
)

// UnfinishedError says that the user has begun something with git that is not
// finished: a merge, a rebase, a bisect.
type UnfinishedError struct{ What string }

func (e *UnfinishedError) Error() string { return fmt.Sprintf("a %s is in progress", e.What) }

// checkout is the branch that is checked out, and its tip.
type checkout struct {
	branch string // without refs/heads/; detached for none
	tip    string
}

// detached stands for the branch where HEAD is at a commit. No branch has that name.
const detached = "HEAD"

// ref is the full name of what is moved.
func (c checkout) ref() string {
	if c.branch == detached {
		return detached
	}
	return "refs/heads/" + c.branch
}

// checkedOut returns the branch that is checked out. Every other state but
// a detached HEAD is an error: a bare repository, a branch without a commit, something unfinished.
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
	ref, err := r.Head(ctx)
	if err != nil {
		return checkout{}, err
	}
	ref = cmp.Or(ref, detached)
	tip := r.RefHere(ref)
	if tip == "" {
		if tip, err = repo.Line(r.GitParsed(ctx, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")); err != nil {
			return checkout{}, refusedAs(err, ErrUnborn)
		}
	}
	return checkout{strings.TrimPrefix(ref, "refs/heads/"), tip}, nil
}

// refusedAs returns instead if git ran and failed, and err if git could not be run.
func refusedAs(err, instead error) error {
	var no *repo.GitError
	if errors.As(err, &no) {
		return instead
	}
	return err
}
