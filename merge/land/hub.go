package land

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/lock/queue"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// exclusion keeps other clones from landing on the target while this one verifies:
// what passes is not to be verified again because they were first.
type exclusion struct {
	lease *lock.Lease
	held  context.Context // ends when it is lost
}

// verifier is a candidate for the lock by which a clone excludes the others.
func (t *train) verifier() *lock.Candidate {
	return t.Lock.Verifier(t.target.Remote + "/" + t.target.Branch).Candidate(t.Session)
}

// excludeClones waits, where there is a hub and a verify command, until no other clone
// verifies for the target, and takes its turn. The context that it returns ends with that.
func (t *train) excludeClones(ctx context.Context) (context.Context, error) {
	switch {
	case t.Verify == "" || t.target.Remote == "" || t.Bus.Store().Clone() == "":
		return ctx, nil
	case t.clones != nil && t.clones.held.Err() == nil:
		return t.clones.held, nil
	}
	candidate := t.verifier()
	defer candidate.Close()
	err := t.waitFor(ctx, candidate, func() error {
		return t.Bus.Update(ctx, t.Session, candidate.TakeInTurn)
	}, candidate)
	if err != nil {
		return nil, err
	}
	t.inLine = false
	lease, held := candidate.Hold(ctx)
	t.clones = &exclusion{lease, held}
	return held, nil
}

// lineTries is how often a landing on the hub may find that others were first before it
// gets in line: from then on they wait for it.
const lineTries = 3

// enterLine has the other clones know that this one waits to land on the target, also
// where they have passed it over.
func (t *train) enterLine(ctx context.Context) error {
	if t.Bus.Store().Clone() == "" {
		return nil
	}
	candidate := t.verifier()
	defer candidate.Close()
	more, err := t.prepareOffers(ctx)
	if err != nil {
		return err
	}
	if t.inLine && !more {
		if there, err := candidate.InLine(ctx); there || err != nil {
			return err
		}
	}
	enter := func(tx *refstore.Tx, by string) error {
		return errors.Join(candidate.EnterIn(tx, by), t.offerIn(tx))
	}
	err = t.Bus.Update(ctx, t.Session, enter)
	var refused *refstore.RefusedError
	if errors.As(err, &refused) && more { // a server whose rules keep commits from being replaced
		t.keepsOwn = true
		err = t.Bus.Update(ctx, t.Session, enter)
	}
	t.inLine = err == nil
	return err
}

// leaveLine ends the waiting. What fails of it the others see: they pass this clone over.
func (t *train) leaveLine(ctx context.Context) {
	if !t.inLine {
		return
	}
	t.inLine = false
	candidate := t.verifier()
	defer candidate.Close()
	leave := func(tx *refstore.Tx, _ string) error { return candidate.LeaveIn(tx) }
	var moved *bus.ElsewhereError
	if errors.As(t.Bus.Update(ctx, t.Session, leave), &moved) { // the place is this clone's all the same
		_ = t.Bus.Update(ctx, bus.Orchestrator, leave)
	}
}

// waitFor tries until nobody else holds one of the locks and it is this clone's turn in
// line, for as long as this push may wait while nothing moves. In between it looks at
// what is known here, which the watch on the hub brings.
func (t *train) waitFor(ctx context.Context, line *lock.Candidate, try func() error, locks ...*lock.Candidate) error {
	began := time.Now()
	for moved, seen := began, object.Hash(""); ; {
		err := try()
		var held *lock.PushHeldError
		if !errors.As(err, &held) {
			return err
		}
		if t.wait.Timeout > 0 {
			if err := t.enterLine(ctx); err != nil {
				return err
			}
		}
		for free := false; !free; {
			tip, failed := t.Bus.Store().Tip(ctx, lock.LocksRef)
			if failed != nil {
				return failed
			}
			if tip != seen {
				seen, moved = tip, time.Now()
			}
			if held.Waited = time.Since(began); time.Since(moved) >= t.wait.Timeout || t.MaxWait > 0 && held.Waited >= t.MaxWait {
				return err
			}
			if err := locks[0].Wait(ctx); err != nil {
				return err
			}
			holder, before, failed := t.keptBy(ctx, line, locks)
			if failed != nil {
				return failed
			}
			if found, failed := t.landedElsewhereAny(ctx); found || failed != nil {
				return cmp.Or(failed, errMoved)
			}
			if free = holder == nil; !free && t.Where != nil {
				t.Where(Position{Waited: held.Waited, Holder: holder.Session, Before: before})
			}
		}
	}
}

