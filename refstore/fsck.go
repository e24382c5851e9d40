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
// as a *DamagedError, and how many commits were read. visit, if not nil, is
// called with each entry, newest first, to check what this package knows
// nothing of. An error ends the walk; a fault of one entry does not.
func (s *Store) Check(ctx context.Context, ref string, shape Shape, visit func(*Entry) error) (faults []error, read int, err error) {
	tip, err := s.Tip(ctx, ref)
	if err != nil {
		var damaged *DamagedError
		if errors.As(err, &damaged) {
			return []error{err}, 0, nil
		}
		return nil, 0, err
	}
	want := 0
	fault := func(id object.Hash, err error) {
		var damaged *DamagedError
		if !errors.As(err, &damaged) {
			err = &DamagedError{Ref: ref, ID: id, Err: err}
		}
		faults = append(faults, err)
	}
	for id := tip; id != ""; {
		if err := ctx.Err(); err != nil {
			return faults, read, err
		}
		c, e, err := s.commit(ctx, ref, id)
		if err != nil {
			fault(id, err)
			return faults, read, nil // what is below cannot be reached
		}
		read++
		for _, err := range s.checkCommit(c, e, shape, want) {
			fault(id, err)
		}
		if visit != nil {
			if err := visit(e); err != nil {
				fault(id, err)
			}
		}
		want = e.Number - 1
		id = c.Parent()
	}
	return faults, read, nil
}

// checkCommit holds one commit against the invariants of its shape. want is the
// number that is due, 0 at the tip.
func (s *Store) checkCommit(c *object.CommitData, e *Entry, shape Shape, want int) (faults []error) {
	if want > 0 && e.Number != want {
		faults = append(faults, fmt.Errorf("number %d where %d is due", e.Number, want))
	}
	switch {
	case len(c.Parents) > 1:
		faults = append(faults, fmt.Errorf("%d parents", len(c.Parents)))
	case shape == CursorShape && len(c.Parents) > 0:
		faults = append(faults, errors.New("a cursor with a parent"))
	case shape != CursorShape && (len(c.Parents) == 0) != (e.Number == 1):
		faults = append(faults, fmt.Errorf("number %d with %d parents", e.Number, len(c.Parents)))
	}
	if empty := s.repo.Algo.EmptyTree(); shape != TableShape && c.Tree != empty {
		faults = append(faults, fmt.Errorf("tree %s where the empty tree belongs", c.Tree.Short()))
	}
	return faults
}
