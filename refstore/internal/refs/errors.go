package refs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/git-swarm/git-swarm/refstore/object"
)

var (
	// ErrBusy is what refstore.ErrBusy is.
	ErrBusy = errors.New("the repository is busy")

	// ErrUnfinished is what refstore.ErrUnfinished is.
	ErrUnfinished = errors.New("the change has begun and is not complete; the next command completes it")

	// ErrChanged says that a ref no longer holds what the caller read.
	ErrChanged = errors.New("ref has moved")
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
	var sound NoDamage
	if errors.As(e.Err, &sound) {
		return fmt.Sprintf("%s: %v", s, e.Err)
	}
	return fmt.Sprintf("%s: damaged: %v", s, e.Err)
}

// NoDamage is a reason within a DamagedError for which nothing is damaged.
type NoDamage string

func (e NoDamage) Error() string { return string(e) }

func (e *DamagedError) Unwrap() error { return e.Err }

// Damage is a *DamagedError, unless err says that reading failed for a reason of
// its own: the time was up, or the system refused (no descriptors, no permission).
func Damage(ref string, id object.Hash, path string, err error) error {
	var system syscall.Errno
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.As(err, &system) {
		return fmt.Errorf("read %s: %w", ref, err)
	}
	return &DamagedError{Ref: ref, ID: id, Path: path, Err: err}
}

// CheckName refuses names that git would not take, or that are not ours to write.
func CheckName(ref string) error {
	if !strings.HasPrefix(ref, "refs/swarm/") && !strings.HasPrefix(ref, "refs/notes/swarm/") && !strings.HasPrefix(ref, "refs/swarm-lost/") && !strings.HasPrefix(ref, "refs/swarm-pins/") && !strings.HasPrefix(ref, "refs/swarm-remotes/") {
		return fmt.Errorf("'%s' is not below refs/swarm/", ref)
	}
	if err := plumbing.ReferenceName(ref).Validate(); err != nil {
		return fmt.Errorf("'%s' is not a valid ref name", ref)
	}
	return nil
}
