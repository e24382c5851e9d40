package lock

import (
	"context"
	"errors"
	"fmt"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// Fsck reads all claims and locks and their histories and returns what breaks
// the format, each as a *refstore.DamagedError, and how many commits were read.
func Fsck(ctx context.Context, b *bus.Bus) (faults []error, read int, err error) {
	faults, read, err = b.Store().Check(ctx, ClaimsRef, refstore.TableShape, nil)
	if err != nil {
		return faults, read, err
	}
	more, n, err := b.Store().Check(ctx, LocksRef, refstore.TableShape, lockEpochs(ctx, b))
	faults, read = append(faults, more...), read+n
	if err != nil {
		return faults, read, err
	}
	more, err = checkTips(ctx, b)
	var damaged *refstore.DamagedError
	if errors.As(err, &damaged) && len(faults) > 0 {
		err = nil // reported already
	}
	return append(faults, more...), read, err
}

// lockEpochs checks, from the newest commit on, that each has the lock in it, with
// an epoch that is its parent's or one more: the fault is the child's.
func lockEpochs(ctx context.Context, b *bus.Bus) func(*refstore.Entry) error {
	var child *refstore.Entry // the commit visited before, and the lock in it
	var above *pushState
	return func(e *refstore.Entry) error {
		table, err := b.Store().TableAt(ctx, LocksRef, e.ID)
		if err != nil {
			return err
		}
		s, err := pushIn(table)
		if err != nil {
			return err
		}
		if s == nil {
			child, above = nil, nil
			if e.Repair() { // nothing of it could be read
				return nil
			}
			return errors.New("no push lock")
		}
		if child != nil {
			err = follows(child, above, e, s)
		}
		child, above = e, s
		return err
	}
}

// follows says what is wrong with the epoch of a state of the lock above an older
// one: it may not fall, and from a parent to its child, other than a repair record,
// it rises by at most one.
func follows(newer *refstore.Entry, s *pushState, older *refstore.Entry, was *pushState) error {
	if s.Epoch >= was.Epoch && (s.Epoch <= was.Epoch+1 || newer.Repair() || newer.Number != older.Number+1) {
		return nil
	}
	return &refstore.DamagedError{Ref: LocksRef, ID: newer.ID, Err: fmt.Errorf("push lock: epoch %d after %d", s.Epoch, was.Epoch)}
}

// checkTips decodes what is stored at the tips.
func checkTips(ctx context.Context, b *bus.Bus) (faults []error, err error) {
	faults, err = checkClaims(ctx, b)
	if err != nil {
		return faults, err
	}
	locks, err := b.Store().WholeTable(ctx, LocksRef)
	if err != nil {
		return faults, err
	}
	failed := locks.Below("", func(path string, _ []byte) bool {
		if path != pushPath {
			faults = append(faults, &refstore.DamagedError{Ref: LocksRef, Path: path, Err: errors.New("unknown lock")})
		}
		return true
	})
	if failed != nil {
		faults = append(faults, failed)
	}
	return faults, nil
}

func checkClaims(ctx context.Context, b *bus.Bus) (faults []error, err error) {
	epoch, err := epochAtTip(ctx, b)
	if err != nil {
		return nil, err
	}
	table, err := b.Store().WholeTable(ctx, ClaimsRef)
	if err != nil {
		return nil, err
	}
	failed := table.Below("", func(path string, content []byte) bool {
		if err := checkClaim(path, content, epoch); err != nil {
			faults = append(faults, err)
		}
		return true
	})
	if failed != nil {
		faults = append(faults, failed)
	}
	return faults, nil
}

// checkClaim decodes one claim, whose epoch must not be above that of the tip.
func checkClaim(path string, content []byte, highest int) error {
	claim, err := decodeClaim(path, content)
	if err != nil {
		return err
	}
	if clean, err := CleanPath(path); err != nil || clean != path {
		return &refstore.DamagedError{Ref: ClaimsRef, Path: path, Err: errors.New("not a path that can be claimed")}
	}
	if claim.Epoch > highest {
		return &refstore.DamagedError{Ref: ClaimsRef, Path: path, Err: fmt.Errorf("epoch %d was never granted", claim.Epoch)}
	}
	return nil
}

// epochAtTip returns the highest epoch granted, 0 before the first.
func epochAtTip(ctx context.Context, b *bus.Bus) (int, error) {
	tip, err := b.Store().Tip(ctx, ClaimsRef)
	if err != nil || tip == "" {
		return 0, err
	}
	last, err := b.Store().Entry(ctx, ClaimsRef, tip)
	if err != nil {
		return 0, err
	}
	epoch, _ := last.Counter(fieldEpoch) // Fsck has reported its error
	return epoch, nil
}
