package queue

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// pin is the ref that keeps the tip a session has put.
func pin(session string) string { return refstore.PinPrefix + session }

// Entries returns the entries in the order of arrival, those that are decided and
// not yet seen among them. Damaged ones are left out: [refstore.Store.SetAside] tells.
func Entries(ctx context.Context, b *bus.Bus) ([]*Entry, error) {
	table, err := b.Store().Table(ctx, Ref)
	if err != nil {
		return nil, err
	}
	return entries(table, func(err error) error {
		if b.Store().LeaveOut(err) {
			return nil
		}
		return err
	})
}

// Find returns the session's entry, nil if it has none.
func Find(ctx context.Context, b *bus.Bus, session string) (*Entry, error) {
	table, err := b.Store().Table(ctx, Ref)
	if err != nil {
		return nil, err
	}
	return find(table, session)
}

func find(table *refstore.Table, session string) (*Entry, error) {
	content, err := table.Get(session)
	if errors.Is(err, refstore.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return decode(session, content)
}

func entries(table *refstore.Table, damaged func(error) error) (all []*Entry, err error) {
	failed := table.Below("", func(path string, content []byte) bool {
		e, bad := decode(path, content)
		if bad != nil {
			err = damaged(bad)
			return err == nil
		}
		all = append(all, e)
		return true
	})
	slices.SortFunc(all, func(a, b *Entry) int { return cmp.Compare(a.Number, b.Number) })
	return all, errors.Join(err, failed)
}

// ErrLanding says that the entry is being pushed at this moment: it may have landed.
var ErrLanding = errors.New("it is being pushed at this moment")

// ElsewhereError says that another clone has landed the entry. It is an ErrLanding that
// stays: the session's next push finds out here that it has landed.
type ElsewhereError struct{ Offer *Offer }

func (e *ElsewhereError) Error() string {
	return fmt.Sprintf("clone %s has landed it on %s already, as %.10s", e.Offer.By, e.Offer.Target, e.Offer.After)
}

func (e *ElsewhereError) Is(target error) bool { return target == ErrLanding }

// Withdraw takes the session's entry out and returns it; nil if nothing of it waits.
// The process that waits for it, if there is one, is told by that. While the entry is
// being pushed, it is ErrLanding; once another clone has landed it, *ElsewhereError.
func Withdraw(ctx context.Context, b *bus.Bus, session string) (out *Entry, err error) {
	err = b.Update(ctx, session, func(tx *refstore.Tx, by string) error {
		out = nil
		c, err := Begin(tx)
		if err != nil {
			return err
		}
		e, err := c.Find(by)
		if err != nil || e == nil || e.Decided() {
			return err
		}
		elsewhere, err := c.Elsewhere(by)
		if err != nil {
			return err
		}
		if elsewhere != nil && elsewhere.Tip == e.Tip {
			return &ElsewhereError{elsewhere}
		}
		if e.Stage == Landing || elsewhere != nil {
			return ErrLanding
		}
		if err := c.Remove(by); err != nil {
			return err
		}
		out = e
		return c.Record(by + " withdraws")
	})
	return out, err
}

// Change is the queue within a transaction. Nothing is written before Record.
type Change struct {
	tx      *refstore.Tx
	table   *refstore.Table
	changed bool

	recalled, landedOffers []string // sessions
}

// Begin is the queue as the transaction found it.
func Begin(tx *refstore.Tx) (*Change, error) {
	table, err := tx.Table(Ref)
	return &Change{tx: tx, table: table}, err
}

// Find returns the session's entry, nil if it has none.
func (c *Change) Find(session string) (*Entry, error) { return find(c.table, session) }

// Entries returns all of them in the order of arrival.
func (c *Change) Entries() ([]*Entry, error) {
	return entries(c.table, func(err error) error { return err })
}

// Put adds e at the end of the queue, or in the place of the session's own entry for the
// same target, and keeps its tip.
func (c *Change) Put(e *Entry) error {
	old, err := c.Find(e.Session)
	if err != nil {
		return err
	}
	last, err := c.tx.Last(Ref)
	if err != nil {
		return err
	}
	switch {
	case old != nil && !old.Decided() && old.Remote == e.Remote && old.Target == e.Target:
		e.Number, e.Since = old.Number, old.Since
		for _, pair := range old.Tried {
			before, next, _ := strings.Cut(pair, " ")
			e.Try(before, next)
		}
		if old.Tip == e.Tip {
			e.Base, e.Healed = old.Base, old.Healed
		}
	case last == nil:
		e.Number, e.Since = 1, c.tx.At()
	default:
		e.Number, e.Since = last.Number+1, c.tx.At()
	}
	e.Stage, e.At = Waiting, c.tx.At()
	landed, err := c.Recall(e.Session)
	if err != nil {
		return err
	}
	if landed != nil {
		landed.Note(e)
	}
	if err := c.tx.Pin(pin(e.Session), object.Hash(e.Tip)); err != nil {
		return err
	}
	return c.Set(e)
}

// Move takes an entry to another stage. What is decided no other clone lands; what one has
// landed is not refused: ErrLanding.
func (c *Change) Move(e *Entry, to Stage) error {
	if to == Landed || to == Refused {
		landed, err := c.Recall(e.Session)
		if err != nil {
			return err
		}
		if landed != nil && landed.Tip == e.Tip && to == Refused {
			return ErrLanding
		}
	}
	e.Stage, e.At = to, c.tx.At()
	return c.Set(e)
}

// Set rewrites an entry.
func (c *Change) Set(e *Entry) error {
	content, err := e.encode()
	if err == nil {
		err = e.check()
	}
	if err != nil {
		return err
	}
	c.changed = true
	return c.table.Put(e.Session, content)
}

// Remove takes the session's entry out, if it has one, also of what other clones may land.
func (c *Change) Remove(session string) error {
	e, err := c.Find(session)
	if err == nil && e != nil && !e.Decided() {
		_, err = c.Recall(session)
	}
	if err != nil {
		return err
	}
	err = c.table.Delete(session)
	if errors.Is(err, refstore.ErrNotExist) {
		return nil
	}
	c.changed = c.changed || err == nil
	return err
}

// Record commits the changes, if there are any, with what was done as the log's line.
func (c *Change) Record(what string) error {
	if err := c.recordOffers(); err != nil || !c.changed {
		return err
	}
	_, err := c.tx.Record(Ref, refstore.Entry{Body: "queue: " + what})
	return err
}
