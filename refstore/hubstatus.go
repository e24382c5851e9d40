package refstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// HubStatus is where this clone stands with its hub.
type HubStatus struct {
	Waiting []*Entry       // entries of this clone that are not on the hub yet, oldest first
	Clones  []string       // all that have joined
	Ahead   map[string]int // by clone, the entries that were fetched just now; "" for shared changes
}

// Behind is how much this clone was behind before it fetched.
func (st *HubStatus) Behind() (n int) {
	for _, m := range st.Ahead {
		n += m
	}
	return n
}

// HubStatus fetches, delivers what waits, and says where this clone stands after
// that. With an error, it is what is known without.
func (s *Store) HubStatus(ctx context.Context) (st HubStatus, err error) {
	before, failed := s.Refs(ctx, TrackingPrefix)
	if failed != nil {
		return st, failed
	}
	err = s.Refresh(ctx, true)
	st.Ahead, failed = s.ahead(ctx, before)
	err = cmp.Or(err, failed)
	st.Clones, failed = s.Clones(ctx)
	err = cmp.Or(err, failed)
	st.Waiting, failed = s.waiting(ctx)
	return st, cmp.Or(err, failed)
}

// ahead counts the entries that the hub's refs have gained since they were before.
func (s *Store) ahead(ctx context.Context, before []Ref) (map[string]int, error) {
	ahead := map[string]int{}
	after, err := s.Refs(ctx, TrackingPrefix)
	if err != nil {
		return nil, err
	}
	was := map[string]Ref{}
	for _, r := range before {
		was[r.Name] = r
	}
	for _, r := range after {
		ref := localName(r.Name)
		clone, _ := cloneOf(ref)
		if old := was[r.Name].Tip; old != r.Tip && clone != s.clone() && classOf(ref) != localRef {
			n := 0
			_, err := s.walk(ctx, ref, r.Tip, old, func(*DamagedError) bool { n++; return true }, func(*Entry) bool { n++; return n < maxAhead })
			if err != nil {
				return nil, fmt.Errorf("%s: %w", ref, err)
			}
			ahead[clone] += n
		}
	}
	return ahead, nil
}

// maxAhead is where the count of what one ref has gained ends.
const maxAhead = 10_000

// waiting are the entries of this clone that the hub does not have, as of the last
// fetch, oldest first.
func (s *Store) waiting(ctx context.Context) (entries []*Entry, err error) {
	tips, err := s.Tips(ctx, s.fromRef(), TrackingPrefix+hubName(s.fromRef()))
	if err != nil || tips[0] == "" {
		return nil, err
	}
	_, err = s.Walk(ctx, s.fromRef(), tips[0], tips[1], func(e *Entry) bool { entries = append(entries, e); return true })
	if err != nil {
		err = fmt.Errorf("%s: %w", s.fromRef(), err)
	}
	slices.Reverse(entries)
	return entries, err
}

// PublishedTo is where an entry of this clone that waits belongs: "context",
// or "inbox/<id>"; "" for one that is for the clones alone.
func PublishedTo(e *Entry) string { return e.Field(fieldTo) }
