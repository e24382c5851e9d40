package land

import (
	"cmp"
	"context"
	"errors"
	"os"
	"slices"

	"github.com/git-swarm/git-swarm/lock/queue"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// Where a clone has to wait for its turn on the hub, it may let the others land what
// waits in it (Lander.Rules). Who has the turn lands that along with its own, by the push
// that lands its own: in that push the offer, which is on the hub, is marked as landed,
// and so it is landed once, or not at all where its clone has taken it back. No other
// clone refuses what is offered: it leaves it to the clone whose it is.

// withOthers reports whether this clone lands for others, and has others land for it.
func (t *train) withOthers() bool {
	return t.Rules != "" && t.AtHub && t.Bus.Store().Clone() != ""
}

// prepareOffers is the first half of offering: from then on each change of those entries
// looks at the hub, whether another clone was first.
func (t *train) prepareOffers(ctx context.Context) (more bool, err error) {
	if !t.withOthers() || t.keepsOwn {
		return false, nil
	}
	all, err := queue.Entries(ctx, t.Bus)
	if err != nil {
		return false, err
	}
	offers, err := queue.Offers(ctx, t.Bus)
	if err != nil {
		return false, err
	}
	own := t.Bus.Store().Clone()
	for _, e := range all {
		there := func(o *queue.Offer) bool { return o.Of(e, own) }
		if !t.mayOffer(e) || slices.ContainsFunc(offers, there) {
			continue
		}
		if err := queue.Prepare(ctx, t.Bus, e); err != nil {
			return false, err
		}
		more = true
	}
	return more, nil
}

// mayOffer reports whether other clones may land the entry.
func (t *train) mayOffer(e *queue.Entry) bool {
	return !e.Decided() && t.isFor(e) && e.Status == 0 && !t.leaves(e) && !(t.isOwn(e) && (t.AllowDeletions || t.OverClaims))
}

// offerIn is the other half of offering, within a transaction.
func (t *train) offerIn(tx *refstore.Tx) error {
	if !t.withOthers() || t.keepsOwn {
		return nil
	}
	c, err := queue.Begin(tx)
	if err != nil {
		return err
	}
	return c.Offer(t.Rules, t.mayOffer)
}

// others are the entries of other clones that this one may land, in their order.
func (t *train) others(ctx context.Context) (all []*queue.Entry, err error) {
	if !t.withOthers() {
		return nil, nil
	}
	offers, err := queue.Offers(ctx, t.Bus)
	if err != nil {
		return nil, err
	}
	own := t.Bus.Store().Clone()
	for _, o := range offers {
		e := o.Entry()
		if o.Clone == own || o.By != "" || o.Target != t.target.Branch || o.Rules != t.Rules || t.leaves(e) || !t.known(ctx, o.Tip) {
			continue
		}
		e.Remote = t.target.Remote
		s, err := t.Bus.Session(ctx, o.Session)
		var unknown *bus.UnknownSessionError
		if errors.As(err, &unknown) || err == nil && s.Host != o.Clone {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, nil
}

// landOther stages that an entry of another clone has landed. Where that is no longer so,
// nothing of the stack lands.
func (t *train) landOther(tx *refstore.Tx, c *queue.Change, one *staged) error {
	home, err := bus.HomeIn(tx, one.Session)
	if err == nil && home != one.Clone {
		err = errMoved
	}
	if err == nil {
		err = c.LandOffer(one.Entry, one.base, one.tip, one.commits, healedLines(one.healed))
	}
	if errors.Is(err, queue.ErrRecalled) {
		err = errMoved
	}
	return err
}

// leaveToOwner has an entry of another clone wait for that, which refuses it or finds
// that it lands there.
func (t *train) leaveToOwner(e *queue.Entry, why error) {
	t.left[keyOf(e)] = true
	var failure *VerifyError
	if errors.As(why, &failure) {
		_ = os.Remove(failure.Log)
		t.dropped = append(t.dropped, e)
	}
}

// atHome refuses what a session has put here that another clone is the home of since.
func (t *train) atHome(ctx context.Context, session string) error {
	err := t.Bus.CheckHome(ctx, session)
	if errors.Is(err, refstore.ErrNotExist) {
		return nil
	}
	return err
}

// recallOwn takes back, within the transaction that lands them, the offers of what is
// this clone's in the stack, and those of clones that their sessions were at home in
// before. errMoved says that another clone was first, or is the home of a session by now.
func (t *train) recallOwn(tx *refstore.Tx, c *queue.Change, made stack) error {
	for _, one := range made {
		if one.Clone != "" {
			continue
		}
		if moved, err := bus.Elsewhere(tx, one.Session); err != nil || moved {
			return cmp.Or(err, errMoved)
		}
		landed, err := c.Recall(one.Session)
		if err != nil {
			return err
		}
		if landed != nil && landed.Tip == one.Entry.Tip {
			return errMoved
		}
		if err := c.Void(one.Session); err != nil {
			return err
		}
	}
	return nil
}

// forsake ends, after a landing, that changes of the entries look at the hub.
func (t *train) forsake(ctx context.Context, made stack) {
	for _, one := range made {
		if one.Clone == "" {
			_ = queue.Forsake(ctx, t.Bus, one.Session)
		}
	}
}

// unpinGuests ends what kept rebases of other clones' work here.
func (t *train) unpinGuests(ctx context.Context) {
	for _, session := range t.guests {
		_ = t.Bus.Store().Unpin(ctx, landingPin(session), "")
	}
	t.guests = nil
}

// landedElsewhere reports whether another clone has landed one that waits here, and
// notes with each what it has become.
func (t *train) landedElsewhere(ctx context.Context, waiting []*queue.Entry) (found []*queue.Entry, err error) {
	own := t.Bus.Store().Clone()
	if !t.AtHub || own == "" {
		return nil, nil
	}
	offers, err := queue.Offers(ctx, t.Bus)
	if err != nil {
		return nil, err
	}
	for _, o := range offers {
		for _, e := range waiting {
			if o.By != "" && o.Of(e, own) {
				o.Note(e)
				found = append(found, e)
			}
		}
	}
	return found, nil
}

// takeBack writes what other clones have landed of what waits here. done is false if
// none have.
func (t *train) takeBack(ctx context.Context, waiting []*queue.Entry) (done bool, err error) {
	found, err := t.landedElsewhere(ctx, waiting)
	if err != nil || len(found) == 0 {
		return false, err
	}
	before, err := t.fetch(ctx, t.target)
	if err != nil {
		return false, err
	}
	var gone []*queue.Entry
	for _, e := range found {
		one, err := t.landedAlready(ctx, e, before)
		if err != nil {
			return false, err
		}
		if one == nil {
			gone = append(gone, e)
			continue
		}
		t.landed = append(t.landed, one)
	}
	if len(gone) > 0 { // the target was moved back since: what is offered counts for nothing
		err := t.lease.RenewWith(ctx, func(tx *refstore.Tx) error {
			c, err := queue.Begin(tx)
			for _, e := range gone {
				if err == nil {
					_, err = c.Recall(e.Session)
				}
			}
			if err != nil {
				return err
			}
			return c.Record("offers")
		})
		if err != nil {
			return false, err
		}
	}
	return true, t.write(ctx)
}

// landedElsewhereAny reports whether another clone has landed one that waits here, by what
// is known here.
func (t *train) landedElsewhereAny(ctx context.Context) (bool, error) {
	if !t.withOthers() {
		return false, nil
	}
	waiting, err := t.waiting(ctx)
	if err != nil {
		return false, err
	}
	found, err := t.landedElsewhere(ctx, waiting)
	return len(found) > 0, err
}
