package land

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Target is where a branch lands: a branch of a remote.
type Target struct {
	Remote string
	Branch string // without refs/heads/
}

func (t Target) String() string { return t.Remote + "/" + t.Branch }

// ErrNoRemote says that there is no remote, or that none of several is to be
// preferred.
var ErrNoRemote = errors.New("no remote to land on")

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
	out, err := repo.Line(r.GitParsed(ctx, "remote"))
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
