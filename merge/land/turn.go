package land

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/lock/queue"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// turn is one Push on its way through the queue.
type turn struct {
	*Lander
	c         checkout // as it was put
	target    repo.Target
	wait      lock.Wait
	candidate *lock.Candidate // of the target's conductor
	entry     *queue.Entry    // as it was put

	began time.Time
	moved time.Time // when the queue was last seen to move
	seen  string    // the tip of the queue then
	due   time.Time // no report before
	lost  bool      // another has taken over as conductor: it decides now
}

// QueuedError says that another process of the session waits to land already.
type QueuedError struct{ Entry *queue.Entry }

func (e *QueuedError) Error() string {
	return fmt.Sprintf("%s already waits to land on %s", e.Entry.Session, repo.Target{Remote: e.Entry.Remote, Branch: e.Entry.Target})
}

// land puts the checkout in the queue and waits until it is decided, by this process
// or by another.
func (t *turn) land(ctx context.Context) (*Landed, error) {
	t.candidate = t.conductor(t.target).Candidate(t.Session, queue.Ref)
	defer t.candidate.Close()
	t.began = time.Now()
	t.moved = t.began
	waits := queue.Entry{Session: t.Session}
	leave, alone := waits.Attend(t.Bus)
	defer leave()
	mine, err := t.enter(ctx, waits, alone, t.take)
	if err == nil && !mine && t.Verify != "" {
		err = t.foresee(ctx)
	}
	for err == nil {
		if mine {
			landed, err := t.conduct(ctx)
			if !errors.Is(err, lock.ErrLost) || ctx.Err() != nil {
				return landed, err
			}
			t.lost = true // who has it now decides of us, too
		}
		var now *queue.Entry
		now, mine, err = t.look(ctx)
		if now != nil && now.Decided() {
			return t.accept(ctx, now)
		}
		if err == nil && !mine {
			err = t.pause(ctx, now)
		}
	}
	return nil, errors.Join(err, t.withdraw(context.WithoutCancel(ctx)))
}

// foresee returns what would refuse the entry on the target as it is now: whoever has to
// wait for a verify command is told at once. What only the target's holder can know is
// found out later.
func (t *turn) foresee(ctx context.Context) error {
	before, err := t.fetch(ctx, t.target)
	if err != nil || before == "" {
		return nil
	}
	alone := &train{Lander: t.Lander, target: t.target, own: t.entry}
	landed, err := alone.landedAlready(ctx, t.entry, before)
	if err != nil || landed != nil {
		return nil
	}
	var inTheWay *InTheWayError
	if _, err = alone.stage(ctx, t.entry, before, before); blocks(err) || errors.As(err, &inTheWay) {
		return err
	}
	return nil
}

// conductor is the lock of the target's conductor.
func (l *Lander) conductor(target repo.Target) *lock.PushLock {
	return l.Lock.Conductor(target.Remote + "/" + target.Branch)
}

// enter puts the entry, and in the same transaction becomes the target's conductor by
// take, if there is none. alone says that no other process of the session waits.
func (t *turn) enter(ctx context.Context, waits queue.Entry, alone bool, take func(*refstore.Tx, string) (bool, error)) (mine bool, err error) {
	tried, err := triedOn(t.Repo, t.c.branch)
	if err != nil {
		return false, err
	}
	err = t.Bus.Update(ctx, t.Session, func(tx *refstore.Tx, by string) error {
		c, err := queue.Begin(tx)
		if err != nil {
			return err
		}
		old, err := c.Find(by)
		if err != nil {
			return err
		}
		if old != nil && !old.Decided() && !alone {
			return &QueuedError{old}
		}
		t.entry = new(waits)
		t.entry.Session, t.entry.Branch, t.entry.Tip = by, t.c.branch, t.c.tip
		if t.c.branch == detached {
			t.entry.Branch = ""
		}
		t.entry.Remote, t.entry.Target = t.target.Remote, t.target.Branch
		t.entry.Tried = slices.Clone(tried)
		if err := c.Put(t.entry); err != nil {
			return err
		}
		if mine, err = take(tx, by); err != nil {
			return err
		}
		return c.Record(fmt.Sprintf("%s waits for %s", by, t.target))
	})
	return mine, err
}

