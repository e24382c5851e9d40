package hook

import (
	"context"
	"errors"
	"slices"
	"syscall"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// stopWaiting ends the waiter: the session is at work again.
func (h *Handler) stopWaiting() {
	if h.Input.Subagent == "" {
		h.known().StopWaiting(h.Input.Session)
	}
}

// mayWait reports whether a waiter is of use: an interactive session can be
// woken; a run that ends with its answer would be kept from ending.
func mayWait(env repo.Env, linger bool) bool {
	return env.Get("CLAUDE_CODE_ENTRYPOINT") == "cli" || linger
}

const (
	// waitSettle is how long a waiter lets the hooks of the same stop go first:
	// they may tell what has come, and then there is nothing to wake for.
	waitSettle = 1500 * time.Millisecond
	// stopTime is how long the stop hook that runs beside the waiter can take: then
	// the agent's record says what that has seen.
	stopTime = 10 * time.Second
	// waitTick is how often a waiter sees whether it is still wanted.
	waitTick = 5 * time.Second
)

// wait returns when a message has come for the session, which is then said, or
// when the waiter is no longer wanted: the session is at work again, has another
// waiter, or its process is gone.
func (h *Handler) wait(ctx context.Context, id string) error {
	if !mayWait(h.Env, h.Linger) && h.Input.Client == 0 || h.Input.Session == "" {
		return nil
	}
	id, err := h.Bus.Resolve(ctx, id)
	if err != nil {
		return err
	}
	if h.left, err = h.unseen(ctx, id); err != nil {
		return err
	}
	h.until = h.Now().Add(stopTime)
	if !h.known().BeginWaiting(h.Input.Session) {
		return nil
	}
	defer h.known().EndWaiting(h.Input.Session)
	watch := h.Bus.Store().Watch(bus.InboxRef(id))
	defer watch.Close()
	if !pause(ctx, waitSettle) {
		return nil
	}
	return h.await(ctx, id, watch)
}

// await returns once h is not wanted any more, or has woken the session.
func (h *Handler) await(ctx context.Context, id string, watch *refstore.Watcher) error {
	for h.wanted() {
		if id == bus.Orchestrator { // who watches notices what nobody can say any more
			if err := h.teller().NoticeEnds(ctx); err != nil && !errors.Is(err, refstore.ErrBusy) {
				return err
			}
		}
		woken, err := h.wake(ctx, id)
		if woken || err != nil {
			return err
		}
		tick, cancel := context.WithTimeout(ctx, waitTick)
		err = watch.Wait(tick)
		cancel()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
	}
	return nil
}

// unseen is the number of the last message that the session has not seen, 0 if it has
// seen all.
func (h *Handler) unseen(ctx context.Context, id string) (last int, err error) {
	err = h.Bus.Sync(ctx, id, func(n *bus.News) error {
		last = newest(n)
		return errLater
	})
	if errors.Is(err, errLater) {
		err = nil
	}
	return last, err
}

// newest is the number of the last message of the news, 0 for none.
func newest(n *bus.News) (last int) {
	for _, m := range n.Messages {
		last = max(last, m.Number)
	}
	return last
}

// settle corrects h.left once the stop hook is over: a note that came after that had
// looked, and before the waiter did, was there for neither, and is to wake the agent.
func (h *Handler) settle() {
	if h.until.IsZero() || h.Now().Before(h.until) {
		return
	}
	h.until = time.Time{}
	if a := h.known().Load(h.Input.Session); a != nil {
		h.left = min(h.left, a.Left)
	}
}

// wake says what has come, if a message is among it. For notes that were there when
// the agent stopped it did not go on, and is not woken either.
func (h *Handler) wake(ctx context.Context, id string) (woken bool, err error) {
	h.settle()
	err = h.Bus.Sync(ctx, id, func(n *bus.News) error {
		calls := func(m bus.Message) bool { return m.Number > h.left || h.wants(m) }
		if !slices.ContainsFunc(n.Messages, calls) || !h.wanted() {
			return errLater
		}
		woken = true
		return h.Say(Wake{n})
	})
	if errors.Is(err, errLater) {
		err = nil
	}
	return woken, err
}

// wanted reports whether this is still the session's waiter, and there is a
// session.
func (h *Handler) wanted() bool {
	if !h.known().Waiting(h.Input.Session) {
		return false
	}
	for _, pid := range []int{h.Input.PID, h.Input.Client} {
		if pid > 0 && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			return false
		}
	}
	return h.agent.Record == nil || !h.agent.Record.Over()
}

// pause reports whether ctx lasted as long.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
