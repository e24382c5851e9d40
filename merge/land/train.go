package land

import (
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

// train lands what waits in the queue, for as long as it is the target's conductor and
// its own entry is not decided: all that waits for the target as one stack, verified once
// and pushed once, then what has come meanwhile. The push lock it holds only to push.
type train struct {
	*Lander
	target repo.Target
	lease  *lock.Lease  // as the conductor
	own    *queue.Entry // as it was put; nil where it lands for others alone

	wait      lock.Wait       // for the push lock
	candidate *lock.Candidate // for it
	pushing   *lock.Lease     // nil while it is not held
	clones    *exclusion      // of other clones while the verify command runs; nil without
	inLine    bool            // this clone waits for its turn among all

	landed []*staged         // decided, and not yet written
	result *Landed           // what became of our own entry, once it is landed,
	failed error             // or why it is refused
	left   map[entryKey]bool // refused entries whose sessions, or clones, find out themselves
	lost   error             // why the remote's answer to the last push did not arrive
	bad    *suspect          // found, and not yet written
	pins   bool              // rebases are kept (pin.go)

	keepsOwn bool           // the hub does not take what would be offered (others.go)
	guests   []string       // sessions of other clones whose rebases are pinned here
	dropped  []*queue.Entry // of other clones: the verify command fails with them
}

func (t *train) isOwn(e *queue.Entry) bool {
	return t.own != nil && e.Clone == "" && e.Session == t.own.Session && e.Number == t.own.Number
}

// entryKey tells entries apart, of all clones.
type entryKey struct {
	session string
	number  int
}

func keyOf(e *queue.Entry) entryKey { return entryKey{e.Session, e.Number} }

// leaves reports whether the entry is left to its session or clone.
func (t *train) leaves(e *queue.Entry) bool { return t.left[keyOf(e)] }

// decided reports whether it is known what became of our own entry.
func (t *train) decided() bool { return t.result != nil || t.failed != nil }

// run lands until our own entry is decided, or without one until nothing waits. An error
// that is not about that entry ends the run, too.
func (t *train) run(ctx context.Context) (*Landed, error) {
	for moved := 0; ; {
		err := t.lostToClone(ctx, t.round(ctx))
		var locked *lockedError
		switch {
		case t.decided():
			return t.result, t.failed
		case errors.Is(err, errNothing):
			return nil, nil
		case err == nil:
			moved = 0
			continue
		case !errors.Is(err, errMoved):
			return nil, err
		}
		if moved++; moved == lineTries && t.AtHub {
			if err := t.enterLine(ctx); err != nil {
				return nil, err
			}
		}
		again := moved < landTries
		switch {
		case errors.As(err, &locked) && !again:
			return nil, &RemoteLockedError{t.target, locked.path}
		case !again:
			return nil, &RejectedError{fmt.Sprintf("%s moved each time it was fetched", t.target)}
		case locked != nil: // the push that holds it needs a moment
			select {
			case <-ctx.Done():
			case <-time.After(time.Duration(moved) * 100 * time.Millisecond):
			}
		}
	}
}

// round lands one stack. errMoved says that the target has moved meanwhile, and that
// nothing has landed.
func (t *train) round(ctx context.Context) error {
	waiting, err := t.waiting(ctx)
	if err != nil {
		return err
	}
	if len(waiting) == 0 {
		return errNothing
	}
	if done, err := t.takeBack(ctx, waiting); done || err != nil {
		return err
	}
	if ctx, err = t.excludeClones(ctx); err != nil {
		return err
	}
	if done, err := t.takeBack(ctx, waiting); done || err != nil { // what was fetched meanwhile may say so
		return err
	}
	t.bad = nil
	if i := slices.IndexFunc(waiting, func(e *queue.Entry) bool { return e.Status != 0 }); i >= 0 {
		return t.again(ctx, waiting[i])
	}
	before, err := t.fetch(ctx, t.target)
	if err != nil {
		return err
	}
	if err := t.tellPending(ctx, t.target, before); err != nil {
		return err
	}
	made, err := t.compose(ctx, before, waiting)
	if err != nil || t.failed != nil || len(made) == 0 {
		return errors.Join(err, t.write(ctx))
	}
	others, err := t.others(ctx)
	if err == nil && len(others) > 0 {
		waiting = append(waiting, others...)
		made, err = t.composeUpon(ctx, made, before, others)
	}
	if err != nil {
		return err
	}
	good, bad, err := t.verifyStack(ctx, made, waiting)
	if err != nil {
		return err
	}
	t.bad = bad
	return t.put(ctx, good)
}

// again tries an entry that has failed in a stack once more, alone on the target: the
// failure may have been no fault of its.
func (t *train) again(ctx context.Context, bad *queue.Entry) error {
	before, err := t.fetch(ctx, t.target)
	if err != nil {
		return err
	}
	made, err := t.compose(ctx, before, []*queue.Entry{bad})
	if err != nil || t.failed != nil || len(made) == 0 {
		return errors.Join(err, t.write(ctx))
	}
	err = t.verify(ctx, made)
	var failure *VerifyError
	if errors.As(err, &failure) {
		failure.Upon = bad.Upon
		return t.refuse(ctx, bad, failure)
	}
	if err != nil {
		return err
	}
	return t.put(ctx, made)
}

// waiting are the entries for our target that are not decided, in their order. Our own
// must be among them: else it was withdrawn.
func (t *train) waiting(ctx context.Context) ([]*queue.Entry, error) {
	all, err := queue.Entries(ctx, t.Bus)
	if err != nil {
		return nil, err
	}
	if t.own != nil && !slices.ContainsFunc(all, func(e *queue.Entry) bool { return t.isOwn(e) && !e.Decided() }) {
		return nil, ErrWithdrawn
	}
	return slices.DeleteFunc(all, func(e *queue.Entry) bool {
		return e.Decided() || !t.isFor(e) || t.leaves(e)
	}), nil
}

// isFor reports whether the entry is to land on our target.
func (t *train) isFor(e *queue.Entry) bool {
	return e.Remote == t.target.Remote && e.Target == t.target.Branch
}

// errNothing says that nothing waits.
var errNothing = errors.New("nothing waits to land")

// ErrWithdrawn says that somebody has taken the session's entry out of the queue.
var ErrWithdrawn = errors.New("the push was withdrawn from the queue")

// put moves the target to the top of the stack, if the lock is still held, and writes
// what has landed. Where the remote refuses a stack of several, it is asked for each
// alone.
func (t *train) put(ctx context.Context, made stack) error {
	if len(made) == 0 {
		return t.write(ctx)
	}
	if err := t.askAgain(ctx, made); err != nil {
		return err
	}
	err := t.pushStack(ctx, made)
	var rejected *RejectedError
	refused, some := made[0], false
	if errors.As(err, &rejected) && len(made) > 1 {
		for i := range made {
			refused = made[i]
			if err = t.pushStack(ctx, made[i:i+1]); err != nil {
				break // who stands upon it is rebased
			}
			some = true
		}
	}
	if errors.As(err, &rejected) {
		err = t.refuse(ctx, refused.Entry, rejected)
	}
	if some && errors.Is(err, errMoved) {
		err = nil
	}
	err = errors.Join(err, t.write(ctx))
	if !t.decided() {
		err = errors.Join(err, t.letGo(context.WithoutCancel(ctx)))
	}
	return err
}

// letGo gives up the push lock, if it is held.
func (t *train) letGo(ctx context.Context) error {
	if t.pushing == nil {
		return nil
	}
	lease := t.pushing
	t.pushing = nil
	return lease.Release(ctx)
}

// askAgain asks the gate once more after the verify command, which may have taken long:
// a verdict may have been taken back meanwhile. At a no the stack is composed anew, and
// then refuses whose it is.
func (t *train) askAgain(ctx context.Context, made stack) error {
	if t.Verify == "" || t.Gate == nil {
		return nil
	}
	for _, one := range made {
		if t.Gate(ctx, one.Session, one.base, one.tip) != nil {
			return errMoved
		}
	}
	return nil
}

// gateHolds is errMoved if what the gate has said of the stack is not so any more: it is
// composed anew, and then refuses whose it is.
func (t *train) gateHolds(ctx context.Context, tx *refstore.Tx, made stack) error {
	if t.GateHolds == nil {
		return nil
	}
	asked := slices.DeleteFunc(slices.Clone(made), func(one *staged) bool { return one.tip == one.base }) // those of which something lands
	holds, err := t.GateHolds(ctx, tx, asked.sessions(), t.AtHub)
	if err == nil && !holds {
		err = errMoved
	}
	return err
}

// pushStack lands the stack by one push.
func (t *train) pushStack(ctx context.Context, made stack) error {
	if t.AtHub {
		return t.pushToHub(ctx, made)
	}
	ctx, err := t.announce(ctx, made)
	if err != nil {
		return err
	}
	if t.target.Remote == "" {
		if err := t.moveTarget(context.WithoutCancel(ctx), t.target.Branch, made[0].base, made.top()); err != nil {
			return err
		}
		t.landed = append(t.landed, made...)
		return nil
	}
	lost, err := t.push(ctx, made.top(), t.target)
	if err != nil {
		return err
	}
	t.lost = lost
	t.landed = append(t.landed, made...)
	return nil
}

// announce takes the push lock and writes what is about to land, in one transaction: the
// last moment to learn that another is the conductor. The context that it returns ends
// with the lock.
func (t *train) announce(ctx context.Context, made stack) (context.Context, error) {
	if err := t.notePendingOwn(ctx, made); err != nil {
		return nil, err
	}
	for began := time.Now(); ; {
		var asked time.Time
		err := t.lease.RenewWith(ctx, func(tx *refstore.Tx) error {
			asked = time.Now()
			if err := t.takeIn(tx); err != nil {
				return err
			}
			if err := t.gateHolds(ctx, tx, made); err != nil {
				return err
			}
			return markLanding(tx, made)
		})
		var held *lock.PushHeldError
		switch {
		case errors.As(err, &held) && time.Since(began) < t.wait.Timeout:
			if err := t.candidate.Wait(ctx); err != nil {
				return nil, err
			}
			continue
		case err != nil:
			return nil, err
		}
		if t.pushing == nil {
			t.pushing, ctx = t.candidate.Hold(ctx)
		}
		if time.Since(asked) > t.Lock.LeaseTime() { // this process was stopped
			return nil, errMoved
		}
		return ctx, nil
	}
}

// takeIn takes the push lock, or renews it, within a transaction.
func (t *train) takeIn(tx *refstore.Tx) error {
	if t.pushing != nil {
		return t.pushing.RenewIn(tx)
	}
	return t.candidate.TakeIn(tx, t.Session)
}

// markLanding marks the entries as being pushed.
func markLanding(tx *refstore.Tx, made stack) error {
	c, err := queue.Begin(tx)
	if err != nil {
		return err
	}
	for _, one := range made {
		if one.Clone != "" {
			continue
		}
		now, err := c.Find(one.Session)
		if err != nil {
			return err
		}
		if now == nil || now.Number != one.Number || now.Decided() {
			return errMoved // withdrawn meanwhile: what stands upon it is rebased
		}
		now.Try(one.Entry.Tip, one.tip)
		now.Base, now.Healed = one.base, healedLines(one.healed)
		if err := c.Move(now, queue.Landing); err != nil {
			return err
		}
	}
	return c.Record("landing " + listSessions(made.sessions()))
}

// notePendingOwn notes in the worktree that our own entry is about to land, if it is.
func (t *train) notePendingOwn(ctx context.Context, made stack) error {
	for _, one := range made {
		if t.isOwn(one.Entry) {
			return t.notePending(ctx, checkout{one.Branch, one.Entry.Tip}, t.landedOf(one))
		}
	}
	return nil
}

// landedOf is what a Push returns for the entry.
func (t *train) landedOf(one *staged) *Landed {
	return &Landed{
		Target: t.target, Before: one.base, After: one.tip, Tip: one.Entry.Tip, Commits: one.commits,
		Rebased: one.tip != one.Entry.Tip && one.tip != one.base, Healed: one.healed, Unanswered: t.lost, again: one.again,
	}
}
