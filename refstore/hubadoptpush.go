package refstore

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// push has the hub take what is here, all at once.
func (d *adopter) push(ctx context.Context, a *Adoption) (staged []object.Object, err error) {
	s := d.store
	a.Nonce = s.clone() + " " + strconv.FormatUint(rand.Uint64(), 36)
	if err := errors.Join(file.Replace(s.hubFile("hub-joining"), []byte(a.Nonce), 0o666), d.save(a)); err != nil {
		return nil, err
	}
	s.opts.Failpoint("planned")
	staged, updates, err := d.stage(ctx, a)
	if err == nil {
		s.opts.Failpoint("staged")
		err = d.hubTurn.push(ctx, updates)
	}
	var unanswered *HubError
	if errors.As(err, &unanswered) && !unanswered.Unsent {
		return nil, &HubError{Err: unanswered.Err, InDoubt: true}
	}
	if err != nil {
		return nil, errors.Join(err, d.forget(a))
	}
	for _, u := range updates {
		a.theirs[localName(TrackingPrefix+u.Ref)] = u.New
	}
	return staged, nil
}

// stage writes the objects that the hub is to have.
func (d *adopter) stage(ctx context.Context, a *Adoption) ([]object.Object, []HubUpdate, error) {
	s := d.store
	tx, err := s.newTx(ctx, d.by, d.who)
	if err != nil {
		return nil, nil, err
	}
	pinned := map[string]object.Hash{s.fromRef(): "", s.toldRef(): a.theirs[s.toldRef()]}
	for _, refs := range []map[string]object.Hash{a.Tips, a.theirs} {
		for ref := range refs {
			if classOf(ref) == sharedRef {
				pinned[ref] = a.theirs[ref]
			}
		}
	}
	tx.view, tx.shared = pinnedView{tx.view, pinned}, true
	if _, err := tx.append(s.fromRef(), Entry{Label: labelJoin, Body: a.Nonce}); err != nil {
		return nil, nil, err
	}
	if err := d.publishSaid(tx, a.Name); err != nil {
		return nil, nil, err
	}
	if err := d.Share(tx, a); err != nil {
		return nil, nil, err
	}
	if err := d.save(a); err != nil { // Share has noted what came of it
		return nil, nil, err
	}
	updates, err := d.updates(ctx, tx, a)
	if err == nil {
		err = s.writer.Write(ctx, tx.objects)
	}
	return tx.objects, updates, err
}

// updates are the moves of the hub's refs: those that tx has staged, what is here and not
// there, and the commits under review.
func (d *adopter) updates(ctx context.Context, tx *Tx, a *Adoption) (updates []HubUpdate, err error) {
	staged := map[string]bool{}
	for _, c := range tx.order {
		staged[c.ref] = true
		updates = append(updates, HubUpdate{hubName(c.ref), c.prev, c.tip})
	}
	for ref, tip := range a.Tips {
		if classOf(ref) == sharedRef && !staged[ref] && a.theirs[ref] == "" {
			updates = append(updates, HubUpdate{hubName(ref), "", tip})
		}
	}
	pins, err := d.store.Refs(ctx, PinPrefix)
	if err != nil {
		return nil, err
	}
	for _, pin := range pins {
		name, ok := tipsOf(a.pin(pin.Name))
		if !ok {
			continue
		}
		old, err := d.store.Tip(ctx, TrackingPrefix+name)
		if err != nil {
			return nil, err
		}
		if old != pin.Tip {
			updates = append(updates, HubUpdate{name, old, pin.Tip})
		}
	}
	slices.SortFunc(updates, func(a, b HubUpdate) int { return strings.Compare(a.Ref, b.Ref) })
	return updates, nil
}

// pin is what the pin of a session is called from now on.
func (a *Adoption) pin(pin string) string {
	id, rest, _ := strings.Cut(strings.TrimPrefix(pin, PinPrefix), ".")
	if rest != "" {
		rest = "." + rest
	}
	return PinPrefix + a.Name(id) + rest
}

// ReplaceAt is Replace by another session, as of another time.
func (tx *Tx) ReplaceAt(ref, by string, at time.Time, e Entry) error {
	defer func(by string, now time.Time) { tx.by, tx.at = by, now }(tx.by, tx.at)
	tx.by, tx.at = by, at
	_, err := tx.Replace(ref, e)
	return err
}
