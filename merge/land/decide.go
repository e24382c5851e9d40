package land

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/lock/queue"
	"github.com/git-swarm/git-swarm/merge"
	"github.com/git-swarm/git-swarm/merge/heal"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// write writes which entries have landed. If our own is decided that is left to end.
func (t *train) write(ctx context.Context) error {
	for _, one := range t.landed {
		if t.isOwn(one.Entry) {
			t.result = t.landedOf(one)
		}
	}
	if t.decided() || len(t.landed) == 0 && t.bad == nil {
		return nil
	}
	t.endRenewing()
	close := t.closing(ctx)
	if err := t.lease.RenewWith(ctx, func(tx *refstore.Tx) error { return errors.Join(t.decisions(tx), close(tx)) }); err != nil {
		return err
	}
	t.pushing, t.clones = nil, nil
	t.tellForOthers(ctx)
	return nil
}

// end gives up the locks, takes our own entry out, and writes which others have landed,
// in one transaction. If another is the conductor, the rest is written all the same: it
// is so.
func (t *train) end(ctx context.Context) error {
	close := t.closing(ctx)
	all := func(tx *refstore.Tx) error {
		if err := errors.Join(t.decisions(tx), close(tx)); err != nil {
			return err
		}
		return t.removeOwn(tx)
	}
	t.endRenewing()
	err := t.lease.ReleaseWith(ctx, all)
	if errors.Is(err, lock.ErrLost) {
		err = t.Bus.Update(ctx, t.Session, func(tx *refstore.Tx, _ string) error { return all(tx) })
	}
	t.leaveLine(ctx)
	t.unpinGuests(ctx)
	if err == nil {
		t.tellForOthers(ctx)
	}
	return err
}

// endRenewing ends the renewing of the locks that decisions gives up.
func (t *train) endRenewing() {
	if t.pushing != nil {
		t.pushing.End()
	}
	if t.clones != nil {
		t.clones.lease.End()
	}
}

func (t *train) removeOwn(tx *refstore.Tx) error {
	if t.own == nil {
		return nil
	}
	c, err := queue.Begin(tx)
	if err != nil {
		return err
	}
	now, err := c.Find(t.own.Session)
	if err != nil || now == nil || now.Number != t.own.Number {
		return err
	}
	if t.result == nil { // what another clone has landed of it, the session's next push finds
		if elsewhere, err := c.Elsewhere(t.own.Session); err != nil || elsewhere != nil {
			return err
		}
	}
	if err := c.Remove(t.own.Session); err != nil {
		return err
	}
	return c.Record(t.own.Session + " is out")
}

// decisions gives up the push lock, lets other clones in, and stages which of the
// others have landed, with a message to those for whom no process waits.
func (t *train) decisions(tx *refstore.Tx) error {
	c, err := queue.Begin(tx)
	if err != nil {
		return err
	}
	if t.pushing != nil {
		if err := t.pushing.ReleaseIn(tx); err != nil {
			return err
		}
	}
	if t.clones != nil {
		if err := t.clones.lease.ReleaseIn(tx); err != nil {
			return err
		}
	}
	var ids []string
	for _, one := range t.landed {
		if one.Clone != "" {
			if err := t.landOther(tx, c, one); err != nil {
				return err
			}
			continue
		}
		now, err := c.Find(one.Session)
		if err != nil {
			return err
		}
		if t.isOwn(one.Entry) || now == nil || now.Number != one.Number || now.Decided() {
			continue
		}
		if now.Tip != one.Entry.Tip { // another tip was put meanwhile: what is new of it is still to land
			now.Try(one.Entry.Tip, one.tip)
			if err := c.Set(now); err != nil {
				return err
			}
			continue
		}
		ids = append(ids, one.Session)
		now.Status, now.Upon = 0, nil
		now.Base, now.After, now.Commits, now.Healed = one.base, one.tip, one.commits, healedLines(one.healed)
		if err := c.Move(now, queue.Landed); err != nil {
			return err
		}
		if now.Attended(t.Bus) {
			continue
		}
		body := fmt.Sprintf("your %s landed on %s as %.10s; git swarm sync lets the branch follow", nameOf(now), t.target, one.tip)
		if err := tellOwner(tx, c, now, body); err != nil {
			return err
		}
	}
	what := "landed " + listSessions(ids)
	if len(ids) == 0 {
		what = "next"
	}
	return errors.Join(t.markBad(c), c.Record(what))
}

// markBad has the entry with which the verify command began to fail tried once more,
// by whoever lands next.
func (t *train) markBad(c *queue.Change) error {
	if t.bad == nil {
		return nil
	}
	now, err := c.Find(t.bad.entry.Session)
	if err != nil || now == nil || now.Number != t.bad.entry.Number || now.Tip != t.bad.entry.Tip || now.Decided() {
		return err
	}
	now.Status, now.Upon = t.bad.status, t.bad.upon
	return c.Move(now, queue.Waiting)
}

