package lock

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// LocksRef is the table of locks: "push", and one for each target's conductor.
const LocksRef = "refs/swarm/locks"

// ConductorsRef is the table of the conductors' locks in a clone that has a hub: they
// are that clone's own there, as its queue is.
const ConductorsRef = "refs/swarm/conductors"

const pushPath = "push"

// conductorPrefix begins the paths of the locks of those who land what waits for a
// target, which follows: one name, with '%' and '/' as in a URL.
const conductorPrefix = "conductor/"

// The states of the lock. Once it was taken, it is always one of the two.
const (
	stateHeld = "held"
	stateFree = "free"
)

// LeaseTime is how long a push lock is valid without a renewal.
const LeaseTime = 30 * time.Second

// HubLeaseTime is LeaseTime where each renewal goes to a hub.
const HubLeaseTime = 2 * time.Minute

// PushHolder is who holds the push lock.
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
	Process string    `toml:"process"` // a mark that tells it from later processes of the same pid
	Since   time.Time `toml:"since"`
	Expires time.Time `toml:"expires"`
	Epoch   int       `toml:"epoch"`
	Nonce   string    `toml:"nonce"` // makes any two states of the lock differ
}

func (s *pushState) holder() PushHolder {
	return PushHolder{s.Session, s.Host, s.PID, s.Since, s.Expires, s.Epoch}
}

// PushHeldError says that another session holds the push lock.
type PushHeldError struct {
	Holder PushHolder
	Waited time.Duration
	Next   bool // nobody holds it: it is to be the holder's first, in another clone
}

func (e *PushHeldError) Error() string {
	if e.Next {
		return fmt.Sprintf("%s of another clone is to land first", e.Holder.Session)
	}
	return fmt.Sprintf("%s is landing", e.Holder.Session)
}

// ErrLost says that another session has taken the lock over from this one.
var ErrLost = errors.New("the lock was lost to another session")

// PushLock is the push lock of a repository, or the lock of a target's conductor.
type PushLock struct {
	bus       *bus.Bus
	leaseTime time.Duration
	ref       string // of the table that it is in
	path      string
}

// NewPushLock returns the push lock of the repository that b is on, with that
// lease time.
func NewPushLock(b *bus.Bus, leaseTime time.Duration) *PushLock {
	return &PushLock{b, leaseTime, LocksRef, pushPath}
}

// Conductor is the lock of whoever lands what waits for a target, a remote's name and
// a branch with a slash between. It has the lease time of p, and is held for as long
// as that takes, while the push lock is held only to push. With a hub it is this
// clone's own, has the lease time of a lock without one, and costs no call.
func (p *PushLock) Conductor(target string) *PushLock {
	if p.bus.Store().Clone() != "" {
		return &PushLock{p.bus, LeaseTime, ConductorsRef, conductorPath(target)}
	}
	return p.Verifier(target)
}

// Verifier is, with a hub, the lock of the clone that has the verify command run for a
// target, which no other clone lands on meanwhile.
func (p *PushLock) Verifier(target string) *PushLock {
	return &PushLock{p.bus, p.leaseTime, LocksRef, conductorPath(target)}
}

func conductorPath(target string) string {
	return conductorPrefix + strings.NewReplacer("%", "%25", "/", "%2F").Replace(target)
}

// LeaseTime is how long the lock is valid without a renewal.
func (p *PushLock) LeaseTime() time.Duration { return p.leaseTime }

// name is what the lock is called in the table's log.
func (p *PushLock) name() string {
	target, ok := strings.CutPrefix(p.path, conductorPrefix)
	if !ok {
		return "push lock"
	}
	return "conductor for " + strings.ToValidUTF8(targetOf(target), "\ufffd")
}

// targetOf is the target of which that is in a path.
func targetOf(escaped string) string {
	return strings.NewReplacer("%2F", "/", "%25", "%").Replace(escaped)
}

// known reports whether a lock can have that path.
func known(path string) bool {
	target, ok := strings.CutPrefix(path, conductorPrefix)
	return path == pushPath || ok && target != "" && !strings.Contains(target, "/")
}

// PushLockOf is the push lock with the lease time that is right for the repository.
func PushLockOf(b *bus.Bus) *PushLock {
	if b.Store().Clone() != "" {
		return NewPushLock(b, HubLeaseTime)
	}
	return NewPushLock(b, LeaseTime)
}

// Lease is the push lock in the hands of this process.
type Lease struct {
	lock  *PushLock
	by    string
	epoch int
	stop  context.CancelFunc      // ends the renewing
	done  chan struct{}           // closed when that has ended
	lost  context.CancelCauseFunc // cancels the context that Acquire returned
}

// Holder returns who holds the lock, nil if it is free.
func (p *PushLock) Holder(ctx context.Context) (*PushHolder, error) {
	s, _, err := p.read(ctx)
	if err != nil || s == nil || s.State == stateFree {
		return nil, err
	}
	h := s.holder()
	return &h, nil
}

