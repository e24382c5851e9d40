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
	for _, ref := range lockRefs {
		more, n, err := b.Store().Check(ctx, ref, refstore.TableShape, lockEpochs(ctx, b, ref))
		faults, read = append(faults, more...), read+n
		if err != nil {
			return faults, read, err
		}
	}
	for _, ref := range []string{ReleasesRef, TurnsRef} {
		more, n, err := b.Store().Check(ctx, ref, refstore.TableShape, nil)
		faults, read = append(faults, more...), read+n
		if err != nil {
			return faults, read, err
		}
	}
	more, err := checkTips(ctx, b)
	var damaged *refstore.DamagedError
	if errors.As(err, &damaged) && len(faults) > 0 {
		err = nil // reported already
	}
	return append(faults, more...), read, err
}

// lockRefs are the tables of locks.
var lockRefs = []string{LocksRef, ConductorsRef}

// lockEpochs checks, from the newest commit on, that each has a lock in it, and that
// the epoch of each lock is that of the parent or one more: the fault is the child's.
func lockEpochs(ctx context.Context, b *bus.Bus, ref string) func(*refstore.Entry) error {
	var child *refstore.Entry // the commit visited before, and the locks in it
	var above map[string]*pushState
	return func(e *refstore.Entry) error {
		table, err := b.Store().TableAt(ctx, ref, e.ID)
		if err != nil {
			return err
		}
		all, err := locksIn(ref, table)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			child, above = nil, nil
			if e.Repair() { // nothing of it could be read
				return nil
			}
			return errors.New("no push lock")
		}
		for path, s := range all {
			if newer := above[path]; newer != nil {
				err = errors.Join(err, (&PushLock{ref: ref, path: path}).follows(child, newer, e, s))
			}
		}
		child, above = e, all
		return err
	}
}

// locksIn are the states of all locks in the table, by their paths.
func locksIn(ref string, table *refstore.Table) (all map[string]*pushState, err error) {
	all = map[string]*pushState{}
	failed := table.Below("", func(path string, content []byte) bool {
		if known(path) {
			all[path], err = decodePush(ref, path, content)
		}
		return err == nil
	})
	return all, errors.Join(err, failed)
}

// follows says what is wrong with the epoch of a state of the lock above an older
// one: it may not fall, and from a parent to its child, other than a repair record,
// it rises by at most one.
func (p *PushLock) follows(newer *refstore.Entry, s *pushState, older *refstore.Entry, was *pushState) error {
	if s.Epoch >= was.Epoch && (s.Epoch <= was.Epoch+1 || newer.Repair() || newer.Number != older.Number+1) {
		return nil
	}
	return &refstore.DamagedError{Ref: p.ref, ID: newer.ID, Err: fmt.Errorf("%s: epoch %d after %d", p.name(), s.Epoch, was.Epoch)}
}

// checkTips decodes what is stored at the tips.
func checkTips(ctx context.Context, b *bus.Bus) (faults []error, err error) {
	faults, err = checkClaims(ctx, b)
	if err != nil {
		return faults, err
	}
	for _, ref := range lockRefs {
		locks, err := b.Store().WholeTable(ctx, ref)
		if err != nil {
			return faults, err
		}
		failed := locks.Below("", func(path string, _ []byte) bool {
			if !known(path) {
				faults = append(faults, &refstore.DamagedError{Ref: ref, Path: path, Err: errors.New("unknown lock")})
			}
			return true
		})
		if failed != nil {
			faults = append(faults, failed)
		}
	}
	for ref, check := range map[string]func(string, []byte) error{ReleasesRef: checkQueued, TurnsRef: checkTurn} {
		table, err := b.Store().WholeTable(ctx, ref)
		if err != nil {
			return faults, err
		}
		failed := table.Below("", func(path string, content []byte) bool {
			if err := check(path, content); err != nil {
				faults = append(faults, err)
			}
			return true
		})
		if failed != nil {
			faults = append(faults, failed)
		}
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
