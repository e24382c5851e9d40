package queue

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// Fsck reads the queue and its history and returns what breaks the format, each as a
// *refstore.DamagedError, and how many commits were read.
func Fsck(ctx context.Context, b *bus.Bus) (faults []error, read int, err error) {
	faults, read, err = b.Store().Check(ctx, Ref, refstore.TableShape, nil)
	if err != nil {
		return faults, read, err
	}
	highest, err := lastNumber(ctx, b)
	var table *refstore.Table
	if err == nil {
		table, err = b.Store().WholeTable(ctx, Ref)
	}
	if err == nil {
		var all []*Entry
		all, err = entries(table, func(damaged error) error {
			faults = append(faults, damaged)
			return nil
		})
		faults = append(faults, checkNumbers(all, highest)...)
	}
	var damaged *refstore.DamagedError
	if errors.As(err, &damaged) {
		if len(faults) == 0 {
			faults = append(faults, err)
		}
		err = nil
	}
	if err != nil {
		return faults, read, err
	}
	more, n, err := checkOffers(ctx, b)
	return append(faults, more...), read + n, err
}

func checkOffers(ctx context.Context, b *bus.Bus) (faults []error, read int, err error) {
	faults, read, err = b.Store().Check(ctx, OffersRef, refstore.TableShape, nil)
	var table *refstore.Table
	if err == nil {
		table, err = b.Store().WholeTable(ctx, OffersRef)
	}
	if err == nil {
		err = table.Below("", func(path string, content []byte) bool {
			if _, bad := decodeOffer(path, content); bad != nil {
				faults = append(faults, bad)
			}
			return true
		})
	}
	var damaged *refstore.DamagedError
	if errors.As(err, &damaged) {
		if len(faults) == 0 {
			faults = append(faults, err)
		}
		err = nil
	}
	return faults, read, err
}

// RepairOffers puts the table of offers in order as Repair does the queue. A damaged one is
// dropped: its own clone lands it.
func RepairOffers(ctx context.Context, b *bus.Bus, by string, write bool) (*refstore.Repair, error) {
	return b.Store().Repair(ctx, by, refstore.Chain{
		Ref: OffersRef, Shape: refstore.TableShape,
		State: func(path string, content []byte) error {
			_, err := decodeOffer(path, content)
			return err
		},
		Mend: func(state map[string][]byte, _ refstore.Mending) error {
			for path, content := range state {
				if _, err := decodeOffer(path, content); err != nil {
					delete(state, path)
				}
			}
			return nil
		},
	}, write)
}

// lastNumber is the number of the newest commit, 0 if there is none.
func lastNumber(ctx context.Context, b *bus.Bus) (int, error) {
	tip, err := b.Store().Tip(ctx, Ref)
	if err != nil || tip == "" {
		return 0, err
	}
	last, err := b.Store().Entry(ctx, Ref, tip)
	if err != nil {
		return 0, err
	}
	return last.Number, nil
}

// checkNumbers finds the entries whose number is beyond the newest commit's, or an
// earlier entry's. all are in the order of their numbers.
func checkNumbers(all []*Entry, highest int) (faults []error) {
	for i, e := range all {
		var why error
		switch {
		case e.Number > highest:
			why = fmt.Errorf("number %d was never given", e.Number)
		case i > 0 && all[i-1].Number == e.Number:
			why = fmt.Errorf("number %d is that of %s", e.Number, all[i-1].Session)
		}
		if why != nil {
			faults = append(faults, &refstore.DamagedError{Ref: Ref, Path: e.Session, Err: why})
		}
	}
	return faults
}

// Repair puts the queue in order in the name of session by, and returns what it did,
// nil if nothing was damaged. Unless write is set it only says what it would do. A
// damaged entry goes back to what it was before, or is dropped: its branch is as it
// was, and can be put again.
func Repair(ctx context.Context, b *bus.Bus, by string, write bool) (*refstore.Repair, error) {
	highest, err := lastNumber(ctx, b)
	if err != nil {
		highest = refstore.MaxNumber // what is damaged may hold it
	}
	return b.Store().Repair(ctx, by, refstore.Chain{
		Ref: Ref, Shape: refstore.TableShape,
		State: func(path string, content []byte) error {
			_, err := decode(path, content)
			return err
		},
		Older: func(string) bool { return true },
		Mend: func(state map[string][]byte, _ refstore.Mending) error {
			given := map[int]bool{}
			for _, path := range slices.Sorted(maps.Keys(state)) {
				e, err := decode(path, state[path])
				if err != nil || given[e.Number] || e.Number > highest {
					delete(state, path)
					continue
				}
				given[e.Number] = true
			}
			return nil
		},
	}, write)
}
