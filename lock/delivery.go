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

// Deliver gives back for all clones what was given back here while the hub was out of
// reach. Any grant or release of a claim here does so, too. also joins the transaction,
// with the sessions that are done by it.
func Deliver(ctx context.Context, b *bus.Bus, also func(tx *refstore.Tx, done []string) error) error {
	if released, done, err := Queued(ctx, b); err != nil || released+done == 0 {
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
			if checkQueued(path, content) == nil { // what is damaged stays, for repair
				chosen = append(chosen, path+"\n"+string(content))
			}
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