// take becomes the conductor within a transaction, if there is none or it is dead.
func (t *turn) take(tx *refstore.Tx, by string) (mine bool, err error) {
	err = t.candidate.TakeIn(tx, by)
	var held *lock.PushHeldError
	if errors.As(err, &held) {
		return false, nil
	}
	return err == nil, err
}

// look reads what became of the entry, and becomes the conductor if there is none.
func (t *turn) look(ctx context.Context) (now *queue.Entry, mine bool, err error) {
	if now, err = t.find(ctx); err != nil || now.Decided() {
		return now, false, err
	}
	holder, err := t.candidate.Holder(ctx)
	if err != nil || holder != nil {
		return now, false, err
	}
	err = t.Bus.Update(ctx, t.Session, func(tx *refstore.Tx, by string) error {
		mine = false
		c, err := queue.Begin(tx)
		if err != nil {
			return err
		}
		e, err := c.Find(by)
		if err != nil || e == nil || e.Number != t.entry.Number || e.Decided() {
			return err // the next look tells
		}
		mine, err = t.take(tx, by)
		return err
	})
	return now, mine, err
}

// find is the entry as it stands. If it is gone, somebody has withdrawn it.
func (t *turn) find(ctx context.Context) (*queue.Entry, error) {
	now, err := queue.Find(ctx, t.Bus, t.entry.Session)
	if err == nil && (now == nil || now.Number != t.entry.Number) {
		err = ErrWithdrawn
	}
	return now, err
}

// conduct lands what waits, while this process is the conductor.
func (t *turn) conduct(ctx context.Context) (*Landed, error) {
	lease, held := t.candidate.Hold(ctx)
	train := &train{Lander: t.Lander, target: t.target, lease: lease, own: t.entry, left: map[entryKey]bool{}, pins: true}
	train.wait, train.candidate = t.wait, t.Lock.Candidate(t.Session)
	defer train.candidate.Close()
	landed, err := train.run(held)
	var unanswered *UnansweredError
	if err != nil && held.Err() != nil && !errors.As(err, &unanswered) { // whatever it broke off
		err = context.Cause(held)
	}
	after := context.WithoutCancel(ctx)
	if errors.Is(err, lock.ErrLost) && ctx.Err() == nil {
		return nil, errors.Join(err, lease.Release(after), train.leave(after))
	}
	ended := train.end(after)
	if err != nil {
		return nil, errors.Join(err, ended)
	}
	landed.Late = ended
	t.finish(after, landed)
	return landed, nil
}

// finish lets the branch follow to what has landed, and tells whom it concerns. What
// fails of it does not undo the landing: it is landed.Stayed and landed.Late.
func (t *turn) finish(ctx context.Context, landed *Landed) {
	if landed.After != landed.Tip {
		landed.Stayed = t.catchUp(ctx, landed)
	}
	told := t.tell(ctx, landed)
	if told == nil || isKept(told) {
		told = errors.Join(told, settlePending(t.Repo, landed))
	}
	landed.Late = errors.Join(landed.Late, told, t.unmarkBlocked(ctx))
}

// catchUp moves the branch from what was put to what has landed of it. Commits made
// since are rebased.
func (t *turn) catchUp(ctx context.Context, landed *Landed) error {
	err := t.follow(ctx, checkout{t.c.branch, landed.Tip}, landed.After)
	if !errors.Is(err, ErrOvertaken) {
		return err
	}
	now, failed := checkedOut(ctx, t.Repo)
	if failed != nil || now.branch != t.c.branch {
		return err
	}
	since, failed := t.ancestor(ctx, landed.Tip, now.tip)
	if failed != nil || !since {
		return err
	}
	b := rebase{tip: now.tip, after: landed.Tip, onto: landed.After, target: t.target, commit: t.commit}
	if err := t.healBy(ctx, &b, landed.After); err != nil {
		return err
	}
	next, _, err := b.run(ctx, t.Repo)
	if err != nil {
		return err
	}
	return t.follow(ctx, now, next)
}

