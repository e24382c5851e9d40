package land

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/gitlock"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/refstore/worktree"
)

// begin locks the worktree against other pushes and pulls, removes or completes
// what a killed one left, and returns what is checked out. The function returned
// unlocks the worktree; it is never nil.
func begin(ctx context.Context, r *repo.Repo) (c checkout, release func(), err error) {
	if r.WorkTree == "" {
		return checkout{}, func() {}, ErrBare
	}
	if release, err = lockWorktree(ctx, r); err != nil {
		return checkout{}, func() {}, err
	}
	if err := settle(ctx, r); err != nil {
		return checkout{}, release, err
	}
	rebaseScratch(r).remove(ctx)
	removeVerifyScratch(ctx, r)
	_ = os.Remove(filepath.Join(r.GitDir, "swarm-index.lock"))
	if err := recoverMove(ctx, r); err != nil {
		return checkout{}, release, err
	}
	c, err = checkedOut(ctx, r)
	return c, release, err
}

// lockWorktree waits a moment: of a push that was killed while it started git, that
// process has the lock until it is git.
func lockWorktree(ctx context.Context, r *repo.Repo) (release func(), err error) {
	waiting, cancel := context.WithTimeout(ctx, busyAfter)
	defer cancel()
	release, err = file.LockPath(waiting, filepath.Join(r.GitDir, "swarm-rebase.lock"))
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil && waiting.Err() != nil:
		return nil, ErrBusy
	}
	return release, err
}

// busyAfter is how long another push or pull in the worktree is waited for.
const busyAfter = time.Second

// settle waits for what a killed command has left running in the checkout, and clears
// the locks that such commands left, and records of worktrees that git cannot read.
func settle(ctx context.Context, r *repo.Repo) error {
	index := filepath.Join(r.GitDir, "swarm-index.lock")
	if err := gitlock.Await(ctx, r, gitlock.Index(r), index, filepath.Join(r.GitDir, "HEAD.lock")); err != nil {
		return err
	}
	if _, err := gitlock.Clear(r); err != nil {
		return err
	}
	_, err := worktree.Mend(ctx, r) // a fetch would fail
	return err
}

// ErrBusy says that another push or pull is running in the same worktree.
var ErrBusy = errors.New("another push or pull is running in this worktree")
