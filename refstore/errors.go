package refstore

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/git-swarm/git-swarm/refstore/object"
)

var (
	// ErrBusy says that others kept a ref moving, or the store locked, for as
	// long as the caller was willing to wait. Nothing was changed.
	ErrBusy = errors.New("the repository is busy")

	// ErrUnsettled says that a transaction could neither be completed nor undone
	// (a disk that fills up between two renames, say). Its redo log is kept,
	// and the next Update settles it.
	ErrUnsettled = errors.New("the change is written down, but not yet in effect")

	// ErrNotExist says that a table has nothing at a path, or a journal no such
	// number.
	ErrNotExist = errors.New("does not exist")

	// ErrVersion says that a newer git swarm wrote what was read.
	ErrVersion = errors.New("written by a newer git swarm")

	// errChanged says that a ref no longer holds what the transaction read.
	errChanged = errors.New("ref has moved")
)

// LockedError says that somebody else's lock file is in the way: git's own, at
// work at this moment or killed. Ours are cleared, others' never.
type LockedError struct{ Path string }

func (e *LockedError) Error() string { return fmt.Sprintf("'%s' is locked", e.Path) }

// Is makes errors.Is(err, ErrBusy) hold: trying again may help.
func (e *LockedError) Is(target error) bool { return target == ErrBusy }

// DamagedError says that a ref, or a commit, tree or blob reached from it, is
// not what git swarm writes there. Nothing is ever written on top of damage.
type DamagedError struct {
	Ref  string
	ID   object.Hash // the object at fault, empty if it is the ref itself
	Path string      // the path in its tree, if it is about one
	Err  error
}

func (e *DamagedError) Error() string {
	s := e.Ref
	if e.ID != "" {
		s += " (" + e.ID.Short() + ")"
	}
	if e.Path != "" {
		s += ": " + e.Path
	}
	return fmt.Sprintf("%s: damaged: %v", s, e.Err)
}

func (e *DamagedError) Unwrap() error { return e.Err }

// damage is a *DamagedError, unless err says that reading failed for a reason of
// its own: the time was up, or the system refused (no descriptors, no permission).
func damage(ref string, id object.Hash, path string, err error) error {
	var system syscall.Errno
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.As(err, &system) {
		return fmt.Errorf("read %s: %w", ref, err)
	}
	return &DamagedError{Ref: ref, ID: id, Path: path, Err: err}
}
