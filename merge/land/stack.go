package land

import (
	"context"
	"fmt"
	"strings"

	"github.com/git-swarm/git-swarm/lock/queue"
	"github.com/git-swarm/git-swarm/merge"
)

// staged is an entry of the queue as it would land: its commits are base..tip.
type staged struct {
	*queue.Entry
	base, tip string
	commits   int
	healed    []merge.Healed
	again     bool // it has landed by a push that was killed, which may have told of it
}

// stack is entries rebased one upon the other.
type stack []*staged

func (s stack) top() string { return s[len(s)-1].tip }

// addsNothing reports whether the target has all of it already, as where another clone
// has landed it and that is not known here yet.
func (s stack) addsNothing() bool { return s[0].base == s.top() }

// sessions are those whose work is in the stack.
func (s stack) sessions() (ids []string) {
	for _, one := range s {
		ids = append(ids, one.Session)
	}
	return ids
}

// compose rebases the entries upon the target's tip before, each on the one before it.
// One that does not fit on those before it, but on the target, waits for the next
// stack. One that does not even fit there is refused.
func (t *train) compose(ctx context.Context, before string, waiting []*queue.Entry) (stack, error) {
	return t.composeUpon(ctx, nil, before, waiting)
}

// composeUpon is compose upon what is made already.
func (t *train) composeUpon(ctx context.Context, made stack, before string, waiting []*queue.Entry) (stack, error) {
	base := before
	if len(made) > 0 {
		base = made.top()
	}
	for _, e := range waiting {
		if before == "" && len(made) > 0 { // there is nothing yet to rebase it from
			break
		}
		one, err := t.landedAlready(ctx, e, before)
		if err == nil && one != nil && e.Clone != "" {
			t.left[keyOf(e)] = true
			continue
		}
		if err == nil && one != nil {
			t.landed = append(t.landed, one)
			continue
		}
		if err == nil {
			one, err = t.stage(ctx, e, before, base)
		}
		if err != nil && base != before && ctx.Err() == nil {
			if _, alone := t.stage(ctx, e, before, before); alone == nil {
				continue
			} else {
				err = alone
			}
		}
		switch {
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case err != nil:
			if err := t.refuse(ctx, e, err); err != nil {
				return nil, err
			}
			continue
		}
		made = append(made, one)
		base = one.tip
	}
	return made, nil
}

// stage rebases one entry upon base, which is the target's tip before or a stack upon
// it, and asks its gate.
func (t *train) stage(ctx context.Context, e *queue.Entry, before, base string) (*staged, error) {
	if !t.isOwn(e) && !t.known(ctx, e.Tip) {
		return nil, &LostTipError{e.Tip}
	}
	if !t.isOwn(e) && e.Clone == "" {
		if err := t.atHome(ctx, e.Session); err != nil {
			return nil, err
		}
	}
	one := &staged{Entry: e, base: base, tip: e.Tip}
	var err error
	if base != "" {
		if one.tip, one.healed, err = t.rebased(ctx, e, before, base); err != nil {
			return nil, err
		}
	}
	if one.tip == base {
		return one, nil
	}
	if one.tip != e.Tip && t.isOwn(e) {
		if err := t.mayFollow(ctx, e.Tip, one.tip); err != nil {
			return nil, err
		}
	}
	if err := t.targetMayFollow(ctx, t.target, before, one.tip); err != nil {
		return nil, err
	}
	if one.commits, err = t.gained(ctx, &Landed{Target: t.target, Before: base, After: one.tip}); err != nil {
		return nil, err
	}
	if base != "" && !(t.AllowDeletions && t.isOwn(e)) { // another's own push knows what it may
		if err := t.checkDeletions(ctx, base, one.tip); err != nil {
			return nil, err
		}
	}
	if !(t.OverClaims && t.isOwn(e)) {
		if err := t.atDoor(ctx, e.Session, base, one.tip, e.Tip); err != nil {
			return nil, err
		}
	}
	if t.Gate != nil {
		if err := t.Gate(ctx, e.Session, base, one.tip); err != nil {
			return nil, &GateError{err}
		}
	}
	return one, nil
}

// mayFollow checks that our branch can follow to next, as long as it is where it was
// when it was put.
func (t *train) mayFollow(ctx context.Context, tip, next string) error {
	err := mayMove(ctx, t.Repo, tip, next)
	if err == nil {
		return nil
	}
	if now, failed := checkedOut(ctx, t.Repo); failed == nil && now.tip != tip {
		return nil
	}
	return err
}

// landedAlready is the entry as it has landed by a push whose end was not seen, nil
// if the target at before does not have it.
func (t *train) landedAlready(ctx context.Context, e *queue.Entry, before string) (*staged, error) {
	if before == "" {
		return nil, nil
	}
	if ahead, err := t.ancestor(ctx, before, e.Tip); err != nil || ahead && e.Tip != before {
		return nil, err
	}
	one := &staged{Entry: e, base: before, tip: before, again: true}
	if behind, err := t.ancestor(ctx, e.Tip, before); err != nil || behind {
		return one, err
	}
	old, next, err := t.lastLanded(ctx, e.Tip, e.Tried, before)
	if err != nil || old != e.Tip {
		return nil, err
	}
	if e.Base == "" || !t.known(ctx, e.Base) {
		return one, nil
	}
	one.base, one.tip, one.healed = e.Base, next, healedOf(e.Healed)
	one.commits, err = t.count(ctx, one.tip, "^"+one.base)
	return one, err
}

// LostTipError says that the commit that was put in the queue is gone.
type LostTipError struct{ Tip string }

func (e *LostTipError) Error() string {
	return fmt.Sprintf("the commit %.10s that was to land is gone from the repository", e.Tip)
}

// listSessions is "A", "A and B", "A, B and C".
func listSessions(ids []string) string {
	if len(ids) < 2 {
		return strings.Join(ids, "")
	}
	return strings.Join(ids[:len(ids)-1], ", ") + " and " + ids[len(ids)-1]
}
