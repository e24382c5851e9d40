package refstore

import (
	"errors"
	"fmt"

	"github.com/git-swarm/git-swarm/refstore/internal/refs"
	"github.com/git-swarm/git-swarm/refstore/object"
)

var (
	// ErrBusy says that others kept a ref moving, or the store locked, for as long
	// as the caller was willing to wait. Nothing was changed.
	ErrBusy = refs.ErrBusy

	// ErrUnfinished says that a transaction could neither be completed nor undone
	// (a disk that fills up between two renames, say). Its redo log is kept, and
	// the next Update, or Recover, completes or undoes it.
	ErrUnfinished = refs.ErrUnfinished

	// ErrNotExist says that a table has nothing at a path, or a journal no such
	// number.
	ErrNotExist = errors.New("does not exist")

	// ErrVersion says that a newer git swarm wrote what was read.
	ErrVersion error = refs.NoDamage("made by a newer git swarm: upgrade")

	// ErrShallow says that a shallow clone ends in the middle of a chain.
	ErrShallow error = refs.NoDamage("the clone is shallow and ends here")

	// ErrRewound says that a ref was moved back, or aside: a commit that was read
	// in its chain is no longer there.
	ErrRewound error = refs.NoDamage("the ref was moved back: what is new since then is shown again")
)

type (
	// Ref is a ref with the commit that it points at.
	Ref = refs.Ref

	// LockedError says that a lock file of somebody else is in the way: of a git
	// that is at work, or was killed. It is ErrBusy, too.
	LockedError = refs.LockedError

	// DamagedError says that a ref, or a commit, tree or blob reached from it, is
	// not what git swarm writes there. Nothing is ever written on top of it. If it
	// wraps ErrVersion, ErrShallow or ErrRewound, that is no damage.
	DamagedError = refs.DamagedError
)

// damage is a *DamagedError, unless err says that reading failed for a reason of
// its own: the time was up, or the system refused (no descriptors, no permission).
func damage(ref string, id object.Hash, path string, err error) error {
	if errors.Is(err, errAwait) {
		return fmt.Errorf("read %s: %w", ref, err)
	}
	return refs.Damage(ref, id, path, err)
}
