package review

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// Fsck reads all reviews and returns what breaks the format, each as a
// *refstore.DamagedError, and how many commits were read.
func (b *Book) Fsck(ctx context.Context) (faults []error, read int, err error) {
	newer := 0
	faults, read, err = b.bus.Store().Check(ctx, TableRef, refstore.TableShape, func(e *refstore.Entry) error {
		n, err := strconv.Atoi(e.Field(fieldReviews))
		if err != nil || n < 1 || len(e.Fields) != 1 || (newer > 0 && (n > newer || n < newer-1)) {
			return fmt.Errorf("%.80q reviews below %d", e.Field(fieldReviews), newer)
		}
		newer = n
		return nil
	})
	if err != nil || len(faults) > 0 {
		return faults, read, err
	}
	add := func(err error) error {
		var damaged *refstore.DamagedError
		if errors.As(err, &damaged) {
			faults = append(faults, err)
			return nil
		}
		return err
	}
	if err := add(b.List(ctx, func(r *Review) bool { return true })); err != nil {
		return faults, read, err
	}
	return faults, read, add(b.checkNotes(ctx, &faults))
}

// checkNotes decodes every note, also of reviews that the table does not know:
// another clone's, merged in.
func (b *Book) checkNotes(ctx context.Context, faults *[]error) error {
	notes, err := b.bus.Store().Notes(ctx, NotesRef)
	if err != nil {
		return err
	}
	algo := b.bus.Store().Repo().Algo
	return notes.Each(func(id object.Hash, text string) bool {
		_, err := parseLines(text)
		if err == nil && !algo.Valid(id) {
			err = errors.New("no note on an object")
		}
		if err != nil {
			*faults = append(*faults, &refstore.DamagedError{Ref: NotesRef, Path: "note on " + strings.ToLower(string(id)), Err: err})
		}
		return true
	})
}
