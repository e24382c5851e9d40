package land

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/refstore"
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
	err := t.waitFor(ctx, func() error {
		return t.Bus.Update(ctx, t.Session, candidate.TakeIn)
	}, candidate)
	if err != nil {
		return nil, err
	}
	lease, held := candidate.Hold(ctx)
	t.clones = &exclusion{lease, held}
	return held, nil
}

// waitFor tries until nobody else holds one of the locks, for as long as this push may
// wait. In between it looks at what is known here, which the watch on the hub brings.
func (t *train) waitFor(ctx context.Context, try func() error, locks ...*lock.Candidate) error {
	for began := time.Now(); ; {
		err := try()
		var held *lock.PushHeldError
		if !errors.As(err, &held) {
			return err
		}
		for free := false; !free; {
			if time.Since(began) >= t.wait.Timeout {
				return err
			}
			if err := locks[0].Wait(ctx); err != nil {
				return err
			}
			free = true
			for _, c := range locks {
				holder, err := c.Holder(ctx)
				if err != nil {
					return err
				}
				free = free && holder == nil
			}
		}
	}
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
	err := t.waitFor(ctx, func() error {
		return t.Bus.Update(ctx, t.Session, func(tx *refstore.Tx, by string) error {
			if t.clones != nil {
				if err := t.clones.lease.YieldIn(tx); err != nil {
					return err
				}
			} else if err := verifier.AwaitIn(tx); err != nil {
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
	t.clones, t.bad = nil, nil
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