// Landing returns who is landing: a conductor, else the holder of the push lock; nil if
// there is neither.
func (p *PushLock) Landing(ctx context.Context) (*PushHolder, error) {
	refs := []string{LocksRef}
	if p.bus.Store().Clone() != "" {
		refs = []string{ConductorsRef, LocksRef}
	}
	for _, ref := range refs {
		table, err := p.bus.Store().Table(ctx, ref)
		if err != nil {
			return nil, err
		}
		all, err := locksIn(ref, table)
		if err != nil {
			return nil, err
		}
		for _, path := range slices.Sorted(maps.Keys(all)) { // "push" comes last
			if s := all[path]; s.State == stateHeld {
				h := s.holder()
				return &h, nil
			}
		}
	}
	return nil, nil
}

func (p *PushLock) read(ctx context.Context) (*pushState, object.Hash, error) {
	store := p.bus.Store()
	tip, err := store.Tip(ctx, p.ref)
	if err != nil || tip == "" {
		return nil, tip, err
	}
	table, err := store.TableAt(ctx, p.ref, tip)
	if err != nil {
		return nil, tip, err
	}
	s, err := p.in(table)
	return s, tip, err
}

// in returns the lock's state in the table, nil if it was never taken.
func (p *PushLock) in(table *refstore.Table) (*pushState, error) {
	content, err := table.Get(p.path)
	if errors.Is(err, refstore.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return decodePush(p.ref, p.path, content)
}

func decodePush(ref, path string, content []byte) (*pushState, error) {
	var s pushState
	err := refstore.DecodeState(content, &s)
	if err == nil && ((s.State != stateHeld && s.State != stateFree) || s.Epoch < 1 || s.Epoch > refstore.MaxNumber) {
		err = fmt.Errorf("state '%s' with epoch %d", s.State, s.Epoch)
	}
	if err == nil {
		err = bus.CheckID(s.Session)
	}
	if err != nil {
		return nil, &refstore.DamagedError{Ref: ref, Path: path, Err: err}
	}
	return &s, nil
}

// Acquire takes the lock for session by. While another holds it, Acquire waits;
// after w.Timeout it returns *PushHeldError. The lease renews itself until it is
// released; the context returned with it is cancelled, with cause ErrLost, if the
// lock is lost.
func (p *PushLock) Acquire(ctx context.Context, by string, w Wait) (*Lease, context.Context, error) {
	waiter := &waiter{lock: p, by: by, wait: w, progress: newReporter(w)}
	defer waiter.close()
	for {
		asked := time.Now()
		epoch, err := p.try(ctx, by, waiter)
		if err == nil {
			lease, held := p.hold(ctx, by, epoch, asked)
			return lease, held, nil
		}
		var held *PushHeldError
		if !errors.As(err, &held) {
			return nil, nil, err
		}
		if err := waiter.next(ctx, held); err != nil {
			return nil, nil, err
		}
	}
}

// hold begins to renew the lock, taken with that epoch after asked.
func (p *PushLock) hold(ctx context.Context, by string, epoch int, asked time.Time) (*Lease, context.Context) {
	held, lost := context.WithCancelCause(ctx)
	renewing, stop := context.WithCancel(held)
	l := &Lease{lock: p, by: by, epoch: epoch, stop: stop, done: make(chan struct{}), lost: lost}
	go l.renew(renewing, asked)
	return l, held
}

// try takes the lock if it is free or its holder is dead, else returns
// *PushHeldError.
func (p *PushLock) try(ctx context.Context, by string, w *waiter) (epoch int, err error) {
	err = p.bus.Update(ctx, by, func(tx *refstore.Tx, by string) (err error) {
		epoch, err = p.takeIn(tx, by, w)
		return err
	})
	return epoch, err
}

// takeIn is try within a transaction.
func (p *PushLock) takeIn(tx *refstore.Tx, by string, w *waiter) (epoch int, err error) {
	s, err := p.stateIn(tx)
	if err != nil {
		return 0, err
	}
	body := p.name() + ": held by " + by
	epoch = 1
	if s != nil {
		epoch = s.Epoch + 1
		if s.State == stateHeld {
			if !w.dead(s) {
				return 0, &PushHeldError{Holder: s.holder()}
			}
			body += ", taken over from " + s.Session
		}
	}
	if epoch > refstore.MaxNumber {
		return 0, &refstore.DamagedError{Ref: p.ref, Path: p.path, Err: errors.New("the epochs are used up")}
	}
	return epoch, p.put(tx, body, pushState{State: stateHeld, Session: by, Since: tx.At(), Epoch: epoch})
}

// stateIn returns the lock's state within a transaction, nil if it was never taken.
// One whose epoch does not follow on that of its parent was not written by git
// swarm: nothing is built upon it.
func (p *PushLock) stateIn(tx *refstore.Tx) (*pushState, error) {
	table, err := tx.Table(p.ref)
	if err != nil {
		return nil, err
	}
	s, err := p.in(table)
	if err != nil || s == nil {
		return nil, err
	}
	last, err := tx.Last(p.ref)
	if err != nil {
		return nil, err
	}
	below, table, err := tx.Below(p.ref)
	if err != nil || below == nil {
		return s, err
	}
	was, err := p.in(table)
	var damaged *refstore.DamagedError
	if errors.As(err, &damaged) || was == nil { // an older git swarm has built upon it: the tip is what counts
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	return s, p.follows(last, s, below, was)
}

// put records a state of the lock, held or free, by this process now.
func (p *PushLock) put(tx *refstore.Tx, body string, s pushState) error {
	host, _ := os.Hostname()
	s.Version, s.Host, s.PID, s.Process = refstore.FormatVersion, host, os.Getpid(), file.ProcessMark(os.Getpid())
	s.Since, s.Expires = refstore.Time(s.Since), refstore.Time(tx.At().Add(p.leaseTime))
	s.Nonce = strconv.FormatUint(rand.Uint64(), 36)
	content, err := refstore.EncodeState(&s)
	if err != nil {
		return err
	}
	table, err := tx.Table(p.ref)
	if err != nil {
		return err
	}
	if err := table.Put(p.path, content); err != nil {
		return err
	}
	_, err = tx.Record(p.ref, refstore.Entry{Body: body})
	return err
}

// change rewrites the lock if it is still held under this lease, else returns
// ErrLost. also, if not nil, joins the transaction.
func (l *Lease) change(ctx context.Context, what string, edit func(*pushState), also func(*refstore.Tx) error) error {
	return l.lock.bus.Update(ctx, l.by, func(tx *refstore.Tx, by string) error {
		if err := l.changeIn(tx, by, what, edit); err != nil || also == nil {
			return err
		}
		return also(tx)
	})
}

// changeIn is change within a transaction.
func (l *Lease) changeIn(tx *refstore.Tx, by, what string, edit func(*pushState)) error {
	s, err := l.lock.stateIn(tx)
	if err != nil {
		return err
	}
	if s == nil || s.State != stateHeld || s.Epoch != l.epoch {
		return ErrLost
	}
	edit(s)
	return l.lock.put(tx, fmt.Sprintf("%s: %s by %s", l.lock.name(), what, by), *s)
}

// Renew extends the lease. It returns ErrLost if the lock has another holder.
func (l *Lease) Renew(ctx context.Context) error { return l.RenewWith(ctx, nil) }

// RenewWith is Renew in one transaction with also: what that stages is written only
// while this lease holds the lock.
func (l *Lease) RenewWith(ctx context.Context, also func(*refstore.Tx) error) error {
	return l.change(ctx, "renewed", func(*pushState) {}, also)
}

// RenewIn is Renew within a transaction.
func (l *Lease) RenewIn(tx *refstore.Tx) error {
	return l.changeIn(tx, l.by, "renewed", func(*pushState) {})
}

// Release gives the lock up. A lock that was lost meanwhile is left alone, and is
// no error. ctx need not be the one that Acquire returned, which may have ended. Where
// the hub is out of reach, the lock is given up when that is reached again, if nobody
// has taken it by then.
func (l *Lease) Release(ctx context.Context) error {
	err := l.ReleaseWith(ctx, nil)
	switch {
	case errors.Is(err, ErrLost):
		return nil
	case Away(l.lock.bus, err) && l.lock.ref == LocksRef:
		return l.queueRelease(ctx)
	}
	return err
}

// ReleaseWith is Release in one transaction with also. If the lock was lost, it
// returns ErrLost, and nothing is written.
func (l *Lease) ReleaseWith(ctx context.Context, also func(*refstore.Tx) error) error {
	l.End()
	return l.change(ctx, "released", func(s *pushState) { s.State = stateFree }, also)
}

// End ends the renewing, and nothing else: a transaction with ReleaseIn is to follow.
func (l *Lease) End() {
	l.stop()
	<-l.done
}

// YieldIn gives the lock up within a transaction, or returns ErrLost: what else the
// transaction does, it does while nobody else has the lock.
func (l *Lease) YieldIn(tx *refstore.Tx) error {
	return l.changeIn(tx, l.by, "released", func(s *pushState) { s.State = stateFree })
}

// ReleaseIn is YieldIn that leaves a lock alone that was lost.
func (l *Lease) ReleaseIn(tx *refstore.Tx) error {
	err := l.YieldIn(tx)
	if errors.Is(err, ErrLost) {
		return nil
	}
	return err
}

// renew renews the lease every third of its time, until it is stopped or the lock
// is lost. A renewal that fails for another reason is tried again as long as the
// lease lasts, counted from fresh, a moment before the last renewal was written.
func (l *Lease) renew(ctx context.Context, fresh time.Time) {
	defer close(l.done)
	tick := time.NewTicker(l.lock.leaseTime / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		asked := time.Now()
		inTime, cancel := context.WithDeadline(ctx, fresh.Add(l.lock.leaseTime))
		err := l.Renew(inTime)
		cancel()
		switch {
		case err == nil:
			fresh = asked
		case ctx.Err() != nil:
			return
		case errors.Is(err, ErrLost) || time.Since(fresh) >= l.lock.leaseTime:
			l.lost(fmt.Errorf("%w: %w", ErrLost, err))
			return
		}
	}
}
