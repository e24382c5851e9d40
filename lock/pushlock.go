package lock

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// LocksRef is the table of locks, of which there is one: "push".
const LocksRef = "refs/swarm/locks"

const pushPath = "push"

// The states of a lock. It is never absent once it was taken.
const (
	stateHeld = "held"
	stateFree = "free"
)

// LeaseTime is how long a push lock stands that nobody renews.
const LeaseTime = 30 * time.Second

// PushHolder is who has the push lock.
type PushHolder struct {
	Session string
	Host    string
	PID     int
	Since   time.Time
	Expires time.Time // by the holder's clock
	Epoch   int
}

type pushState struct {
	refstore.Versioned
	State   string    `toml:"state"`
	Session string    `toml:"session"`
	Host    string    `toml:"host"`
	PID     int       `toml:"pid"`
	Process string    `toml:"process"` // tells the process from others of the same pid
	Since   time.Time `toml:"since"`
	Expires time.Time `toml:"expires"`
	Epoch   int       `toml:"epoch"`
	Nonce   string    `toml:"nonce"` // makes any two grants different commits
}

func (s *pushState) holder() PushHolder {
	return PushHolder{s.Session, s.Host, s.PID, s.Since, s.Expires, s.Epoch}
}

// PushHeldError says that another has the push lock.
type PushHeldError struct {
	Holder PushHolder
	Waited time.Duration
}

func (e *PushHeldError) Error() string {
	return fmt.Sprintf("the push lock is held by %s", e.Holder.Session)
}

// ErrLost says that the push lock was taken from its holder meanwhile.
var ErrLost = errors.New("the push lock was lost")

// PushLock is the push lock of a repository.
type PushLock struct {
	bus   *bus.Bus
	lease time.Duration
}

// NewPushLock returns the push lock of the repository that b is on, with that lease.
func NewPushLock(b *bus.Bus, lease time.Duration) *PushLock { return &PushLock{b, lease} }

// Lease is a push lock that is held.
type Lease struct {
	push  *PushLock
	by    string
	epoch int
	stop  context.CancelFunc
	done  chan struct{}
	lost  context.CancelCauseFunc
}

// Holder returns who has the lock, nil if it is free.
func (p *PushLock) Holder(ctx context.Context) (*PushHolder, error) {
	s, _, err := p.read(ctx)
	if err != nil || s == nil || s.State == stateFree {
		return nil, err
	}
	h := s.holder()
	return &h, nil
}

func (p *PushLock) read(ctx context.Context) (*pushState, object.Hash, error) {
	store := p.bus.Store()
	tip, err := store.Tip(ctx, LocksRef)
	if err != nil || tip == "" {
		return nil, tip, err
	}
	table, err := store.TableAt(ctx, LocksRef, tip)
	if err != nil {
		return nil, tip, err
	}
	s, err := pushIn(table)
	return s, tip, err
}

