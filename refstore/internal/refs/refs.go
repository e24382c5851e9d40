package refs

import (
	"context"
	"os"

	"github.com/git-swarm/git-swarm/refstore/object"
)

// Update moves one ref from exactly Prev to Next. An empty Prev means that the ref
// must not exist; Next is never empty, for refs are not deleted.
type Update struct {
	Ref        string
	Prev, Next object.Hash
	Reflog     string // "name <email> seconds zone\treason", where a reflog is kept
}

// Ref is a ref with the commit it points at.
type Ref struct {
	Name string
	Tip  object.Hash
}

// View is the refs as they stand. A view may read lazily: what it returned for
// one ref says nothing of when another is read. Writers need no more, for Swap
// compares each ref again.
type View interface {
	// Tip returns the object that the ref points at, "" if there is no such ref.
	Tip(ref string) (object.Hash, error)
	// List returns the refs below prefix (which ends in "/"), sorted by name.
	List(prefix string) ([]Ref, error)
}

// Backend is where refs and objects are kept. There are two: Files speaks git's
// own protocol in process, Git asks the git command. They pass one test suite.
type Backend interface {
	View(ctx context.Context) (View, error)

	// Read returns an object, checked against its id.
	Read(ctx context.Context, id object.Hash) (object.Object, error)

	// Write stores objects. Each is whole under its name or absent.
	Write(ctx context.Context, objects []object.Object) error

	// Has reports whether all these objects are there.
	Has(ctx context.Context, objects []object.Object) (bool, error)

	// Swap moves all the refs, or none and returns ErrChanged or *LockedError. The
	// first update takes effect first: a process that is killed, or a failure, can
	// leave it moved and the others not; a failure is then ErrUnfinished. queue is
	// the file whose lock is our turn: a process that Swap starts inherits it, so
	// that the lock is free only when that process has ended.
	Swap(ctx context.Context, queue *os.File, updates []Update) error

	// Unlock removes lock files that a Swap of these very updates left behind when
	// it was killed, and no others. Nobody may run such a Swap meanwhile.
	Unlock(updates []Update) error

	Close() error
}
