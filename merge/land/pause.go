package land

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/lock/queue"
)

// Position is where a push stands in the queue.
type Position struct {
	Waited    time.Duration
	Holder    string        // the target's conductor, "" if there is none at this moment
	Before    int           // how many entries for the same target are before it
	Verifying []string      // the sessions whose work the verify command runs on
	For       time.Duration // for how long it has
	Landing   []string      // the sessions whose work is being pushed
}

// pause waits until the queue or the lock may have moved. It fails when the queue has
// stood still, or the push has waited, for too long.
func (t *turn) pause(ctx context.Context, now *queue.Entry) error {
	holder, err := t.candidate.Holder(ctx)
	if err != nil {
		return err
	}
	tip, err := t.Bus.Store().Tip(ctx, queue.Ref)
	if err != nil {
		return err
	}
	all, err := queue.Entries(ctx, t.Bus)
	if err != nil {
		return err
	}
	where := t.position(now, all, holder)
	if tip := string(tip); tip != t.seen || len(where.Verifying) > 0 {
		t.seen, t.moved = tip, time.Now()
	}
	left := t.wait.Timeout - time.Since(t.moved)
	if t.MaxWait > 0 {
		left = min(left, t.MaxWait-time.Since(t.began))
	}
	if left <= 0 || t.wait.Timeout == 0 {
		switch {
		case t.lost:
			return lock.ErrLost
		case holder != nil:
			return &lock.PushHeldError{Holder: *holder, Waited: t.wait.Timeout}
		}
		return nil // it is free
	}
	t.report(where)
	waiting, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	if err := t.candidate.Wait(waiting); !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
		return err
	}
	return nil
}

func (t *turn) position(now *queue.Entry, all []*queue.Entry, holder *lock.PushHolder) Position {
	where := Position{Waited: time.Since(t.began)}
	if holder == nil { // what it was at is to be done again
		all = slices.DeleteFunc(all, func(e *queue.Entry) bool { return e.Number >= now.Number })
	} else {
		where.Holder = holder.Session
	}
	for _, e := range all {
		switch {
		case e.Decided() || e.Remote != now.Remote || e.Target != now.Target:
			continue
		case holder != nil && e.Stage == queue.Verifying:
			where.Verifying = append(where.Verifying, e.Session)
			where.For = max(where.For, t.Bus.Store().Now().Sub(e.At))
		case holder != nil && e.Stage == queue.Landing:
			where.Landing = append(where.Landing, e.Session)
		}
		if e.Number < now.Number {
			where.Before++
		}
	}
	return where
}

// report tells of the wait, at most once a second.
func (t *turn) report(where Position) {
	now := time.Now()
	if now.Before(t.due) {
		return
	}
	t.due = t.began.Add(now.Sub(t.began).Truncate(time.Second) + time.Second)
	if t.wait.Waiting != nil && where.Holder != "" {
		t.wait.Waiting(where.Holder, where.Waited)
	}
	if t.Where != nil {
		t.Where(where)
	}
}