// pushIn is the lock's state in the table, nil if it was never taken.
func pushIn(table *refstore.Table) (*pushState, error) {
	content, err := table.Get(pushPath)
	if errors.Is(err, refstore.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return decodePush(content)
}

func decodePush(content []byte) (*pushState, error) {
	var s pushState
	err := refstore.DecodeState(content, &s)
	if err == nil && ((s.State != stateHeld && s.State != stateFree) || s.Epoch < 1) {
		err = fmt.Errorf("state '%s' with epoch %d", s.State, s.Epoch)
	}
	if err == nil {
		err = bus.CheckID(s.Session)
	}
	if err != nil {
		return nil, &refstore.DamagedError{Ref: LocksRef, Path: pushPath, Err: err}
	}
	return &s, nil
}

// Acquire takes the lock for session by, waiting for it up to wait. It returns
// *PushHeldError when the wait has run out. The grant renews itself until it is
// released; the context that is returned with it ends, with cause ErrLost, if
// the lock is lost.
func (p *PushLock) Acquire(ctx context.Context, by string, wait time.Duration) (*Lease, context.Context, error) {
	w := &waiter{push: p, by: by, began: time.Now(), wait: wait}
	defer w.close()
	for {
		asked := time.Now()
		epoch, err := p.try(ctx, by, w)
		var held *PushHeldError
		if err == nil {
			held_, cancel := context.WithCancelCause(ctx)
			renewing, stop := context.WithCancel(held_)
			g := &Lease{push: p, by: by, epoch: epoch, stop: stop, done: make(chan struct{}), lost: cancel}
			go g.renew(renewing, asked)
			return g, held_, nil
		}
		if !errors.As(err, &held) {
			return nil, nil, err
		}
		if err := w.next(ctx, held); err != nil {
			return nil, nil, err
		}
	}
}

// try takes the lock if it is free, or its holder is dead.
func (p *PushLock) try(ctx context.Context, by string, w *waiter) (epoch int, err error) {
	err = p.bus.Update(ctx, by, func(tx *refstore.Tx, by string) error {
		table, err := tx.Table(LocksRef)
		if err != nil {
			return err
		}
		s, err := pushIn(table)
		if err != nil {
			return err
		}
		body := "push lock: held by " + by
		epoch = 1
		if s != nil {
			epoch = s.Epoch + 1
			if s.State == stateHeld {
				if !w.dead(s) {
					return &PushHeldError{Holder: s.holder()}
				}
				body += ", taken over from " + s.Session
			}
		}
		return p.put(tx, body, pushState{State: stateHeld, Session: by, Since: tx.At(), Epoch: epoch})
	})
	return epoch, err
}

// put records a state of the lock, held or free, by this process now.
func (p *PushLock) put(tx *refstore.Tx, body string, s pushState) error {
	me := self()
	host, _ := os.Hostname()
	s.Version, s.Host, s.PID, s.Process = refstore.FormatVersion, host, me.pid, me.mark()
	s.Since, s.Expires = refstore.Time(s.Since), refstore.Time(tx.At().Add(p.lease))
	s.Nonce = strconv.FormatUint(rand.Uint64(), 36)
	content, err := refstore.EncodeState(&s)
	if err != nil {
		return err
	}
	table, err := tx.Table(LocksRef)
	if err != nil {
		return err
	}
	if err := table.Put(pushPath, content); err != nil {
		return err
	}
	_, err = tx.Record(LocksRef, refstore.Entry{Body: body})
	return err
}

// change rewrites the lock if it is still this grant's, else returns ErrLost.
func (g *Lease) change(ctx context.Context, body string, edit func(*pushState)) error {
	return g.push.bus.Update(ctx, g.by, func(tx *refstore.Tx, by string) error {
		table, err := tx.Table(LocksRef)
		if err != nil {
			return err
		}
		s, err := pushIn(table)
		if err != nil {
			return err
		}
		if s == nil || s.State != stateHeld || s.Epoch != g.epoch {
			return ErrLost
		}
		edit(s)
		return g.push.put(tx, fmt.Sprintf(body, by), *s)
	})
}

// Renew extends the lease. It returns ErrLost if the lock has another holder.
func (g *Lease) Renew(ctx context.Context) error {
	return g.change(ctx, "push lock: renewed by %s", func(*pushState) {})
}

// Release gives the lock up; a lock that was lost is left alone. It works after
// the context of Acquire has ended: hand it one that has not.
func (g *Lease) Release(ctx context.Context) error {
	g.stop()
	<-g.done
	err := g.change(ctx, "push lock: released by %s", func(s *pushState) { s.State = stateFree })
	if errors.Is(err, ErrLost) {
		return nil
	}
	return err
}

// renew keeps the lease fresh until it is stopped or the lock is lost. A
// renewal that fails otherwise is tried again while the lease lasts, which
// counts from before it was written.
func (g *Lease) renew(ctx context.Context, fresh time.Time) {
	defer close(g.done)
	tick := time.NewTicker(g.push.lease / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		asked := time.Now()
		inTime, cancel := context.WithDeadline(ctx, fresh.Add(g.push.lease))
		err := g.Renew(inTime)
		cancel()
		switch {
		case err == nil:
			fresh = asked
		case ctx.Err() != nil:
			return
		case errors.Is(err, ErrLost) || time.Since(fresh) >= g.push.lease:
			g.lost(fmt.Errorf("%w: %w", ErrLost, err))
			return
		}
	}
}
