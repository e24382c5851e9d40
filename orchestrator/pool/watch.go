package pool

import (
	"context"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/lock/task"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// watch wakes the supervisor when one of its refs moves.
type watch struct {
	refs    string
	watcher *refstore.Watcher
	stop    context.CancelFunc
	gone    chan struct{}
}

// close may be called of nil.
func (w *watch) close() {
	if w == nil {
		return
	}
	w.stop()
	<-w.gone
	_ = w.watcher.Close()
}

// watchAnew sees to it that the refs that matter now are watched. It reports whether
// that has changed.
func (s *supervisor) watchAnew() bool {
	refs := []string{task.Ref, lock.ClaimsRef, bus.SessionsRef}
	for _, j := range s.byAge() {
		if j.state == waits {
			refs = append(refs, bus.InboxRef(j.rec.Session))
		}
	}
	names := ""
	for _, ref := range refs {
		names += ref + "\n"
	}
	if s.watch != nil && s.watch.refs == names {
		return false
	}
	s.watch.close()
	ctx, stop := context.WithCancel(context.Background())
	w := &watch{refs: names, watcher: s.bus().Store().Watch(refs...), stop: stop, gone: make(chan struct{})}
	s.watch = w
	go func() {
		defer close(w.gone)
		for w.watcher.Wait(ctx) == nil {
			select {
			case s.woken <- struct{}{}:
			default: // it is awake already
			}
		}
	}()
	return true
}
