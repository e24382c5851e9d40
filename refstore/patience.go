package refstore

import (
	"context"
	"sync"
	"time"
)

// patience is a context that ends with the cause ErrBusy when the time is up, as
// context.WithTimeoutCause makes it, whose timer runs from when somebody first waits. A
// timer has the runtime open its poller and wake a thread, and nearly no transaction
// waits for anything.
type patience struct {
	context.Context // the caller's
	until           time.Time

	mu    sync.Mutex
	timed context.Context // nil until somebody waits
	stop  context.CancelFunc
}

// patient is ctx for as long as Options.Timeout allows. The function returned stops the
// timer, if it runs.
func (s *Store) patient(ctx context.Context) (context.Context, context.CancelFunc) {
	p := &patience{Context: ctx, until: time.Now().Add(s.opts.Timeout)}
	return p, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.stop != nil {
			p.stop()
		}
	}
}

// arm starts the timer.
func (p *patience) arm() context.Context {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timed == nil {
		p.timed, p.stop = context.WithDeadlineCause(p.Context, p.until, ErrBusy)
	}
	return p.timed
}

func (p *patience) Deadline() (time.Time, bool) {
	if before, ok := p.Context.Deadline(); ok && before.Before(p.until) {
		return before, true
	}
	return p.until, true
}

func (p *patience) Done() <-chan struct{} { return p.arm().Done() }

func (p *patience) Err() error {
	if time.Now().Before(p.until) {
		return p.Context.Err()
	}
	return p.arm().Err()
}

// Value is also how context.Cause finds the cause.
func (p *patience) Value(key any) any { return p.arm().Value(key) }