// keptBy is who keeps this clone from landing by what is known here, nil for nobody, and
// how many are before it.
func (t *train) keptBy(ctx context.Context, line *lock.Candidate, locks []*lock.Candidate) (holder *lock.PushHolder, before int, err error) {
	for _, c := range locks {
		if holder, err = c.Holder(ctx); holder != nil || err != nil {
			return holder, 1, err
		}
	}
	return line.First(ctx)
}

// lostToClone is ErrLost if another clone has taken over while this one verified, which
// ended whatever was at work, else err.
func (t *train) lostToClone(ctx context.Context, err error) error {
	var unanswered *UnansweredError
	if err == nil || t.clones == nil || t.clones.held.Err() == nil || ctx.Err() != nil || errors.As(err, &unanswered) {
		return err
	}
	return context.Cause(t.clones.held)
}

// leave gives up all that is held.
func (t *train) leave(ctx context.Context) error {
	err := t.letGo(ctx)
	if t.clones != nil {
		err = errors.Join(err, t.clones.lease.Release(ctx))
		t.clones = nil
	}
	t.leaveLine(ctx)
	t.unpinGuests(ctx)
	return err
}

// pushToHub lands the stack by one push to the hub, in which the push lock is taken
// and given up, and it is written what has landed: all of it or nothing. Whoever has
// lost the lock, or does not see that another clone has it, lands nothing.
func (t *train) pushToHub(ctx context.Context, made stack) error {
	if err := t.notePendingOwn(ctx, made); err != nil {
		return err
	}
	if err := t.lease.RenewWith(ctx, func(tx *refstore.Tx) error { return markLanding(tx, made) }); err != nil {
		return err
	}
	t.landed = made
	stage := t.landing(ctx, made)
	verifier := t.verifier()
	defer verifier.Close()
	err := t.waitFor(ctx, verifier, func() error {
		return t.Bus.Update(ctx, t.Session, func(tx *refstore.Tx, by string) error {
			if t.clones != nil {
				if err := t.clones.lease.YieldIn(tx); err != nil {
					return err
				}
			} else if err := verifier.AwaitInTurn(tx); err != nil {
				return err
			}
			if err := t.gateHolds(ctx, tx, made); err != nil {
				return err
			}
			return stage(tx, by)
		})
	}, t.candidate, verifier)
	if err != nil {
		t.landed = nil
		return t.refusalOf(err, made.top())
	}
	for _, one := range made {
		if t.isOwn(one.Entry) {
			t.result = t.landedOf(one)
		}
	}
	if t.clones != nil {
		t.clones.lease.End()
	}
	t.clones, t.bad, t.inLine, t.dropped = nil, nil, false, nil
	t.forsake(context.WithoutCancel(ctx), made)
	t.tellForOthers(context.WithoutCancel(ctx))
	return nil
}

// landing stages what the push of the stack does besides moving the branch.
func (t *train) landing(ctx context.Context, made stack) func(*refstore.Tx, string) error {
	closing := t.closing(ctx)
	return func(tx *refstore.Tx, by string) error {
		err := tx.Along("refs/heads/"+t.target.Branch, object.Hash(made[0].base), object.Hash(made.top()))
		if err == nil {
			err = t.candidate.PassIn(tx, by)
		}
		if err != nil {
			return err
		}
		c, err := queue.Begin(tx)
		if err == nil {
			err = t.recallOwn(tx, c, made)
		}
		for _, e := range t.dropped {
			if err == nil {
				err = c.DropOffer(e)
			}
		}
		if err == nil {
			err = c.Record("offers")
		}
		if err != nil {
			return err
		}
		return errors.Join(t.decisions(tx), closing(tx))
	}
}

// refusalOf is what a push of the commit to the hub came to, as of any push.
func (t *train) refusalOf(err error, commit string) error {
	var away *refstore.HubError
	var refused *refstore.RefusedError
	switch {
	case errors.Is(err, refstore.ErrBranchMoved):
		return errMoved
	case errors.As(err, &refused) && refused.Branch != "":
		return &RejectedError{"remote rejected (" + strings.TrimSuffix(strings.TrimPrefix(refused.Why, "remote rejected ("), ")") + ")"}
	case errors.As(err, &away) && away.InDoubt:
		return &UnansweredError{Target: t.target, Commit: commit, Err: away.Err}
	}
	return err
}
