package lock

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// ReleasesRef is the table of what sessions of this clone have given back while its hub
// was out of reach, at the paths that begin with claimsQueued, locksQueued and
// sessionsQueued. It is this clone's own. Each names the grant that it gives back by its
// epoch: what was granted since stays.
const ReleasesRef = "refs/swarm/releases"

const (
	claimsQueued   = "claims/"   // and the path of the claim
	locksQueued    = "locks/"    // and that of the lock
	sessionsQueued = "sessions/" // and the id of a session that is done
)

type queuedState struct {
	refstore.Versioned
	Session string `toml:"session"` // whose release it is
	Epoch   int    `toml:"epoch"`   // of what it gives back; 0 for a session
	Was     string `toml:"was"`     // a session's blob as it was then, "" for the others
	Note    string `toml:"note"`    // a session's, from then on
}

func decodeQueued(path string, content []byte) (*queuedState, error) {
	var s queuedState
	err := refstore.DecodeState(content, &s)
	if err == nil {
		err = bus.CheckID(s.Session)
	}
	kind, name, _ := strings.Cut(path, "/")
	switch {
	case err != nil:
	case name == "" || !slices.Contains([]string{claimsQueued, locksQueued, sessionsQueued}, kind+"/"), kind+"/" == locksQueued && !known(name):
		err = errors.New("unknown release")
	case kind+"/" == sessionsQueued:
		if id := object.Hash(s.Was); !object.SHA1.Valid(id) && !object.SHA256.Valid(id) {
			err = fmt.Errorf("%.80q is no object id", s.Was)
		} else if s.Epoch != 0 {
			err = fmt.Errorf("epoch %d of a session", s.Epoch)
		}
	case s.Epoch < 1 || s.Epoch > refstore.MaxNumber:
		err = fmt.Errorf("epoch %d", s.Epoch)
	case s.Was != "" || s.Note != "":
		err = errors.New("a session's fields in another release")
	}
	if err != nil {
		return nil, &refstore.DamagedError{Ref: ReleasesRef, Path: path, Err: err}
	}
	return &s, nil
}

func checkQueued(path string, content []byte) error {
	_, err := decodeQueued(path, content)
	return err
}

// Away reports whether err is that the hub is out of reach, or did not answer, or that
// other clones were first for too long.
func Away(b *bus.Bus, err error) bool {
	var away *refstore.HubError
	return errors.As(err, &away) || b.Store().Clone() != "" && errors.Is(err, refstore.ErrBusy)
}

// givenBack are the epochs of the claims that are given back and not delivered, by path.
type givenBack map[string]int

func (g givenBack) has(c Claim) bool { return len(g) > 0 && g[c.Path] == c.Epoch }

// givenBack leaves out what is damaged: such a claim is held until it is released anew.
func (c *Claims) givenBack(ctx context.Context) (gone givenBack, err error) {
	store := c.bus.Store()
	if store.Clone() == "" {
		return nil, nil
	}
	table, err := store.Table(ctx, ReleasesRef)
	if err == nil {
		gone, err = givenBackIn(table, store.LeaveOut)
	}
	if store.LeaveOut(err) {
		err = nil
	}
	return gone, err
}

// nothing is what who changes a table leaves out of it.
func nothing(error) bool { return false }

// anything is what who changes the claims leaves out of what is given back: a release that
// is damaged keeps its own claim held, and nobody from another one.
func anything(error) bool { return true }

func givenBackIn(queued *refstore.Table, leaveOut func(error) bool) (givenBack, error) {
	gone := givenBack{}
	var damaged error
	err := queued.Below(strings.TrimSuffix(claimsQueued, "/"), func(path string, content []byte) bool {
		s, err := decodeQueued(path, content)
		switch {
		case err == nil:
			gone[strings.TrimPrefix(path, claimsQueued)] = s.Epoch
		case !leaveOut(err):
			damaged = err
		}
		return damaged == nil
	})
	return gone, errors.Join(err, damaged)
}

// queueRelease is Release where the hub is out of reach.
func (c *Claims) queueRelease(ctx context.Context, by string, paths []string) error {
	return c.bus.Update(ctx, by, func(tx *refstore.Tx, by string) error {
		claims, queued, err := offline(tx)
		if err != nil {
			return err
		}
		released, err := c.storedAll(claims, paths)
		if err != nil {
			return err
		}
		gone, err := givenBackIn(queued, anything)
		if err != nil {
			return err
		}
		for _, path := range released {
			claim, err := heldBy(claims, by, path)
			if err == nil && gone.has(claim) {
				err = &NotHolderError{Path: path}
			}
			if err == nil {
				err = putQueued(queued, claimsQueued+path, queuedState{Session: by, Epoch: claim.Epoch})
			}
			if err != nil {
				return err
			}
		}
		return recordQueued(tx, by, len(released), "claim")
	})
}

