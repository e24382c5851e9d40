package app

import (
	"context"
	"errors"
	"time"

	"github.com/git-swarm/git-swarm/orchestrator/monitor"
	"github.com/git-swarm/git-swarm/refstore"
)

// poller looks at the swarm whenever something of it moves, and at each interval.
type poller struct {
	call     *call
	monitor  *monitor.Monitor
	interval time.Duration
	prepare  func(context.Context) error                    // before each look; may be nil
	show     func(context.Context, *monitor.Snapshot) error // is given what can be known without git
	busy     func(error) time.Duration                      // how long to wait for a busy repository
}

// run polls until ctx ends, or it fails for another reason than a busy repository.
func (p *poller) run(ctx context.Context) error {
	for {
		err := p.once(ctx)
		if err == nil {
			continue
		}
		if _, _, code := p.call.format(err); code != exitAgain || ctx.Err() != nil {
			return err
		}
		if err := pause(ctx, p.busy(err)); err != nil {
			return err
		}
	}
}

// once looks, and returns when it is time for the next look. It watches before it
// looks, so that no change falls between the two.
func (p *poller) once(ctx context.Context) error {
	if p.prepare != nil {
		if err := p.prepare(ctx); err != nil {
			return err
		}
	}
	before, err := p.monitor.Look(ctx)
	if err != nil {
		return err
	}
	watch := p.call.swarm.Store().Watch(p.monitor.WatchRefs(before)...)
	defer watch.Close()
	if err := p.show(ctx, before); err != nil {
		return err
	}
	return awaitChange(ctx, watch, p.interval)
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

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
