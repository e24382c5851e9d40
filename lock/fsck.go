package lock

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// Fsck reads all claims and locks and their histories and returns what breaks
// the format, each as a *refstore.DamagedError, and how many commits were read.
func Fsck(ctx context.Context, b *bus.Bus) (faults []error, read int, err error) {
	newer := 0 // the epoch of the commit above
	faults, read, err = b.Store().Check(ctx, ClaimsRef, refstore.TableShape, func(e *refstore.Entry) error {
		epoch, err := strconv.Atoi(e.Field(fieldEpoch))
		if err != nil || epoch < 0 || len(e.Fields) != 1 || (newer > 0 && (epoch > newer || epoch < newer-1)) {
			return fmt.Errorf("epoch %.80q below epoch %d", e.Field(fieldEpoch), newer)
		}
		newer = epoch
		return nil
	})
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
		err = nil // told already
	}
	return append(faults, more...), read, err
}

// lockEpochs checks, from the newest commit on, that each has the lock in it,
// with an epoch that rises by at most one a commit.
func lockEpochs(ctx context.Context, b *bus.Bus) func(*refstore.Entry) error {
	newer := 0
	return func(e *refstore.Entry) error {
		table, err := b.Store().TableAt(ctx, LocksRef, e.ID)
		if err != nil {
			return err
		}
		s, err := pushIn(table)
		if err != nil {
			return err
		}
		if s == nil || (newer > 0 && (s.Epoch > newer || s.Epoch < newer-1)) {
			return fmt.Errorf("no push lock that comes before epoch %d", newer)
		}
		newer = s.Epoch
		return nil
	}
}

// checkTips decodes the state that stands now.
func checkTips(ctx context.Context, b *bus.Bus) (faults []error, err error) {
	epoch := 0
	tip, err := b.Store().Tip(ctx, ClaimsRef)
	if err != nil {
		return nil, err
	}
	if tip != "" {
		last, err := b.Store().Entry(ctx, ClaimsRef, tip)
		if err != nil {
			return nil, err
		}
		epoch, _ = strconv.Atoi(last.Field(fieldEpoch))
	}
	table, err := b.Store().Table(ctx, ClaimsRef)
	if err != nil {
		return nil, err
	}
	failed := table.Below("", func(path string, content []byte) bool {
		claim, err := decodeClaim(path, content)
		if err == nil && claim.Epoch > epoch {
			err = &refstore.DamagedError{Ref: ClaimsRef, Path: path, Err: fmt.Errorf("epoch %d was never granted", claim.Epoch)}
		}
		if clean, e := CleanPath(path); err == nil && (e != nil || clean != path) {
			err = &refstore.DamagedError{Ref: ClaimsRef, Path: path, Err: errors.New("not a path that can be claimed")}
		}
		if err != nil {
			faults = append(faults, err)
		}
		return true
	})
	if failed != nil {
		faults = append(faults, failed)
	}
	locks, err := b.Store().Table(ctx, LocksRef)
	if err != nil {
		return faults, err
	}
	failed = locks.Below("", func(path string, _ []byte) bool {
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
