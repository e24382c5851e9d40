package refstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/git-swarm/git-swarm/refstore/object"
)

// Shape is how a ref is built.
type Shape int

// The shapes of FORMAT.md.
const (
	TableShape Shape = iota
	JournalShape
	CursorShape
)

// Check reads the whole chain ref and returns what breaks its invariants, each
// as a *DamagedError, and how many commits were read. What a repair record sets
// aside breaks none. visit, if not nil, is called with each sound entry, newest
// first, repair records among them, to check what this package knows nothing of. A
// fault that it returns is the entry's, or that of the entry above which a
// *DamagedError names. An error ends the walk; a fault of one entry does not.
func (s *Store) Check(ctx context.Context, ref string, shape Shape, visit func(*Entry) error) (faults []error, read int, err error) {
	v, err := s.survey(ctx, ref, shape, visit)
	if err != nil {
		return nil, 0, err
	}
	for _, l := range v.links {
		if l.fault != nil {
			faults = append(faults, l.fault)
		}
		if l.read {
			read++
		}
	}
	if v.broken != nil {
		faults = append(faults, v.broken)
	}
	return faults, read, nil
}

// survey is a whole chain, newest first, and what is wrong with each commit.
type survey struct {
	ref    string
	tip    object.Hash
	broken error // a *DamagedError, if the ref holds no id
	links  []surveyed
}

type surveyed struct {
	id     object.Hash
	number int  // 0 if it is not known
	read   bool // there is such a commit
	lost   bool // a repair record that begins the chain anew
	aside  bool // by a repair record above
	fault  error

	epoch, reviews, tasks int // its counters, 0 if it has none
}

func (s *Store) survey(ctx context.Context, ref string, shape Shape, visit func(*Entry) error) (*survey, error) {
	v := &survey{ref: ref}
	var err error
	if v.tip, err = s.Tip(ctx, ref); err != nil {
		var damaged *DamagedError
		if errors.As(err, &damaged) {
			v.broken = err
			return v, nil
		}
		return nil, err
	}
	aside := map[object.Hash]bool{}
	var above *link // the one before l, if its number is still to be compared
	child := object.Hash("")
	for id := v.tip; id != ""; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		l, err := s.link(ctx, ref, id, child)
		if err != nil && l == nil || err != nil && !errors.Is(err, ErrVersion) {
			return nil, err
		}
		sl := surveyed{id: id, read: l.data != nil, aside: aside[id]}
		if err != nil {
			l.fault = err
		}
		if !sl.aside {
			sl.fault = l.fault
		}
		if l.entry != nil {
			sl.number, sl.lost = l.entry.Number, l.entry.Anew()
			sl.epoch, _ = l.entry.Counter(fieldEpoch)
			sl.reviews, _ = l.entry.Counter(fieldReviews)
			sl.tasks, _ = l.entry.Counter(fieldTasks)
			for _, id := range l.entry.setAside() {
				aside[id] = aside[id] || sl.fault == nil && !sl.aside
			}
			if visit != nil && !sl.aside {
				if err := visit(l.entry); err != nil && !v.blame(err) {
					sl.fault = v.fault(id, err)
				}
			}
		}
		if above != nil && !v.links[len(v.links)-1].aside && v.links[len(v.links)-1].fault == nil {
			v.links[len(v.links)-1].fault = above.follows(ref, l, aside)
		}
		v.links = append(v.links, sl)
		above = l
		child, id = id, l.parent()
	}
	if shape != CursorShape {
		v.count()
	}
	return v, nil
}

// blame notes a fault that names a commit above as the one that is damaged, and
// reports whether it does.
func (v *survey) blame(fault error) bool {
	var damaged *DamagedError
	if !errors.As(fault, &damaged) || damaged.ID == "" {
		return false
	}
	for i := len(v.links) - 1; i >= 0; i-- {
		if v.links[i].id == damaged.ID {
			if v.links[i].fault == nil {
				v.links[i].fault = fault
			}
			return true
		}
	}
	return false
}

func (v *survey) fault(id object.Hash, err error) error {
	var damaged *DamagedError
	if errors.As(err, &damaged) {
		return err
	}
	return &DamagedError{Ref: v.ref, ID: id, Err: err}
}

// count holds the numbers against each other, from the oldest commit on: each is
// one more than that of the commit below, or more than that of the newest sound
// one where there is damage between them, or where a repair record begins anew.
func (v *survey) count() {
	last := 0
	for i := len(v.links) - 1; i >= 0; i-- {
		l := &v.links[i]
		if l.aside || l.number == 0 {
			continue
		}
		due, exact := last+1, !l.lost
		if i+1 < len(v.links) {
			below := v.links[i+1]
			switch {
			case below.aside || below.number == 0:
				exact = false
			case below.number >= last:
				due = below.number + 1
			}
		}
		if l.number < due || exact && l.number > due {
			if l.fault == nil {
				l.fault = v.fault(l.id, fmt.Errorf("number %d where %d is due", l.number, due))
			}
			continue
		}
		if l.fault == nil {
			last = l.number
		}
	}
}
