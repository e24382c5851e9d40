package land

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// begin enters the worktree, for one push or pull at a time, puts in order what
// a killed one left, and returns what is checked out. The function returned
// leaves the worktree; it is never nil.
func begin(ctx context.Context, r *repo.Repo) (c checkout, release func(), err error) {
	if r.WorkTree == "" {
		return checkout{}, func() {}, ErrBare
	}
	f, err := lockFile(filepath.Join(r.GitDir, "swarm-rebase.lock"))
	if err != nil {
		return checkout{}, func() {}, err
	}
	release = func() {
		_ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN) // a child that is being forked may hold it open for a moment
		_ = f.Close()
	}
	benchOf(r).clear(ctx)
	verifyBench(r).clear(ctx)
	_ = os.Remove(filepath.Join(r.GitDir, "swarm-index.lock"))
	if err := resume(ctx, r); err != nil {
		return checkout{}, release, err
	}
	c, err = checkedOut(ctx, r)
	return c, release, err
}

// lockFile opens the file with an flock that ends with the process. It does not
// wait: another command of the same worktree is in the way.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, ErrAtWork
		}
		return nil, err
	}
	return f, nil
}

// ErrAtWork says that another push or pull runs in the same worktree.
var ErrAtWork = errors.New("another push or pull is at work in this worktree")
