package lock

import (
	"context"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
)

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
