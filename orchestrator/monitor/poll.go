package monitor

import (
	"context"
	"errors"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
)

// Poller shows the swarm anew whenever something of it moves, and at each
// interval.
type Poller struct {
	Monitor  *Monitor
	Interval time.Duration

	// Prepare is called before each look; it may be nil.
	Prepare func(context.Context) error
	// Show is given what can be known without git. What changes from then on is
	// shown in the next call.
	Show func(context.Context, *Snapshot) error
	// Again reports whether to look again after this error, and in how long.
	Again func(error) (time.Duration, bool)
}

// Run polls until ctx ends, or until an error after which it should not look again.
// Its error is never nil.
func (p *Poller) Run(ctx context.Context) error {
	for {
		err := p.once(ctx)
		if err == nil {
			continue
		}
		if ctx.Err() != nil {
			return err
		}
		wait, again := p.Again(err)
		if !again {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// once looks, and returns when it is time for the next look. It watches before it
// looks, so that no change falls between the two.
func (p *Poller) once(ctx context.Context) error {
	if p.Prepare != nil {
		if err := p.Prepare(ctx); err != nil {
			return err
		}
	}
	before, err := p.Monitor.look(ctx)
	if err != nil {
		return err
	}
	watch := p.Monitor.Bus.Store().Watch(p.Monitor.watchRefs(before)...)
	defer watch.Close()
	if err := p.Show(ctx, before); err != nil {
		return err
	}
	return awaitChange(ctx, watch, p.Interval)
}

// together is how long to wait for further refs that move with the first.
const together = 50 * time.Millisecond

// awaitChange waits for a ref to move, at most for the interval.
func awaitChange(ctx context.Context, watch *refstore.Watcher, interval time.Duration) error {
	waiting, cancel := context.WithTimeout(ctx, interval)
	defer cancel()
	if err := watch.Wait(waiting); err != nil {
		if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
			return nil
		}
		return err
	}
	moving, cancel := context.WithTimeout(ctx, together)
	defer cancel()
	for moving.Err() == nil {
		_ = watch.Wait(moving)
	}
	return ctx.Err()
}