// nameOf is what was put, as a message names it.
func nameOf(e *queue.Entry) string {
	if e.Branch == "" {
		return fmt.Sprintf("%.10s", e.Tip)
	}
	return e.Branch
}

// notify stages a message, if there is such a session.
func notify(tx *refstore.Tx, to, body string) error {
	_, err := bus.Notify(tx, to, strings.ToValidUTF8(body, "\ufffd"))
	var unknown *bus.UnknownSessionError
	if errors.As(err, &unknown) {
		return nil
	}
	return err
}

// tellOwner stages a message to the session of an entry that is decided. The entry of a
// session that is no more is taken out: its own push never will.
func tellOwner(tx *refstore.Tx, c *queue.Change, e *queue.Entry, body string) error {
	_, err := bus.Notify(tx, e.Session, strings.ToValidUTF8(body, "\ufffd"))
	var unknown *bus.UnknownSessionError
	if errors.As(err, &unknown) {
		return c.Remove(e.Session)
	}
	return err
}

// tellForOthers tells those whom the landings concern for which no process waits, as
// their own push would. What fails is told by the sessions' next pushes or pulls.
func (t *train) tellForOthers(ctx context.Context) {
	for _, one := range t.landed {
		if t.isOwn(one.Entry) || one.Clone != "" || one.Attended(t.Bus) {
			continue
		}
		l := *t.Lander
		l.Session = one.Session
		_ = l.tell(ctx, t.landedOf(one))
		_ = l.unmarkBlocked(ctx)
	}
	t.landed = nil
}

// refuse decides that an entry does not land. Our own is returned by the push. Another
// whose process waits finds out itself, with all that is to be said of it, when it is
// its turn; but what the verify command has refused, it is told.
func (t *train) refuse(ctx context.Context, e *queue.Entry, why error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var failure *VerifyError
	if e.Clone != "" {
		t.leaveToOwner(e, why)
		return nil
	}
	if errors.As(why, &failure) {
		t.blame(failure, e.Session)
	}
	if t.isOwn(e) {
		t.failed = why
		return nil
	}
	t.left[keyOf(e)] = true
	if failure == nil && e.Attended(t.Bus) {
		return nil
	}
	line, _, _ := strings.Cut(strings.ToValidUTF8(why.Error(), "\ufffd"), "\n")
	err := t.lease.RenewWith(ctx, func(tx *refstore.Tx) error {
		c, err := queue.Begin(tx)
		if err != nil {
			return err
		}
		now, err := c.Find(e.Session)
		if err != nil || now == nil || now.Number != e.Number || now.Tip != e.Tip || now.Decided() {
			return err
		}
		now.Why = line
		if failure != nil {
			now.Status, now.Upon, now.Log, now.Tail = failure.Status, failure.Upon, failure.Log, failure.Tail
			now.Healed = failure.Healed
		}
		if err := c.Move(now, queue.Refused); err != nil {
			return err
		}
		if !now.Attended(t.Bus) {
			if err := tellOwner(tx, c, now, fmt.Sprintf("your %s did not land on %s: %s", nameOf(now), t.target, line)); err != nil {
				return err
			}
		}
		return c.Record("refused " + now.Session)
	})
	if errors.Is(err, queue.ErrLanding) { // another clone was first
		delete(t.left, keyOf(e))
		return errMoved
	}
	if err == nil && !e.Attended(t.Bus) {
		l := *t.Lander
		l.Session = e.Session
		_ = l.markBlocked(ctx, why)
		_ = l.notifyConflict(ctx, why)
	}
	return err
}

// healedLines is how healed files stand in an entry: "RULE,RULE PATH".
func healedLines(all []merge.Healed) (lines []string) {
	for _, h := range all {
		path := strings.ToValidUTF8(h.Path, "\ufffd")
		if quoted := quotePath(h.Path); quoted != h.Path || strings.HasPrefix(path, `"`) {
			path = strconv.Quote(h.Path)
		}
		lines = append(lines, strings.Join(h.Rules(), ",")+" "+path)
	}
	return lines
}

// healedOf reads what healedLines wrote: so much of it as says what was healed, and how.
func healedOf(lines []string) (all []merge.Healed) {
	for _, line := range lines {
		rules, path, ok := strings.Cut(line, " ")
		if !ok {
			continue
		}
		if plain, err := strconv.Unquote(path); err == nil {
			path = plain
		}
		h := merge.Healed{Path: path, Whole: true}
		for rule := range strings.SplitSeq(rules, ",") {
			h.Result.Regions = append(h.Result.Regions, heal.Region{Rule: rule})
		}
		all = append(all, h)
	}
	return all
}
