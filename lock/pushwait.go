package lock

import (
	"context"
	"errors"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/file"
)

// waiter is one Acquire that may have to wait. It remembers since when it has
// seen the lock unchanged, by its own clock.
type waiter struct {
	lock     *PushLock
	by       string
	wait     Wait
	progress *reporter
	nonce    string            // of the state of the lock seen last
	since    time.Time         // when that was first seen
	watch    *refstore.Watcher // from the first wait on
}

func (w *waiter) close() {
	if w.watch != nil {
		_ = w.watch.Close()
	}
}

// dead reports whether the lock can be taken from its holder: the holder's
// process has ended on this machine, or the lock has stood unchanged for a whole
// lease.
func (w *waiter) dead(s *pushState) bool {
	if file.ProcessGone(s.PID, s.Process) {
		return true
	}
	if s.Nonce != w.nonce {
		w.nonce, w.since = s.Nonce, time.Now()
		return false
	}
	return time.Since(w.since) > w.lock.leaseTime
}

// poll is how often a waiter checks whether the holder's process still runs; a
// change of the lock itself wakes it at once.
const poll = 200 * time.Millisecond

// next returns nil when it is time to try again, and held, with the time waited,
// when the wait has timed out.
func (w *waiter) next(ctx context.Context, held *PushHeldError) error {
	left := w.wait.Timeout - time.Since(w.progress.began)
	if left <= 0 {
		held.Waited = w.wait.Timeout
		return held
	}
	if w.watch == nil { // later changes wake us; to see earlier ones, try once more
		w.watch = w.lock.bus.Store().Watch(w.lock.ref)
		return nil
	}
	w.progress.report(held.Holder.Session)
	waiting, cancel := context.WithTimeout(ctx, min(left, poll))
	defer cancel()
	err := w.watch.Wait(waiting)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return nil
	}
	return err
}
