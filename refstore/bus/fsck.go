package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/git-swarm/git-swarm/refstore"
)

// Fsck reads everything that this package keeps and returns what breaks the
// format, each as a *refstore.DamagedError, and how many commits were read.
func (b *Bus) Fsck(ctx context.Context) (faults []error, read int, err error) {
	check := func(ref string, shape refstore.Shape, visit func(*refstore.Entry) error) {
		if err != nil {
			return
		}
		var found []error
		var n int
		found, n, err = b.store.Check(ctx, ref, shape, visit)
		faults, read = append(faults, found...), read+n
	}
	check(SessionsRef, refstore.TableShape, nil)
	check(ContextRef, refstore.JournalShape, contextFault)
	refs, listErr := b.store.Refs(ctx, "refs/swarm/")
	if listErr != nil {
		return append(faults, listErr), read, err
	}
	for _, r := range refs {
		if id, ok := strings.CutPrefix(r.Name, inboxPrefix); ok {
			check(r.Name, refstore.JournalShape, func(e *refstore.Entry) error {
				_, err := decodeMessage(id, e)
				return err
			})
		} else if _, ok := strings.CutPrefix(r.Name, seenPrefix); ok {
			check(r.Name, refstore.CursorShape, func(e *refstore.Entry) error {
				_, err := decodeCursor(r.Name, e)
				return err
			})
		}
	}
	if err != nil {
		return faults, read, err
	}
	found, err := b.checkSessions(ctx, refs)
	return append(faults, found...), read, err
}

// checkSessions decodes every session, and holds each cursor and inbox against
// the journals and the list of who is known.
func (b *Bus) checkSessions(ctx context.Context, refs []refstore.Ref) (faults []error, err error) {
	table, err := b.store.Table(ctx, SessionsRef)
	if err != nil {
		return nil, nil // told already
	}
	known := map[string]bool{strings.ToLower(Orchestrator): true}
	err = table.Below("", func(id string, content []byte) bool {
		if _, err := decodeSession(id, content); err != nil {
			faults = append(faults, err)
		}
		if known[strings.ToLower(id)] && id != Orchestrator {
			faults = append(faults, &refstore.DamagedError{Ref: SessionsRef, Path: id, Err: errors.New("known twice")})
		}
		known[strings.ToLower(id)] = true
		return true
	})
	var damaged *refstore.DamagedError
	if errors.As(err, &damaged) {
		return append(faults, err), nil
	}
	for _, r := range refs {
		for _, prefix := range []string{inboxPrefix, seenPrefix} {
			if id, ok := strings.CutPrefix(r.Name, prefix); ok && !known[strings.ToLower(id)] {
				faults = append(faults, &refstore.DamagedError{Ref: r.Name, Err: fmt.Errorf("no session '%s' is known", id)})
			}
		}
	}
	return append(faults, b.checkCursors(ctx, refs)...), err
}

// checkCursors sees that no cursor is beyond the end of its journal, and that it
// names entries by the numbers they have.
func (b *Bus) checkCursors(ctx context.Context, refs []refstore.Ref) (faults []error) {
	last := func(ref string) int {
		tip, err := b.store.Tip(ctx, ref)
		if err != nil || tip == "" {
			return 0
		}
		e, err := b.store.Entry(ctx, ref, tip)
		if err != nil {
			return 1 << 62 // told already
		}
		return e.Number
	}
	shared := last(ContextRef)
	for _, r := range refs {
		id, ok := strings.CutPrefix(r.Name, seenPrefix)
		if !ok {
			continue
		}
		c, err := b.cursor(ctx, id, r.Tip)
		if err != nil {
			continue // told already
		}
		inbox, read := last(InboxRef(id)), 0
		if n := len(c.Read); n > 0 {
			read = c.Read[n-1].to
		}
		switch {
		case c.Context.number > shared, max(c.Inbox.number, read) > inbox:
			err = errors.New("the cursor is beyond the end of a journal")
		case !b.at(ctx, ContextRef, c.Context), !b.at(ctx, InboxRef(id), c.Inbox):
			err = errors.New("the cursor names an entry by another's number")
		}
		if err != nil {
			faults = append(faults, &refstore.DamagedError{Ref: r.Name, ID: r.Tip, Err: err})
		}
	}
	return faults
}

// at reports whether the entry at p has p's number. It need not stand in the
// journal as it is here: the cursor may have come from another clone before it.
func (b *Bus) at(ctx context.Context, ref string, p position) bool {
	if p.number == 0 {
		return true
	}
	e, err := b.store.Entry(ctx, ref, p.id)
	return err == nil && e.Number == p.number
}
