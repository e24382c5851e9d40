package lock

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
)

// Candidate is a session that takes the push lock when it comes free, and does
// something else meanwhile. It is for one goroutine.
type Candidate struct {
	waiter
	refs  []string  // besides the lock's, a change of which ends a Wait
	asked time.Time // a moment before the lock was taken
	epoch int
	free  map[int]time.Time // since when turns could have been taken, by their numbers
}

// Candidate returns session by as a candidate, whose Wait ends also when one of the
// refs moves. Close it.
func (p *PushLock) Candidate(by string, refs ...string) *Candidate {
	return &Candidate{waiter: waiter{lock: p, by: by}, refs: append(refs, p.ref)}
}

// Close ends the candidacy. A lock that was taken stays.
func (c *Candidate) Close() { c.close() }

// Holder returns who keeps the lock from the candidate: nil if it is free, or its
// holder is dead.
func (c *Candidate) Holder(ctx context.Context) (*PushHolder, error) {
	s, _, err := c.lock.read(ctx)
	if err != nil || s == nil || s.State == stateFree || c.dead(s) {
		return nil, err
	}
	c.free = nil
	h := s.holder()
	return &h, nil
}

// TakeIn takes the lock within a transaction, or returns *PushHeldError. Once the
// transaction has succeeded, Hold is the lease.
func (c *Candidate) TakeIn(tx *refstore.Tx, by string) (err error) {
	c.asked = time.Now()
	c.epoch, err = c.lock.takeIn(tx, by, &c.waiter)
	return err
}

// AwaitIn returns *PushHeldError within a transaction if another keeps the lock from
// the candidate.
func (c *Candidate) AwaitIn(tx *refstore.Tx) error {
	s, err := c.lock.stateIn(tx)
	if err != nil || s == nil || s.State == stateFree || c.dead(s) {
		return err
	}
	return &PushHeldError{Holder: s.holder()}
}

// PassIn takes the lock and gives it up within a transaction, or returns
// *PushHeldError: what the transaction does besides, it does while nobody else has it.
func (c *Candidate) PassIn(tx *refstore.Tx, by string) error {
	epoch, err := c.lock.takeIn(tx, by, &c.waiter)
	if err != nil {
		return err
	}
	return c.lock.put(tx, fmt.Sprintf("%s: released by %s", c.lock.name(), by), pushState{State: stateFree, Session: by, Since: tx.At(), Epoch: epoch})
}

// Hold is the lease on the lock that TakeIn has taken: as of Acquire.
func (c *Candidate) Hold(ctx context.Context) (*Lease, context.Context) {
	return c.lock.hold(ctx, c.by, c.epoch, c.asked)
}

// Wait returns nil when the lock or another of the refs has moved, and from time to
// time, since a holder that dies moves nothing. The first Wait returns at once: what
// moved before it is still to be looked at.
func (c *Candidate) Wait(ctx context.Context) error {
	if c.watch == nil {
		c.watch = c.lock.bus.Store().Watch(c.refs...)
		return nil
	}
	waiting, cancel := context.WithTimeout(ctx, poll)
	defer cancel()
	err := c.watch.Wait(waiting)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return nil
	}
	return err
}
