package lock

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// waiter remembers since when a waiter has seen the lock unchanged, by its own
// clock.
type waiter struct {
	push  *PushLock
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

// waitPrefix begins the names of the files that waiters for the push lock hold
// locked, in the folder swarm of the common git dir. They are for showing only:
// the lock knows nothing of its waiters, and the kernel forgets them when they end.
const waitPrefix = "waiting-"

// announce lets others see that session id waits, until the function returned is
// called or the process ends. What goes wrong with it does not matter.
func announce(b *bus.Bus, id string) func() {
	path := filepath.Join(b.Store().Repo().CommonDir, "swarm", waitPrefix+id)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return func() {}
	}
	if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		_ = f.Close()
		return func() {}
	}
	return func() {
		_ = os.Remove(path)
		_ = f.Close()
	}
}

// Waiters lists the sessions that wait for the push lock on this machine.
func (p *PushLock) Waiters() []string {
	paths, _ := filepath.Glob(filepath.Join(p.bus.Store().Repo().CommonDir, "swarm", waitPrefix+"*"))
	var ids []string
	for _, path := range paths {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			continue
		}
		if errors.Is(syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB), syscall.EWOULDBLOCK) {
			ids = append(ids, strings.TrimPrefix(filepath.Base(path), waitPrefix))
		}
		_ = f.Close()
	}
	slices.Sort(ids)
	return ids
}
