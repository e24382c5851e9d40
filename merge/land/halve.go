package land

import (
	"context"
	"errors"

	"github.com/git-swarm/git-swarm/lock/queue"
	"github.com/git-swarm/git-swarm/refstore"
)

// suspect is the entry with which the verify command began to fail, and the sessions
// whose work was below it.
type suspect struct {
	entry  *queue.Entry
	upon   []string
	status int // what the command ended with
}

// verifyStack runs the verify command on the whole stack. If it fails, the stack is
// halved until the first entry with which it fails is known: good is what is below
// that, on which the command has succeeded.
func (t *train) verifyStack(ctx context.Context, made stack) (good stack, bad *suspect, err error) {
	err = t.verify(ctx, made)
	var failure *VerifyError
	if err == nil || !errors.As(err, &failure) {
		return made, nil, err
	}
	if len(made) == 1 {
		return nil, nil, t.refuse(ctx, made[0].Entry, failure)
	}
	passes, fails, status := 0, len(made), failure.Status // how many entries from the bottom
	for fails-passes > 1 {
		half := (passes + fails) / 2
		switch err := t.verify(ctx, made[:half]); {
		case err == nil:
			passes = half
		case errors.As(err, &failure):
			fails, status = half, failure.Status
		default:
			return nil, nil, err
		}
	}
	good = made[:passes]
	return good, &suspect{made[passes].Entry, good.sessions(), status}, nil
}

// verify runs the command on the stack, unless its tree has passed already.
func (t *train) verify(ctx context.Context, made stack) error {
	if t.Verify == "" {
		return nil
	}
	tree, err := treeOf(ctx, t.Repo, made.top())
	if err != nil || t.passed(tree) {
		return err
	}
	if err := t.lease.RenewWith(ctx, func(tx *refstore.Tx) error { return markVerifying(tx, made) }); err != nil {
		return err
	}
	return t.runOn(ctx, made, tree)
}

// markVerifying lets others see what the command runs on. Only then is the rest marked
// as waiting again.
func markVerifying(tx *refstore.Tx, made stack) error {
	c, err := queue.Begin(tx)
	if err != nil {
		return err
	}
	all, err := c.Entries()
	if err != nil {
		return err
	}
	in := map[int]bool{}
	for _, one := range made {
		in[one.Number] = true
	}
	for _, e := range all {
		stage := queue.Waiting
		if in[e.Number] {
			stage = queue.Verifying
		}
		if e.Decided() || e.Stage == stage && stage == queue.Waiting {
			continue
		}
		if err := c.Move(e, stage); err != nil {
			return err
		}
	}
	return c.Record("verifying " + listSessions(made.sessions()))
}
