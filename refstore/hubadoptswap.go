package refstore

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/internal/redo"
	"github.com/git-swarm/git-swarm/refstore/internal/refs"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// swap makes the refs here, in one transaction, what they are in a clone of the hub that
// has published what was here.
func (d *adopter) swap(ctx context.Context, a *Adoption, log *redo.Log, pushed []object.Object) error {
	s := d.store
	tx, err := s.newTx(ctx, d.by, d.who)
	if err != nil {
		return err
	}
	now := tx.view
	pinned := map[string]object.Hash{}
	for ref := range a.Tips {
		if classOf(ref) == viewRef {
			pinned[ref] = ""
		}
	}
	for ref, tip := range a.theirs {
		if class := classOf(ref); class == sharedRef || class == publishedRef {
			pinned[ref] = tip
		}
	}
	tx.view, tx.shared = pinnedView{now, pinned}, true
	if err := d.takeOwn(ctx, tx, a); err != nil {
		return err
	}
	position, err := d.positions(ctx, tx, a)
	if err != nil {
		return err
	}
	if err := d.Keep(tx, a, position); err != nil {
		return err
	}
	r := &redo.Record{Objects: append(slices.Clip(pushed), tx.objects...)}
	if r.Updates, err = d.moves(ctx, tx, now, a); err != nil {
		return err
	}
	return s.apply(ctx, log, r)
}

// takeOwn puts what this clone has published into the journals here, which begin with it.
func (d *adopter) takeOwn(ctx context.Context, tx *Tx, a *Adoption) error {
	s := d.store
	own, err := s.journal(ctx, s.fromRef(), a.theirs[s.fromRef()])
	if err != nil {
		return err
	}
	for _, e := range own {
		if PublishedTo(e.entry) == "" {
			continue
		}
		err := tx.take(&incomingEntry{entry: e.entry, data: e.data, origin: originOf(s.clone(), false, e.entry.Number)})
		if err != nil && !errors.Is(err, errSkip) {
			return err
		}
	}
	return nil
}

// positions finds the entries of the journals as they were in what takeOwn has staged:
// they are the same, in the same order, but for repair records.
func (d *adopter) positions(ctx context.Context, tx *Tx, a *Adoption) (Position, error) {
	was, is := map[string][]int{}, map[string][]object.Hash{}
	for ref, tip := range a.Tips {
		if classOf(ref) != viewRef {
			continue
		}
		old, err := d.store.journal(ctx, ref, tip)
		if err != nil {
			return nil, err
		}
		for _, e := range old {
			was[ref] = append(was[ref], e.entry.Number)
		}
	}
	staged := map[object.Hash]object.Object{}
	for _, o := range tx.objects {
		staged[o.ID] = o
	}
	for _, c := range tx.order {
		for at := c.tip; at != ""; {
			is[c.ref] = append(is[c.ref], at)
			data, err := d.store.repo.Algo.DecodeCommit(staged[at].Content)
			if err != nil {
				return nil, err
			}
			at = data.Parent()
		}
		slices.Reverse(is[c.ref])
	}
	return func(ref string, number int) (int, object.Hash) {
		n, found := slices.BinarySearch(was[ref], number)
		if found {
			n++
		}
		ids := is[renamedView(ref, a.Name)]
		if n = min(n, len(ids)); n == 0 {
			return 0, ""
		}
		return n, ids[n-1]
	}, nil
}

// moves are those of the refs here. What they were is kept, and comes first: nothing is
// without a ref at any moment.
func (d *adopter) moves(ctx context.Context, tx *Tx, now refs.View, a *Adoption) (moves []refs.Update, err error) {
	next := map[string]object.Hash{}
	for _, c := range tx.order {
		next[c.ref] = c.tip
	}
	for ref, tip := range a.theirs {
		switch class := classOf(ref); {
		case class == sharedRef && d.store.sharedHere(ref), ref == d.store.fromRef():
			next[ref] = tip
			next[TrackingPrefix+hubName(ref)] = tip
		}
	}
	pins, err := d.store.Refs(ctx, PinPrefix)
	if err != nil {
		return nil, err
	}
	for _, pin := range pins {
		if name := a.pin(pin.Name); name != pin.Name {
			next[name] = pin.Tip
		}
	}
	var names []string
	for ref := range next {
		names = append(names, ref)
	}
	slices.Sort(names)
	for ref, tip := range a.Tips {
		if kept := classOf(ref) == sharedRef || classOf(ref) == viewRef || strings.HasPrefix(ref, notesPrefix); kept && next[ref] != tip {
			moves = append(moves, refs.Update{Ref: a.kept(ref), Next: tip})
		}
	}
	slices.SortFunc(moves, func(a, b refs.Update) int { return strings.Compare(a.Ref, b.Ref) })
	line := refs.ReflogLine(d.who.name, d.who.email, tx.at)
	for _, ref := range names {
		prev, err := now.Tip(ref)
		if err != nil {
			return nil, err
		}
		if prev != next[ref] {
			moves = append(moves, refs.Update{Ref: ref, Prev: prev, Next: next[ref], Reflog: line})
		}
	}
	return moves, nil
}

// kept is the ref that keeps what another was.
func (a *Adoption) kept(ref string) string {
	return "refs/swarm-lost/" + strconv.FormatInt(a.At, 10) + "/" + strings.TrimPrefix(ref, "refs/")
}

// Kept begins the names of the refs that keep what was here.
func (a *Adoption) Kept() string { return a.kept("refs/") }

// deleteOld deletes what is under the old names here: the inboxes, cursors and pins of
// sessions that have another now. The hub's sessions of those names begin with their own.
func (d *adopter) deleteOld(ctx context.Context, a *Adoption) error {
	s := d.store
	var old []Ref
	for ref, tip := range a.Tips {
		id, seen := strings.CutPrefix(ref, "refs/swarm/seen/")
		if classOf(ref) != viewRef && !(seen && a.Renamed[id] != "") {
			continue
		}
		now, err := s.Tip(ctx, ref)
		if err != nil {
			return err
		}
		if now == tip { // the others were put in order by swap
			old = append(old, Ref{Name: ref, Tip: tip})
		}
	}
	pins, err := s.Refs(ctx, PinPrefix)
	if err != nil {
		return err
	}
	for _, pin := range pins {
		if a.pin(pin.Name) != pin.Name {
			old = append(old, pin)
		}
	}
	slices.SortFunc(old, func(a, b Ref) int { return strings.Compare(a.Name, b.Name) })
	_, err = s.deleteRefs(ctx, old)
	return err
}
