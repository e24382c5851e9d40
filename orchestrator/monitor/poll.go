package monitor

import (
	"context"
	"errors"
	"time"

	"github.com/git-swarm/git-swarm/orchestrator/agents"
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
	known := agents.In(p.Monitor.Repo).Changed()
	before, err := p.Monitor.look(ctx)
	if err != nil {
		return err
	}
	watch := p.Monitor.Bus.Store().Watch(p.Monitor.watchRefs(before)...)
	defer watch.Close()
	if err := p.Show(ctx, before); err != nil {
		return err
	}
	return p.awaitChange(ctx, watch, known)
}

// together is how long to wait for further refs that move with the first.
const together = 50 * time.Millisecond

// agentsEvery is how often the agents' records are looked at: what an agent asks its
// user moves no ref.
const agentsEvery = time.Second

// awaitChange waits for a ref to move, or an agent's record to change, at most for the
// interval.
func (p *Poller) awaitChange(ctx context.Context, watch *refstore.Watcher, known time.Time) error {
	for end := time.Now().Add(p.Interval); ; {
		waiting, cancel := context.WithTimeout(ctx, min(agentsEvery, time.Until(end)))
		err := watch.Wait(waiting)
		cancel()
		if err == nil {
			break
		}
		if ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
		if !agents.In(p.Monitor.Repo).Changed().Equal(known) || !time.Now().Before(end) {
			return nil
		}
	}
	moving, cancel := context.WithTimeout(ctx, together)
	defer cancel()
	for moving.Err() == nil {
		_ = watch.Wait(moving)
	}
	return ctx.Err()
}
