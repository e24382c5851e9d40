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
	journals := map[string]*journal{}
	retired := map[string]bool{}
	check(SessionsRef, refstore.TableShape, noteRetired(retired))
	refs, listErr := b.store.Refs(ctx, "refs/swarm/")
	if listErr != nil {
		check(ContextRef, refstore.JournalShape, nil)
		return append(faults, listErr), read, err
	}
	for _, r := range refs {
		_, inbox := strings.CutPrefix(r.Name, inboxPrefix)
		switch {
		case inbox, r.Name == ContextRef:
			j := &journal{ids: map[hash]int{}}
			journals[r.Name] = j
			check(r.Name, refstore.JournalShape, j.visit)
		case refstore.IsHubJournal(r.Name):
			check(r.Name, refstore.JournalShape, nil)
		case strings.HasPrefix(r.Name, seenPrefix):
			check(r.Name, refstore.CursorShape, func(e *refstore.Entry) error {
				_, err := decodeCursor(r.Name, e)
				return err
			})
		}
	}
	if err != nil {
		return faults, read, err
	}
	found, err := b.checkSessions(ctx, refs, journals, retired)
	return append(faults, found...), read, err
}

// journal is what a cursor is held against.
type journal struct {
	last int          // the newest number
	ids  map[hash]int // the numbers of the entries
	anew bool         // a repair record has begun it anew
}

func (j *journal) visit(e *refstore.Entry) error {
	j.last = max(j.last, e.Number)
	j.ids[e.ID] = e.Number
	j.anew = j.anew || e.Anew()
	return nil
}

// check says what is wrong with a position in the journal.
func (j *journal) check(p position) error {
	switch {
	case p.number == 0:
		return nil
	case j == nil || p.number > j.last && !j.anew:
		return errors.New("the cursor is beyond the end of a journal")
	case j.ids[p.id] != p.number && !j.anew:
		return errors.New("the cursor names an entry that is not in the journal by that number")
	}
	return nil
}

// checkSessions decodes every session, and holds each cursor and inbox against
// the journals and the list of who is known, or was until they were retired.
func (b *Bus) checkSessions(ctx context.Context, refs []refstore.Ref, journals map[string]*journal, retired map[string]bool) (faults []error, err error) {
	table, err := b.store.WholeTable(ctx, SessionsRef)
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
	for id := range retired {
		known[strings.ToLower(id)] = true
	}
	for _, r := range refs {
		for _, prefix := range []string{inboxPrefix, seenPrefix} {
			if id, ok := strings.CutPrefix(r.Name, prefix); ok && !known[strings.ToLower(id)] {
				faults = append(faults, &refstore.DamagedError{Ref: r.Name, Err: fmt.Errorf("no session '%s' is known", id)})
			}
		}
	}
	return append(faults, b.checkCursors(ctx, refs, journals)...), err
}

// checkCursors sees that no cursor is beyond the end of its journal, and that it
// names entries that are in it by the numbers they have.
func (b *Bus) checkCursors(ctx context.Context, refs []refstore.Ref, journals map[string]*journal) (faults []error) {
	for _, r := range refs {
		id, ok := strings.CutPrefix(r.Name, seenPrefix)
		if !ok {
			continue
		}
		c, err := b.cursor(ctx, id, r.Tip)
		if err != nil {
			continue // told already
		}
		inbox := journals[InboxRef(id)]
		err = errors.Join(journals[ContextRef].check(c.Context), inbox.check(c.Inbox))
		if n := len(c.Read); n > 0 && err == nil && (inbox == nil || c.Read[n-1].to > inbox.last && !inbox.anew) {
			err = errors.New("the cursor is beyond the end of a journal")
		}
		if err != nil {
			faults = append(faults, &refstore.DamagedError{Ref: r.Name, ID: r.Tip, Err: err})
		}
	}
	return faults
}
