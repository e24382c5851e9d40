package app

import (
	"context"
	"fmt"
	"slices"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/lock/task"
	"github.com/git-swarm/git-swarm/merge/land"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/review"
)

// othersTaskError says that what would land is for a task that another session has.
type othersTaskError struct{ task *task.Task }

func (e *othersTaskError) Error() string {
	return fmt.Sprintf("these commits are for task #%d, which %s has meanwhile", e.task.Number, e.task.Holder)
}

func (e *othersTaskError) hint() string {
	return fmt.Sprintf("keep them for %s on a branch: git branch task-%d, then git swarm message %s \"task-%d has what I did for #%d\"", e.task.Holder, e.task.Number, e.task.Holder, e.task.Number, e.task.Number)
}

// taskTrailer is the line that a commit of the session's is to end in, "" for none.
func (c *call) taskTrailer(ctx context.Context, id string) (string, error) {
	l, err := c.backlog(ctx)
	if err != nil {
		return "", err
	}
	if id, err = l.Bus.CountsAs(ctx, id); err != nil {
		return "", err
	}
	mine, err := l.Held(ctx, id)
	if err != nil || mine == nil {
		return "", err
	}
	swarm, err := l.ID(ctx)
	return task.TrailerOf(swarm, mine.Number), err
}

// taskGate refuses commits for a task that another session has.
func (c *call) taskGate(ctx context.Context, id, base, tip string) error {
	l, err := c.backlog(ctx)
	if err != nil {
		return err
	}
	if known, err := l.Exists(ctx); err != nil || !known || base == "" {
		return err
	}
	if id, err = l.Bus.CountsAs(ctx, id); err != nil {
		return err
	}
	ids, err := l.IDs(ctx)
	if err != nil {
		return err
	}
	marks, _, err := task.Scan(ctx, c.swarm.Repo, ids, tip, "^"+base)
	if err != nil {
		return err
	}
	for _, m := range marks {
		for _, n := range m.Tasks {
			t, _, err := l.Get(ctx, n)
			if err == nil && t.Holder != "" && t.Holder != id {
				return &othersTaskError{t}
			}
		}
	}
	return nil
}

// closing closes the tasks that landings finish, within the transaction that writes the
// landings down. What keeps it from that is for the next look at the target.
func (c *call) closing(target repo.Target) func(context.Context, []land.Closed) func(*refstore.Tx) error {
	none := func(*refstore.Tx) error { return nil }
	return func(ctx context.Context, closed []land.Closed) func(*refstore.Tx) error {
		l, err := c.backlog(ctx)
		if err != nil {
			return none
		}
		if known, err := l.Exists(ctx); err != nil || !known {
			return none
		}
		ref, err := c.swarm.Repo.TargetRef(ctx, target)
		if err != nil {
			ref = ""
		}
		ids, err := l.IDs(ctx)
		if err != nil {
			return none
		}
		var landings []task.Landing
		for _, one := range closed {
			landing := task.Landing{Target: ref, From: one.Base, To: one.Tip, By: one.Session}
			if landing.Marks, _, err = task.Scan(ctx, c.swarm.Repo, ids, scanned(one)...); err != nil {
				return none
			}
			if mine, err := l.Held(ctx, one.Session); err == nil && mine != nil && !mine.Since.After(one.Since) {
				landing.Held, landing.Epoch = mine.Number, mine.Epoch
			}
			landings = append(landings, landing)
		}
		return func(tx *refstore.Tx) error { return task.Close(tx, c.viewer(), landings) }
	}
}

// scanned are the commits that a landing has brought, as git rev-list takes them.
func scanned(one land.Closed) []string {
	if one.Base == "" {
		return []string{one.Tip}
	}
	return []string{one.Tip, "^" + one.Base}
}

// beforePush says whether the session's task, if it has one, lands with this push, and
// returns the numbers of the tasks that may land by it: that one, and those that commits
// here name.
func (c *call) beforePush(ctx context.Context, id string, target repo.Target, part bool) ([]int, error) {
	l, err := c.backlog(ctx)
	if err != nil {
		return nil, err
	}
	mine, err := l.KeepOpen(ctx, id, part)
	if err == nil && mine == nil && part {
		err = refusePart()
	}
	if err != nil {
		return nil, err
	}
	numbers := c.namedTasks(ctx, l, target)
	if mine != nil {
		numbers = append(numbers, mine.Number)
	}
	return slices.DeleteFunc(numbers, func(n int) bool {
		t, _, err := l.Get(ctx, n)
		return err != nil || t.State == task.Landed
	}), nil
}

// namedTasks are the numbers of the tasks that commits here name and that are not on the
// target, as far as that can be told: it is only for saying so.
func (c *call) namedTasks(ctx context.Context, l *task.Backlog, target repo.Target) (numbers []int) {
	ref, err := c.swarm.Repo.TargetRef(ctx, target)
	if err != nil {
		return nil // there is none yet
	}
	tip, err := l.Bus.Store().Tip(ctx, ref)
	if err != nil || tip == "" {
		return nil
	}
	ids, err := l.IDs(ctx)
	if err != nil || len(ids) == 0 {
		return nil
	}
	marks, _, err := task.Scan(ctx, c.swarm.Repo, ids, "HEAD", "^"+string(tip))
	if err != nil {
		return nil // nothing is checked out
	}
	for _, m := range marks {
		numbers = append(numbers, m.Tasks...)
	}
	return numbers
}

// afterPush says which of the tasks have landed, and what is ready now.
func (c *call) afterPush(ctx context.Context, numbers []int) error {
	if len(numbers) == 0 || c.wantJSON() {
		return nil
	}
	l, err := c.backlog(ctx)
	if err != nil {
		return err
	}
	all, err := l.List(ctx)
	if err != nil {
		return err
	}
	landed := map[int]bool{}
	for _, t := range all {
		if t.State == task.Landed && slices.Contains(numbers, t.Number) {
			landed[t.Number] = true
			if err := c.printf("Task #%d has landed: %s\n", t.Number, text.Inert(t.Title)); err != nil {
				return err
			}
		}
	}
	var ready []*task.Task
	for _, t := range all {
		if t.State == task.Ready && slices.ContainsFunc(t.After, func(n int) bool { return landed[n] }) {
			ready = append(ready, t)
		}
	}
	if len(ready) > 0 {
		return c.printf("Ready now: %s\n", taskList(ready))
	}
	return nil
}

// taskInReview notes that the task of who asked for a review waits for the verdict, or
// no more. The review stands, whatever becomes of that.
func (c *call) taskInReview(ctx context.Context, by string, r *review.Review, waits bool) {
	l, err := c.backlog(ctx)
	if err == nil {
		err = l.Verdict(ctx, by, r.From, r.Number, waits)
	}
	if err != nil {
		c.notef("git swarm: the task of %s was not noted: %s", r.From, text.Inert(c.describe(err)))
	}
}
