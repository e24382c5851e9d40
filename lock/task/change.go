package task

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// mine is the task n that the plan's session has; for 0 whichever it has.
func (p *plan) mine(n int) (*Task, error) {
	if n != 0 {
		t, err := p.task(n)
		if err == nil && t.Holder != p.by {
			refused := &NotHolderError{Number: n, Holder: t.Holder}
			if !t.Ended.IsZero() {
				refused.Ended = t.State
			}
			err = refused
		}
		return t, err
	}
	t, err := p.heldBy(p.by)
	if err == nil && t == nil {
		err = &NotHolderError{}
	}
	return t, err
}

// Give gives a task back, 0 for whichever the session has: it is ready again.
func (b *Backlog) Give(ctx context.Context, by string, n int, why string) (t *Task, err error) {
	err = b.change(ctx, by, func(p *plan) (string, error) {
		if t, err = p.mine(n); err != nil {
			return "", err
		}
		p.release(t)
		t.Why = line(why, maxWhy)
		return because(fmt.Sprintf("#%d given back by %s", t.Number, p.by), why), p.rest(t)
	})
	return t, err
}

// Retire gives back, within the transaction that retires a session, the task that it has;
// nil if it has none.
func Retire(tx *refstore.Tx, session string) (*Task, error) {
	p, err := begin(tx, session)
	if err != nil {
		return nil, err
	}
	t, err := p.heldBy(session)
	if err != nil || t == nil {
		return nil, err
	}
	p.release(t)
	t.Why = line(session+" is retired", maxWhy)
	if err := p.rest(t); err != nil {
		return nil, err
	}
	return t, p.record(fmt.Sprintf("#%d given back: %s", t.Number, t.Why))
}

func because(what, why string) string {
	if why = line(why, maxWhy); why != "" {
		return what + ": " + why
	}
	return what
}

// Fail says that the session has tried a task in vain.
func (b *Backlog) Fail(ctx context.Context, by string, n int, why string) (t *Task, err error) {
	if strings.TrimSpace(why) == "" {
		return nil, bus.Inputf("the reason is empty")
	}
	err = b.change(ctx, by, func(p *plan) (string, error) {
		if t, err = p.mine(n); err != nil {
			return "", err
		}
		p.release(t)
		p.end(t, Failed, why)
		t.Tries++
		return because(fmt.Sprintf("#%d failed, by %s", t.Number, p.by), why), nil
	})
	return t, err
}

func (p *plan) end(t *Task, s State, why string) {
	t.State, t.Ended, t.Why = s, refstore.Time(p.tx.At()), line(why, maxWhy)
	p.touch(t)
}

// KeepOpen says whether the session's task, if it has one, stays taken when commits of
// it land, because they are a part of it. It writes only where that changes something.
func (b *Backlog) KeepOpen(ctx context.Context, by string, part bool) (*Task, error) {
	mine, err := b.Held(ctx, by)
	if err != nil || mine == nil || mine.Part == part {
		return mine, err
	}
	err = b.change(ctx, by, func(p *plan) (string, error) {
		t, err := p.mine(mine.Number)
		if err != nil {
			return "", err
		}
		t.Part = part
		p.touch(t)
		mine = t
		if part {
			return fmt.Sprintf("#%d: %s lands a part of it", t.Number, p.by), nil
		}
		return fmt.Sprintf("#%d: %s lands the rest of it", t.Number, p.by), nil
	})
	return mine, err
}

// Done says that there is nothing more to do for a task, 0 for whichever the session
// has. If something of it is still to land it lands with that; else it has landed now.
// ready are the tasks that have become ready by it.
func (b *Backlog) Done(ctx context.Context, by string, n int, unlanded bool) (t *Task, ready []*Task, err error) {
	err = b.change(ctx, by, func(p *plan) (string, error) {
		if t, err = p.mine(n); err != nil {
			return "", err
		}
		if unlanded {
			if !t.Part {
				return "", nil
			}
			t.Part = false
			p.touch(t)
			return fmt.Sprintf("#%d: %s lands the rest of it", t.Number, p.by), nil
		}
		p.release(t)
		p.end(t, Landed, "")
		if ready, _, err = p.settle(); err != nil {
			return "", err
		}
		return fmt.Sprintf("#%d done by %s: %s", t.Number, p.by, t.Title) + readyLines(ready), nil
	})
	return t, ready, err
}

func readyLines(ready []*Task) string {
	var b strings.Builder
	sep := "\n\n"
	for _, t := range ready[:min(len(ready), maxDiary)] {
		fmt.Fprintf(&b, "%s#%d is ready: %s", sep, t.Number, t.Title)
		sep = "\n"
	}
	return b.String()
}

// Drop says that nobody is to do the task. waiting are those that come after it and
// now wait for what will not land. Who has it is told.
func (b *Backlog) Drop(ctx context.Context, by string, n int, why string) (t *Task, waiting []int, err error) {
	if strings.TrimSpace(why) == "" {
		return nil, nil, bus.Inputf("the reason is empty")
	}
	err = b.change(ctx, by, func(p *plan) (string, error) {
		waiting = nil
		if t, err = p.task(n); err != nil {
			return "", err
		}
		if t.State.Finished() {
			return "", &StateError{Task: t}
		}
		if t.Holder != "" && t.Holder != p.by {
			if err := notify(p.tx, t.Holder, fmt.Sprintf("I dropped your task #%d: %s", n, line(why, maxWhy))); err != nil {
				return "", err
			}
		}
		p.release(t)
		p.end(t, Dropped, why)
		if _, _, err = p.settle(); err != nil {
			return "", err
		}
		all, err := p.all()
		if err != nil {
			return "", err
		}
		for _, o := range all {
			if !o.State.Finished() && slices.Contains(o.After, n) {
				waiting = append(waiting, o.Number)
			}
		}
		return because(fmt.Sprintf("#%d dropped by %s", n, p.by), why), nil
	})
	return t, waiting, err
}

// Reopen has a task done, or done again, that has failed, was dropped, has landed or was
// reverted.
func (b *Backlog) Reopen(ctx context.Context, by string, n int) (t *Task, err error) {
	err = b.change(ctx, by, func(p *plan) (string, error) {
		if t, err = p.task(n); err != nil {
			return "", err
		}
		switch t.State {
		case Failed, Dropped, Landed, Reverted:
		default:
			return "", &StateError{Task: t}
		}
		t.Ended, t.Why, t.Tries = time.Time{}, "", 0
		if err := p.rest(t); err != nil {
			return "", err
		}
		if _, _, err := p.settle(); err != nil {
			return "", err
		}
		return fmt.Sprintf("#%d reopened by %s: %s", n, p.by, t.Title), nil
	})
	return t, err
}

// Verdict notes that the change for the session's task, if it has one, is in review
// from now on, or no more. review is the number of the review.
func (b *Backlog) Verdict(ctx context.Context, by, session string, review int, waits bool) error {
	mine, err := b.Held(ctx, session)
	if err != nil || mine == nil || (mine.State == Review) == waits {
		return err
	}
	return b.change(ctx, by, func(p *plan) (string, error) {
		t, err := p.task(mine.Number)
		if err != nil || t.Holder != mine.Holder || t.Epoch != mine.Epoch {
			return "", err
		}
		t.State = Taken
		line := fmt.Sprintf("#%d is back from review %d", t.Number, review)
		if waits {
			t.State = Review
			line = fmt.Sprintf("#%d is in review %d", t.Number, review)
		}
		p.touch(t)
		return line, nil
	})
}
