package lock

import (
	"context"
	"errors"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
)

// waiter remembers since when a waiter has seen the lock unchanged, by its own
// clock.
type waiter struct {
	push  *Push
	by    string
	began time.Time
	wait  time.Duration
	nonce string
	since time.Time
	watch *refstore.Watcher // from the first wait on
	leave func()            // ends the announcement of the wait
}

func (w *waiter) close() {
	if w.watch != nil {
		w.leave()
		_ = w.watch.Close()
	}
}

// dead reports whether the holder can be passed over: its process is gone from
// this machine, or it has let a whole lease pass without a sign.
func (w *waiter) dead(s *pushState) bool {
	if processOf(s.PID, s.Process).gone() {
		return true
	}
	if s.Nonce != w.nonce {
		w.nonce, w.since = s.Nonce, time.Now()
		return false
	}
	return time.Since(w.since) > w.push.lease
}

// poll is how often a waiter looks whether the holder's process is still there;
// a change of the lock itself wakes it at once.
const poll = 200 * time.Millisecond

// next returns when it is worth trying again, or held with the time waited when
// the wait has run out.
func (w *waiter) next(ctx context.Context, held *PushHeldError) error {
	left := w.wait - time.Since(w.began)
	if left <= 0 {
		held.Waited = w.wait
		return held
	}
	if w.watch == nil { // what moves from here on is seen; what moved before, by trying again
		w.watch = w.push.bus.Store().Watch(LocksRef)
		w.leave = announce(w.push.bus, w.by)
		return nil
	}
	waiting, cancel := context.WithTimeout(ctx, min(left, poll))
	defer cancel()
	err := w.watch.Wait(waiting)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return nil
	}
	return err
}

// GrantWait is Grant that waits, up to wait, while others hold what it asks for.
// When the wait has run out it returns *TimeoutError.
func (c *Claims) GrantWait(ctx context.Context, by string, r Request, wait time.Duration) ([]Claim, error) {
	granted, err := c.Grant(ctx, by, r)
	if _, ok := IsHeld(err); !ok || wait <= 0 {
		return granted, err
	}
	waiting, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	watch := c.bus.Store().Watch(ClaimsRef)
	defer watch.Close()
	for {
		granted, err = c.Grant(ctx, by, r)
		held, ok := IsHeld(err)
		if !ok {
			return granted, err
		}
		next, cancel := waiting, context.CancelFunc(func() {})
		if r.Takeover { // a session falls silent without a sign
			next, cancel = context.WithTimeout(waiting, held.Seen.Add(c.StaleAfter+time.Second).Sub(c.bus.Store().Now()))
		}
		err := watch.Wait(next)
		cancel()
		if waiting.Err() != nil && ctx.Err() == nil {
			return nil, &TimeoutError{held, wait}
		}
		if err != nil && next.Err() == nil {
			return nil, err
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
}

// TimeoutError says that a wait has run out; Unwrap tells for what.
type TimeoutError struct {
	Held   *HeldError
	Waited time.Duration
}

func (e *TimeoutError) Error() string { return e.Held.Error() }

// Unwrap returns the *HeldError.
func (e *TimeoutError) Unwrap() error { return e.Held }

// Is makes errors.Is(err, refstore.ErrBusy) hold: trying again may help.
func (e *TimeoutError) Is(target error) bool { return target == refstore.ErrBusy }
