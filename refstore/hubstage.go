package refstore

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/internal/redo"
	"github.com/git-swarm/git-swarm/refstore/internal/refs"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// has reports whether the commit is in the chain that ends at tip.
func (s *Store) has(ctx context.Context, ref string, tip, commit object.Hash) (bool, error) {
	if tip == "" || tip == commit {
		return tip == commit, nil
	}
	e, err := s.Entry(ctx, ref, commit)
	if err != nil {
		return false, err
	}
	return s.Walk(ctx, ref, tip, commit, func(above *Entry) bool { return above.Number > e.Number })
}

// mayFollow is errBehind unless tip, which is what the ref is here, has all that was
// fetched of it: on the hub the ref is never moved back.
func (s *Store) mayFollow(ctx context.Context, ref string, tip object.Hash) error {
	fetched, err := s.Tip(ctx, TrackingPrefix+hubName(ref))
	if err != nil || fetched == "" {
		return err
	}
	has, err := s.has(ctx, ref, tip, fetched)
	var damaged *DamagedError
	if err == nil && !has || errors.As(err, &damaged) {
		return errBehind
	}
	return err
}

// stage runs build on what is known here of the shared refs, and writes the objects
// that it makes, so that they can be pushed.
func (u *sharedUpdate) stage(ctx context.Context) (*stagedShared, error) {
	var staged *stagedShared
	err := u.store.retry(ctx, func(ctx context.Context) error {
		_, unlock, err := u.store.begin(ctx)
		if err != nil {
			return err
		}
		defer unlock()
		if staged, err = u.stageUpon(ctx, nil); err != nil {
			return err
		}
		return u.store.writer.Write(ctx, staged.objects)
	})
	return staged, err
}

// stageUpon runs build on what the shared refs will be once upon is on the hub. What it
// has staged includes that.
func (u *sharedUpdate) stageUpon(ctx context.Context, upon []HubUpdate) (*stagedShared, error) {
	tx, err := u.store.newTx(ctx, u.by, u.who)
	if err != nil {
		return nil, err
	}
	now, waiting := tx.view, map[string]object.Hash{}
	for _, p := range upon {
		if ref := localName(TrackingPrefix + p.Ref); classOf(ref) == sharedRef {
			waiting[ref] = p.New
		}
	}
	tx.view, tx.shared = pinnedView{now, waiting}, true
	if err := u.build(tx); err != nil {
		return nil, err
	}
	return u.collect(ctx, tx, now, upon)
}

// collect is what tx has staged for the hub, with all that is now here and not yet there,
// and with what it was staged upon.
func (u *sharedUpdate) collect(ctx context.Context, tx *Tx, now refs.View, upon []HubUpdate) (*stagedShared, error) {
	staged := &stagedShared{at: tx.at, objects: tx.objects, pinned: map[string]object.Hash{}, branch: tx.branch, chosen: tx.chosen}
	next := map[string]object.Hash{}   // by local name
	before := map[string]object.Hash{} // what they were
	here, err := now.List("refs/swarm/")
	if err != nil {
		return nil, err
	}
	for _, r := range here {
		if shared := u.store.sharedHere(r.Name); shared || r.Name == u.store.fromRef() {
			next[r.Name], before[r.Name] = r.Tip, r.Tip
			if shared {
				staged.pinned[r.Name] = r.Tip
			}
		}
	}
	tips := map[string]object.Hash{} // by the name on the hub
	for _, p := range upon {
		tips[p.Ref] = p.New
		if ref := localName(TrackingPrefix + p.Ref); classOf(ref) == sharedRef {
			next[ref], staged.pinned[ref] = p.New, p.New
		}
	}
	maps.Copy(tips, tx.carried)
	for _, c := range tx.order {
		if name, ok := tipsOf(c.ref); ok {
			tips[name] = c.tip
		}
		if class := classOf(c.ref); class == sharedRef || class == publishedRef {
			staged.publishes = staged.publishes || class == publishedRef
			next[c.ref] = c.tip
			staged.pinned[c.ref] = c.prev
			staged.moves = append(staged.moves, refs.Update{Ref: c.ref, Prev: c.prev, Next: c.tip, Reflog: refs.ReflogLine(u.who.name, u.who.email, tx.at)})
		}
	}
	for ref, tip := range next {
		tips[hubName(ref)] = tip
		if err := u.store.mayFollow(ctx, ref, before[ref]); err != nil {
			return nil, err
		}
	}
	connected := before[metaRef] != "" // a swarm that is being published is new to the hub
	for name, tip := range tips {
		old, err := now.Tip(TrackingPrefix + name)
		if err != nil {
			return nil, err
		}
		if was := before[localName(TrackingPrefix+name)]; was != "" && was != old && connected && name != hubName(u.store.fromRef()) {
			return nil, &HubRewoundError{name} // it is here, and the hub has less: who moved it back decides
		}
		if old != tip && (tip != "" || !u.keepsTips()) {
			staged.updates = append(staged.updates, HubUpdate{name, old, tip})
		}
	}
	slices.SortFunc(staged.updates, func(a, b HubUpdate) int { return strings.Compare(a.Ref, b.Ref) })
	return staged, nil
}

// apply makes here the change that the hub has made. What build stages of this
// clone's own refs is staged anew, for they may have moved since; of the shared ones
// it sees what it saw then, and what it staged then counts.
func (u *sharedUpdate) apply(ctx context.Context, staged *stagedShared) error {
	ctx = context.WithoutCancel(ctx)
	var refused error
	err := u.store.retry(ctx, func(ctx context.Context) error {
		log, unlock, err := u.store.begin(ctx)
		if err != nil {
			return err
		}
		defer unlock()
		tx, err := u.store.newTx(ctx, u.by, u.who)
		if err != nil {
			return err
		}
		now := tx.view
		tx.view, tx.at, tx.shared, tx.chosen = pinnedView{now, staged.pinned}, staged.at, true, staged.chosen
		r := &redo.Record{Objects: staged.objects}
		if refused = u.build(tx); refused == nil {
			r.Objects = append(r.Objects[:len(r.Objects):len(r.Objects)], tx.objects...)
		}
		if r.Updates, err = u.moved(ctx, now, staged); err != nil {
			return err
		}
		for _, c := range tx.order {
			if class := classOf(c.ref); refused == nil && class != sharedRef && class != publishedRef {
				r.Updates = append(r.Updates, c.update(tx))
			}
		}
		if len(r.Updates) == 0 {
			return nil
		}
		if err := u.store.apply(ctx, log, r); err != nil {
			return err
		}
		u.store.maintain(tx)
		return nil
	})
	if err != nil || refused != nil || len(staged.moves) == 0 {
		return errors.Join(err, refused)
	}
	return u.integrate(ctx) // what this clone itself has told its sessions
}

// moved are the moves of the shared refs here, and of the refs in which is kept what
// the hub has, so far as a fetch has not made them already.
func (u *sharedUpdate) moved(ctx context.Context, now refs.View, staged *stagedShared) (moves []refs.Update, err error) {
	for _, m := range staged.moves {
		tip, err := now.Tip(m.Ref)
		if err != nil {
			return nil, err
		}
		if tip == m.Prev {
			moves = append(moves, m)
		}
	}
	for _, p := range staged.updates {
		ref := TrackingPrefix + p.Ref
		tip, err := now.Tip(ref)
		if err != nil {
			return nil, err
		}
		if tip == p.Old && p.New != "" && len(staged.moves) > 0 {
			moves = append(moves, refs.Update{Ref: ref, Prev: tip, Next: p.New})
		}
	}
	return moves, nil
}
