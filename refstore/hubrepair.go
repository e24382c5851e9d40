package refstore

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/internal/refs"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// HubRepair is what RepairHub found of one ref of the hub.
type HubRepair struct {
	Ref     string   // as the hub names it
	Back    int      // changes that the hub had lost, and has again
	Removed int      // commits that were not as git swarm writes them, and are gone from it
	Owner   string   // the clone that alone can put the ref back; "" if this one may
	Lost    []*Entry // changes that only this clone has, oldest first: the hub has gone on without them
}

// RepairHub puts back what this clone has of the shared refs and the hub has not: what
// was moved back is pushed again, and what git swarm does not write is taken out, all at
// once and each from what it was. Where the hub has gone on without what was lost,
// nothing is put back: those changes are named. With giveUp this clone then follows
// the hub, and they are gone.
func (s *Store) RepairHub(ctx context.Context, giveUp bool) (done []HubRepair, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.opts.HubPatience, ErrBusy)
	defer cancel()
	turn, err := s.hubTurn(ctx)
	if err != nil {
		return nil, err
	}
	defer turn.end()
	if err := s.opts.Hub.Fetch(ctx, turn.file); err != nil {
		return nil, turn.failed(err)
	}
	var back []HubUpdate
	var follow []refs.Update
	names, err := s.repairable(ctx)
	if err != nil {
		return nil, err
	}
	for _, ref := range names {
		r, update, err := s.hubRepair(ctx, ref)
		if err != nil {
			return done, err
		}
		if r == nil {
			continue
		}
		done = append(done, *r)
		switch {
		case len(r.Lost) > 0 && giveUp && r.Owner == "":
			follow = append(follow, refs.Update{Ref: ref, Prev: update.New, Next: update.Old})
		case len(r.Lost) == 0 && r.Owner == "":
			back = append(back, *update)
		}
	}
	if len(back) > 0 {
		if err := turn.push(ctx, back); err != nil {
			return nil, err
		}
	}
	for _, u := range follow {
		if err := s.move(ctx, u); err != nil {
			return done, err
		}
	}
	err = turn.fetch(ctx)
	if len(done) > 0 && isHubFault(err) {
		err = nil // done says so
	}
	return done, err
}

// isHubFault reports whether err says only that the hub's refs are not as they should be.
func isHubFault(err error) bool {
	var rewound *HubRewoundError
	var damaged *HubDamagedError
	return errors.As(err, &rewound) || errors.As(err, &damaged)
}

// repairable are the shared refs, and those of other clones, that are here or on the
// hub, by their local names.
func (s *Store) repairable(ctx context.Context) (names []string, err error) {
	for _, prefix := range []string{"refs/swarm/", TrackingPrefix, appliedPrefix} {
		all, err := s.Refs(ctx, prefix)
		if err != nil {
			return nil, err
		}
		for _, r := range all {
			ref := "refs/swarm/" + strings.TrimPrefix(r.Name, prefix)
			if class := classOf(ref); class == sharedRef || class == publishedRef && ref != s.fromRef() {
				names = append(names, ref)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// hubRepair compares a ref here with the hub's; nil if nothing is to be repaired. update
// is from what the hub has to what it is to have, or to what is here.
func (s *Store) hubRepair(ctx context.Context, ref string) (r *HubRepair, update *HubUpdate, err error) {
	name, mark := hubName(ref), ref
	r = &HubRepair{Ref: name}
	if clone, _ := cloneOf(ref); clone != "" && clone != s.clone() {
		r.Owner, mark = clone, appliedPrefix+name
	}
	tips, err := s.Tips(ctx, mark, TrackingPrefix+name)
	if err != nil {
		return nil, nil, err
	}
	mine, theirs := tips[0], tips[1]
	update = &HubUpdate{name, theirs, mine}
	if mine == theirs || mine == "" && theirs == "" {
		return nil, nil, nil
	}
	sound, removed, found, err := s.soundPart(ctx, ref, theirs, mine)
	switch {
	case err != nil:
		return nil, nil, err
	case found && removed == 0:
		return nil, nil, nil // it has only gone on
	case found:
		r.Removed, update.New = removed, sound
		return r, update, nil
	}
	lost, behind, err := s.above(ctx, ref, mine, theirs)
	if err != nil {
		return nil, nil, err
	}
	if behind {
		r.Back = len(lost)
		return r, update, nil
	}
	common, err := s.Common(ctx, ref, theirs, mine)
	if err == nil && common.ID != "" {
		lost, _, err = s.above(ctx, ref, mine, common.ID)
	}
	slices.Reverse(lost)
	r.Lost = lost
	return r, update, err
}

// soundPart is the newest commit of the chain at tip below which, down to since, all is
// as git swarm writes it, and how many are above it; found is false if since is not in
// the chain.
func (s *Store) soundPart(ctx context.Context, ref string, tip, since object.Hash) (sound object.Hash, above int, found bool, err error) {
	if tip == "" {
		return "", 0, false, nil
	}
	sound = tip
	all, bad := 0, false
	next := false // the commit visited next is the newest below the damage
	found, err = s.walk(ctx, ref, tip, since, func(*DamagedError) bool {
		all++
		above, next, bad = all, true, true
		return all <= maxAside
	}, func(e *Entry) bool {
		all++
		if next {
			sound, next = e.ID, false
		}
		return true
	})
	if next { // nothing that it has is sound
		sound, found = since, err == nil
	}
	found = found || since == "" && err == nil
	if !bad {
		above = 0
	}
	return sound, above, found, err
}

// above are the entries from tip down to since, newest first; found is false if since is
// not in that chain.
func (s *Store) above(ctx context.Context, ref string, tip, since object.Hash) (entries []*Entry, found bool, err error) {
	found, err = s.Walk(ctx, ref, tip, since, func(e *Entry) bool {
		entries = append(entries, e)
		return true
	})
	return entries, found || since == "", err
}
