package install

import (
	"context"
	"errors"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// RecordTarget writes swarm.target, where neither git's configuration nor swarm.toml
// names a branch to land on: the upstream of the branch that is checked out, else the
// remote's default branch, else the branch that is checked out, if it is not a
// session's. So the branches of sessions, which have no upstream, land where the work
// began. swarm.remote is written along with it, if they would land on another remote.
//
// What is named already is kept. Where nothing names a branch, the error wraps
// repo.ErrNoTarget, and nothing is written.
func RecordTarget(ctx context.Context, r *repo.Repo, isSessionBranch func(context.Context, string) (bool, error)) error {
	t, err := r.FindTarget(ctx, repo.TargetQuery{Branch: "HEAD", IsSessionBranch: isSessionBranch})
	if errors.Is(err, repo.ErrWhichRemote) {
		return err
	}
	if errors.Is(err, repo.ErrNoTarget) || err == nil && t.Source == repo.FromLocalDefault {
		branch, failed := checkedOut(ctx, r, isSessionBranch)
		if failed != nil {
			return failed
		}
		if branch != "" {
			t, err = r.FindTarget(ctx, repo.TargetQuery{Branch: "HEAD", To: branch})
		}
	}
	if err != nil || t.Source == repo.FromConfig || t.Source == repo.FromTeamFile {
		return err
	}
	sessions, err := r.FindTarget(ctx, repo.TargetQuery{To: t.Branch})
	if err != nil && !errors.Is(err, repo.ErrWhichRemote) {
		return err
	}
	if sessions.Remote != t.Remote {
		if err := gitConfig(ctx, r, "swarm.remote", t.Remote); err != nil {
			return err
		}
	}
	return gitConfig(ctx, r, "swarm.target", t.Branch)
}

// checkedOut is the branch that is checked out; "" if there is none, or it is a
// session's.
func checkedOut(ctx context.Context, r *repo.Repo, isSessionBranch func(context.Context, string) (bool, error)) (string, error) {
	head, err := r.Head(ctx)
	branch := strings.TrimPrefix(head, "refs/heads/")
	if err != nil || branch == "" {
		return "", err
	}
	if own, err := isSessionBranch(ctx, branch); err != nil || own {
		return "", err
	}
	return branch, nil
}
