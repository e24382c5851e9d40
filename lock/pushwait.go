package lock

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
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
	leave    func()            // ends the announcement of the wait
}

func (w *waiter) close() {
	if w.watch != nil {
		w.leave()
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
		w.watch = w.lock.bus.Store().Watch(LocksRef)
		w.leave = announce(w.lock.bus, w.by)
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

// waitPrefix begins the names of the files that waiters for the push lock keep
// locked with flock, in the folder swarm of the common git dir. They only serve
// to show who waits: the push lock does not depend on them, and the kernel unlocks
// them when a waiter's process ends.
const waitPrefix = "waiting-"

// announce lets others see that session id waits, until the function returned is
// called or the process ends. A failure only means that the wait is not shown.
func announce(b *bus.Bus, id string) func() {
	path := filepath.Join(b.Store().Repo().CommonDir, "swarm", waitPrefix+id)
	unlock, err := file.TryLockPath(path)
	if err != nil {
		return func() {}
	}
	return func() {
		_ = os.Remove(path)
		unlock()
	}
}

// Waiters returns the sessions that wait for the push lock on this machine.
func (p *PushLock) Waiters() []string {
	paths, _ := filepath.Glob(filepath.Join(p.bus.Store().Repo().CommonDir, "swarm", waitPrefix+"*"))
	var ids []string
	for _, path := range paths {
		if file.Locked(path) {
			ids = append(ids, strings.TrimPrefix(filepath.Base(path), waitPrefix))
		}
	}
	slices.Sort(ids)
	return ids
}
