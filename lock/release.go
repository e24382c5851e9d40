package lock

import (
	"context"
	"errors"
	"fmt"
	"maps"
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
	case name == "" || !slices.Contains([]string{claimsQueued, locksQueued, sessionsQueued}, kind+"/"):
		err = errors.New("unknown release")
	case kind+"/" == sessionsQueued:
		if id := object.Hash(s.Was); !object.SHA1.Valid(id) && !object.SHA256.Valid(id) {
			err = fmt.Errorf("%.80q is no object id", s.Was)
		}
	case s.Epoch < 1 || s.Epoch > refstore.MaxNumber:
		err = fmt.Errorf("epoch %d", s.Epoch)
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

func (c *Claims) givenBack(ctx context.Context) (givenBack, error) {
	store := c.bus.Store()
	if store.Clone() == "" {
		return nil, nil
	}
	table, err := store.Table(ctx, ReleasesRef)
	if err != nil {
		return nil, err
	}
	return givenBackIn(table)
}

func givenBackIn(queued *refstore.Table) (givenBack, error) {
	gone := givenBack{}
	var bad error
	err := queued.Below(strings.TrimSuffix(claimsQueued, "/"), func(path string, content []byte) bool {
		var s *queuedState
		if s, bad = decodeQueued(path, content); bad == nil {
			gone[strings.TrimPrefix(path, claimsQueued)] = s.Epoch
		}
		return bad == nil
	})
	return gone, errors.Join(err, bad)
}

// queueRelease is Release where the hub is out of reach.
func (c *Claims) queueRelease(ctx context.Context, by string, paths []string) error {
	return c.bus.Update(ctx, by, func(tx *refstore.Tx, by string) error {
		claims, queued, err := offline(tx)
		if err != nil {
			return err
		}
		if paths, err = c.storedAll(claims, paths); err != nil {
			return err
		}
		for _, path := range paths {
			content, err := claims.Get(path)
			if errors.Is(err, refstore.ErrNotExist) {
				return &NotHolderError{Path: path}
			}
			if err != nil {
				return err
			}
			claim, err := decodeClaim(path, content)
			if err != nil {
				return err
			}
			gone, err := givenBackIn(queued)
			switch {
			case err != nil:
				return err
			case claim.Session != by:
				return &NotHolderError{path, claim.Session}
			case gone.has(claim):
				return &NotHolderError{Path: path}
			}
			if err := putQueued(queued, claimsQueued+path, queuedState{Session: by, Epoch: claim.Epoch}); err != nil {
				return err
			}
		}
		return recordQueued(tx, by, len(paths), "claim")
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
	gone, err := givenBackIn(queued)
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
	if n == 0 {
		return nil
	}
	_, err := tx.Record(ReleasesRef, refstore.Entry{Body: fmt.Sprintf("%s gives back: %d %s", by, n, what)})
	return err
}

// Queued are the paths in the table of releases: what is given back here and is not
// delivered.
func Queued(ctx context.Context, b *bus.Bus) (paths []string, err error) {
	if b.Store().Clone() == "" {
		return nil, nil
	}
	table, err := b.Store().Table(ctx, ReleasesRef)
	if err != nil {
		return nil, err
	}
	err = table.Below("", func(path string, _ []byte) bool { paths = append(paths, path); return true })
	return paths, err
}

// Deliver gives back for all clones what was given back here while the hub was out of
// reach. Any grant or release of a claim here does so, too. also joins the transaction,
// with the sessions that are done by it.
func Deliver(ctx context.Context, b *bus.Bus, also func(tx *refstore.Tx, done []string) error) error {
	if waits, err := Queued(ctx, b); err != nil || len(waits) == 0 {
		return err
	}
	return b.Store().Update(ctx, bus.Orchestrator, func(tx *refstore.Tx) error {
		done, err := deliverIn(tx)
		if err != nil {
			return err
		}
		return also(tx, done)
	})
}

func deliverWithHub(tx *refstore.Tx) error {
	if tx.Clone() == "" {
		return nil
	}
	return DeliverIn(tx)
}

// DeliverIn is Deliver within a transaction, also of a clone that leaves its hub.
func DeliverIn(tx *refstore.Tx) error {
	_, err := deliverIn(tx)
	return err
}

func deliverIn(tx *refstore.Tx) (done []string, err error) {
	queued, err := tx.Table(ReleasesRef)
	if err != nil {
		return nil, err
	}
	chosen, err := tx.Chosen(ReleasesRef, func() (chosen []string, err error) {
		err = queued.Below("", func(path string, content []byte) bool {
			chosen = append(chosen, path+"\n"+string(content))
			return true
		})
		return chosen, err
	})
	if err != nil || len(chosen) == 0 {
		return nil, err
	}
	d := &delivery{tx: tx, claims: map[string][]string{}, kept: map[string][]string{}}
	for _, one := range chosen {
		path, content, _ := strings.Cut(one, "\n")
		if err := d.one(path, []byte(content)); err != nil {
			return nil, err
		}
		if now, err := queued.Get(path); err == nil && string(now) == content {
			err = queued.Delete(path)
			if err != nil {
				return nil, err
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(d.claims)) {
		if err := tx.As(id, func() error { return record(tx, "release", d.claims[id]) }); err != nil {
			return nil, err
		}
	}
	if err := d.tell(); err != nil {
		return nil, err
	}
	_, err = tx.Record(ReleasesRef, refstore.Entry{Body: fmt.Sprintf("delivered: %d", len(chosen))})
	return d.done, err
}

// delivery stages what was given back, so far as nothing was granted since.
type delivery struct {
	tx     *refstore.Tx
	claims map[string][]string // released, by session
	kept   map[string][]string // what has moved to another clone with its session, and stays
	done   []string            // the sessions that are, and were not before
	undone []string            // those that have moved to another clone since, and are not
}

func (d *delivery) one(path string, content []byte) error {
	s, err := decodeQueued(path, content)
	if err != nil {
		return err
	}
	kind, name, _ := strings.Cut(path, "/")
	switch kind + "/" {
	case claimsQueued:
		return d.claim(name, s)
	case locksQueued:
		return d.lock(name, s)
	}
	return d.session(name, s)
}

func (d *delivery) session(id string, s *queuedState) error {
	return d.tx.As(s.Session, func() error {
		became, err := bus.DoneIn(d.tx, id, object.Hash(s.Was), s.Note)
		if became {
			d.done = append(d.done, id)
		}
		if err != nil || became {
			return err
		}
		moved, err := bus.Elsewhere(d.tx, id)
		if err != nil || !moved {
			return err
		}
		status, err := bus.StatusIn(d.tx, id)
		if err == nil && status != bus.Done {
			d.undone = append(d.undone, id)
		}
		return err
	})
}

// tell tells the sessions that have moved meanwhile what has not become of what they said.
func (d *delivery) tell() error {
	for _, id := range slices.Sorted(maps.Keys(d.kept)) {
		if err := d.tellMoved(id, "you gave back "+strings.Join(d.kept[id], ", "), "you hold it still"); err != nil {
			return err
		}
	}
	for _, id := range d.undone {
		if err := d.tellMoved(id, "you were said to be done", "you are not"); err != nil {
			return err
		}
	}
	return nil
}

func (d *delivery) tellMoved(id, said, still string) error {
	_, err := bus.Notify(d.tx, id, fmt.Sprintf("%s in the clone '%s' while its hub was out of reach; you have moved to another since, and %s", said, d.tx.Clone(), still))
	return err
}

func (d *delivery) claim(path string, s *queuedState) error {
	table, err := d.tx.Table(ClaimsRef)
	if err != nil {
		return err
	}
	content, err := table.Get(path)
	if errors.Is(err, refstore.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	claim, err := decodeClaim(path, content)
	if err != nil || claim.Session != s.Session {
		return err
	}
	if claim.Epoch != s.Epoch {
		moved, err := bus.Elsewhere(d.tx, s.Session)
		if moved {
			d.kept[s.Session] = append(d.kept[s.Session], quote(path))
		}
		return err
	}
	d.claims[s.Session] = append(d.claims[s.Session], path)
	return table.Delete(path)
}

func (d *delivery) lock(path string, s *queuedState) error {
	lock := &PushLock{ref: LocksRef, path: path, leaseTime: HubLeaseTime}
	now, err := lock.stateIn(d.tx)
	if err != nil || now == nil || now.State != stateHeld || now.Session != s.Session || now.Epoch != s.Epoch {
		return err
	}
	now.State = stateFree
	return d.tx.As(s.Session, func() error {
		return lock.put(d.tx, fmt.Sprintf("%s: released by %s", lock.name(), s.Session), *now)
	})
}