// accept takes over what another process has decided, and takes the entry out.
func (t *turn) accept(ctx context.Context, e *queue.Entry) (*Landed, error) {
	ctx = context.WithoutCancel(ctx)
	if e.Stage == queue.Refused {
		err := error(&VerifyError{Command: t.Verify, Status: e.Status, Healed: e.Healed, Upon: e.Upon, Log: e.Log, Tail: e.Tail, said: e.Why})
		if e.Log == "" {
			err = &RefusedError{e.Why}
		}
		return nil, errors.Join(err, t.remove(ctx))
	}
	landed := &Landed{
		Target: repo.Target{Remote: e.Remote, Branch: e.Target}, Before: e.Base, After: e.After, Tip: e.Tip, Commits: e.Commits,
		Rebased: e.After != e.Tip && e.Commits > 0, Healed: healedOf(e.Healed),
	}
	if err := t.notePending(ctx, checkout{cmp.Or(e.Branch, detached), e.Tip}, landed); err != nil {
		return nil, err
	}
	landed.again = !e.Own()
	t.finish(ctx, landed)
	landed.Late = errors.Join(landed.Late, t.remove(ctx))
	return landed, nil
}

// Settle lets the branch that is checked out here follow to what has landed of it on the
// target while no process of the session waited; nil if nothing has.
func (l *Lander) Settle(ctx context.Context, target repo.Target) (*Landed, error) {
	c, release, err := begin(ctx, l.Repo)
	defer release()
	if err != nil {
		return nil, err
	}
	return l.settle(ctx, target, c)
}

// settle lets the branch follow to what has landed of it while no process of the
// session waited; nil if nothing has. What was refused meanwhile the session was told.
func (l *Lander) settle(ctx context.Context, target repo.Target, c checkout) (*Landed, error) {
	e, err := queue.Find(ctx, l.Bus, l.Session)
	if err != nil || e == nil || e.Stage != queue.Landed || cmp.Or(e.Branch, detached) != c.branch || e.Remote != target.Remote || e.Target != target.Branch {
		return nil, err
	}
	t := &turn{Lander: l, c: c, target: target, entry: e}
	landed, err := t.accept(ctx, e)
	t.unpin(ctx, landed)
	if err == nil {
		queue.Forget(l.Bus, l.Session)
	}
	return landed, err
}

// RefusedError is what another process has said of why the branch did not land.
type RefusedError struct{ Why string }

func (e *RefusedError) Error() string { return e.Why }

// withdraw takes the entry out, unless it is being pushed at this moment: what becomes
// of it then, the session's next push finds out.
func (t *turn) withdraw(ctx context.Context) error {
	return t.out(ctx, func(c *queue.Change, now *queue.Entry) (bool, error) {
		elsewhere, err := c.Elsewhere(now.Session)
		return elsewhere == nil && (now.Stage == queue.Waiting || now.Stage == queue.Verifying), err
	})
}

// remove takes the entry out.
func (t *turn) remove(ctx context.Context) error {
	return t.out(ctx, func(*queue.Change, *queue.Entry) (bool, error) { return true, nil })
}

func (t *turn) out(ctx context.Context, may func(*queue.Change, *queue.Entry) (bool, error)) error {
	if t.entry == nil || t.entry.Number == 0 {
		return nil
	}
	return t.Bus.Update(ctx, t.Session, func(tx *refstore.Tx, by string) error {
		c, err := queue.Begin(tx)
		if err != nil {
			return err
		}
		now, err := c.Find(by)
		if err != nil || now == nil || now.Number != t.entry.Number {
			return err
		}
		if out, err := may(c, now); err != nil || !out {
			return err
		}
		if err := c.Remove(by); err != nil {
			return err
		}
		return c.Record(by + " is out")
	})
}
