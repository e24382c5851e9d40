package refstore

import (
	"context"
	"os"

	"github.com/git-swarm/git-swarm/refstore/object"
)

// update moves one ref from exactly prev to next. An empty prev means that the
// ref must not exist; next is never empty, for refs are not deleted.
type update struct {
	ref        string
	prev, next object.Hash
	reflog     string // "name <email> seconds zone\treason", where a reflog is kept
}

// Ref is a ref with the commit it points at.
type Ref struct {
	Name string
	Tip  object.Hash
}

// view is the refs as they stand. A view may read lazily: what it returned for
// one ref says nothing of when another is read. Writers need no more, for commit
// compares each ref again.
type view interface {
	// tip returns the object that the ref points at, "" if there is no such ref.
	tip(ref string) (object.Hash, error)
	// list returns the refs below prefix (which ends in "/"), sorted by name.
	list(prefix string) ([]Ref, error)
}

// backend is where refs and objects are kept. There are two: files speaks git's
// own protocol in process, git asks the git command. They pass one test suite.
type backend interface {
	view(ctx context.Context) (view, error)

	// read returns an object, checked against its id.
	read(ctx context.Context, id object.Hash) (object.Object, error)

	// write stores objects. Each is whole under its name or absent.
	write(ctx context.Context, objects []object.Object) error

	// has reports whether all these objects are there.
	has(ctx context.Context, objects []object.Object) (bool, error)

	// swap moves all the refs, or none and returns errChanged or *LockedError.
	// The first update takes effect first: a kill can leave it alone in effect,
	// and so can a failure, which then is ErrUnsettled. queue is the file whose
	// lock is our turn; a process that swap starts holds it too, so that it is
	// over when the lock is free.
	swap(ctx context.Context, queue *os.File, updates []update) error

	// unlock removes lock files that a swap of these very updates left behind
	// when it was killed, and no others. Nobody may run such a swap meanwhile.
	unlock(updates []update) error

	close() error
}