// queueReleaseAll is ReleaseAll where the hub is out of reach.
func (c *Claims) queueReleaseAll(ctx context.Context, by string) (released []string, err error) {
	err = c.bus.Update(ctx, by, func(tx *refstore.Tx, by string) error {
		released, err = queueAllIn(tx, by)
		return err
	})
	return released, err
}

func queueAllIn(tx *refstore.Tx, id string) (released []string, err error) {
	claims, queued, err := offline(tx)
	if err != nil {
		return nil, err
	}
	all, err := list(claims, "")
	if err != nil {
		return nil, err
	}
	gone, err := givenBackIn(queued, anything)
	if err != nil {
		return nil, err
	}
	for _, claim := range all {
		if claim.Session != id || gone.has(claim) {
			continue
		}
		released = append(released, claim.Path)
		if err := putQueued(queued, claimsQueued+claim.Path, queuedState{Session: id, Epoch: claim.Epoch}); err != nil {
			return nil, err
		}
	}
	return released, recordQueued(tx, id, len(released), "claim")
}

// QueueDone has session id be done, with that note, from when the hub is reached again,
// unless something else is said of it by then, and gives back what it claims. also joins
// the transaction. It is for where the hub is out of reach.
func QueueDone(ctx context.Context, b *bus.Bus, by, id, note string, also func(*refstore.Tx) error) (released []string, err error) {
	err = b.Update(ctx, by, func(tx *refstore.Tx, by string) error {
		if released, err = queueAllIn(tx, id); err != nil {
			return err
		}
		sessions, err := tx.ReadTable(bus.SessionsRef)
		if err != nil {
			return err
		}
		content, err := sessions.Get(id)
		if err != nil {
			return err
		}
		queued, err := tx.Table(ReleasesRef)
		if err == nil {
			err = putQueued(queued, sessionsQueued+id, queuedState{Session: by, Was: string(tx.BlobID(content)), Note: note})
		}
		if err == nil {
			err = recordQueued(tx, id, 1, "session")
		}
		if err != nil {
			return err
		}
		return also(tx)
	})
	return released, err
}

// queueRelease gives the lock up when the hub is reached again.
func (l *Lease) queueRelease(ctx context.Context) error {
	return l.lock.bus.Update(ctx, l.by, func(tx *refstore.Tx, by string) error {
		_, queued, err := offline(tx)
		if err == nil {
			err = putQueued(queued, locksQueued+l.lock.path, queuedState{Session: by, Epoch: l.epoch})
		}
		if err != nil {
			return err
		}
		return recordQueued(tx, by, 1, "lock")
	})
}

// offline has the transaction decide by the claims as they are known here, for reading,
// and returns the table of what is given back.
func offline(tx *refstore.Tx) (claims, queued *refstore.Table, err error) {
	tx.Offline()
	if claims, err = tx.ReadTable(ClaimsRef); err != nil {
		return nil, nil, err
	}
	queued, err = tx.Table(ReleasesRef)
	return claims, queued, err
}

func putQueued(queued *refstore.Table, path string, s queuedState) error {
	s.Version = refstore.FormatVersion
	content, err := refstore.EncodeState(s)
	if err != nil {
		return err
	}
	return queued.Put(path, content)
}

func recordQueued(tx *refstore.Tx, by string, n int, what string) error {
	switch n {
	case 0:
		return nil
	case 1:
	default:
		what += "s"
	}
	_, err := tx.Record(ReleasesRef, refstore.Entry{Body: fmt.Sprintf("%s gives back: %d %s", by, n, what)})
	return err
}

// Queued is how many claims and locks are given back here, and how many sessions are done,
// and that is not delivered. It leaves out what is damaged.
func Queued(ctx context.Context, b *bus.Bus) (released, done int, err error) {
	if b.Store().Clone() == "" {
		return 0, 0, nil
	}
	table, err := b.Store().Table(ctx, ReleasesRef)
	if err != nil {
		return 0, 0, err
	}
	var damaged error
	err = table.Below("", func(path string, content []byte) bool {
		switch damaged = checkQueued(path, content); {
		case b.Store().LeaveOut(damaged):
			damaged = nil
		case damaged != nil:
			return false
		case strings.HasPrefix(path, sessionsQueued):
			done++
		default:
			released++
		}
		return true
	})
	return released, done, errors.Join(err, damaged)
}
