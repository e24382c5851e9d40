package lock

import (
	"context"
	"errors"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
)

// GrantWait is Grant, which waits while others hold what it asks for. A release
// wakes it at once. After w.Timeout it returns *TimeoutError. For a holder that has
// ended, or is stale, it does not wait: unless it takes over, it returns *HeldError.
func (c *Claims) GrantWait(ctx context.Context, by string, r Request, w Wait) ([]Claim, error) {
	granted, err := c.Grant(ctx, by, r)
	var held *HeldError
	if !errors.As(err, &held) || w.Timeout <= 0 {
		return granted, err
	}
	waiting, cancel := context.WithTimeout(ctx, w.Timeout)
	defer cancel()
	progress := newReporter(w)
	watch := c.bus.Store().Watch(ClaimsRef)
	defer watch.Close()
	for {
		// What changed before the watch was set up is seen by trying again.
		granted, err = c.Grant(ctx, by, r)
		if !errors.As(err, &held) || held.Stale {
			return granted, err
		}
		// A session ends, or becomes stale, without a change that wakes us.
		next, cancel := context.WithTimeout(waiting, lookAgain)
		err := progress.watch(next, watch, held.Claim.Session)
		cancel()
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case waiting.Err() != nil:
			return nil, &TimeoutError{held, w.Timeout}
		case err != nil && next.Err() == nil:
			return nil, err
		}
	}
}

// lookAgain is how often a holder that is silent, but there, is looked at.
const lookAgain = 2 * time.Second

// watch waits for a change, as watch.Wait does, and reports meanwhile.
func (r *reporter) watch(ctx context.Context, watch *refstore.Watcher, holder string) error {
	for {
		r.report(holder)
		if r.waiting == nil {
			return watch.Wait(ctx)
		}
		tick, cancel := context.WithDeadline(ctx, r.due)
		err := watch.Wait(tick)
		cancel()
		if err == nil || ctx.Err() != nil || tick.Err() == nil {
			return err
		}
	}
}

// TimeoutError says that a wait for claims has timed out. Unwrap returns the
// *HeldError that the last attempt met.
type TimeoutError struct {
	Held   *HeldError
	Waited time.Duration
}

func (e *TimeoutError) Error() string { return e.Held.Error() }

func (e *TimeoutError) Unwrap() error { return e.Held }

// Is makes errors.Is(err, refstore.ErrBusy) true: trying again may help.
func (e *TimeoutError) Is(target error) bool { return target == refstore.ErrBusy }
