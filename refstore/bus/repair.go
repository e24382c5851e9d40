package bus

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore"
)

// Repair puts everything that this package keeps in order, in the name of session
// by, and returns what it did. Unless write is set it only says what it would do.
// Faults that it knows no way to mend are returned as such, each with what git
// can do about it.
func (b *Bus) Repair(ctx context.Context, by string, write bool) (done []*refstore.Repair, left []*Unmendable, err error) {
	chain := func(c refstore.Chain) {
		if err != nil {
			return
		}
		var r *refstore.Repair
		if r, err = b.store.Repair(ctx, by, c, write); r != nil {
			done = append(done, r)
		}
	}
	var registered []string // as the table will have them
	retired := map[string]bool{}
	if _, _, err := b.store.Check(ctx, SessionsRef, refstore.TableShape, noteRetired(retired)); err != nil {
		return nil, nil, err
	}
	chain(refstore.Chain{
		Ref: SessionsRef, Shape: refstore.TableShape,
		Mend: func(state map[string][]byte, _ refstore.Mending) error {
			dropTwins(state)
			err := b.restoreSessions(ctx, state, retired)
			registered = slices.Collect(maps.Keys(state))
			return err
		},
		State: func(path string, content []byte) error { _, err := decodeSession(path, content); return err },
		Older: func(string) bool { return true },
	})
	ids, left := b.everyone(ctx, registered, retired)
	shared, own := b.positions(ctx, ids)
	chain(refstore.Chain{Ref: ContextRef, Shape: refstore.JournalShape, Known: shared})
	for _, id := range ids {
		chain(refstore.Chain{Ref: InboxRef(id), Shape: refstore.JournalShape, Known: own[id]})
	}
	if err != nil {
		return done, left, err
	}
	cursors, err := b.repairCursors(ctx, ids, write)
	return append(done, cursors...), left, err
}

// Unmendable is a fault that only a person can decide on, and the commands for it.
type Unmendable struct {
	Fault    error
	Commands string
}

// dropTwins drops ids that differ from another in case alone.
func dropTwins(state map[string][]byte) {
	seen := map[string]string{}
	for id := range state {
		if id == Orchestrator {
			continue
		}
		low := strings.ToLower(id)
		if other, ok := seen[low]; ok || low == Orchestrator {
			delete(state, max(id, other))
			id = min(id, other)
		}
		seen[low] = id
	}
}

// restoreSessions registers those again of whom only a cursor is left that they
// have written themselves, and that are not retired: what else was known of them is lost.
func (b *Bus) restoreSessions(ctx context.Context, state map[string][]byte, retired map[string]bool) error {
	known := map[string]bool{strings.ToLower(Orchestrator): true}
	for id := range state {
		known[strings.ToLower(id)] = true
	}
	refs, err := b.store.Refs(ctx, seenPrefix)
	if err != nil {
		return nil // a ref that holds no id; fsck tells
	}
	for _, r := range refs {
		id := strings.TrimPrefix(r.Name, seenPrefix)
		e, err := b.store.Entry(ctx, r.Name, r.Tip)
		if err != nil || e.Author != id || known[strings.ToLower(id)] || retired[id] {
			continue
		}
		known[strings.ToLower(id)] = true
		s := sessionState{Status: Running, Note: "restored by git swarm fsck", Joined: refstore.Time(e.At), Updated: refstore.Time(e.At)}
		s.Version, s.Workstream = refstore.FormatVersion, strings.ToLower(id)
		s.Branch = Registration{ID: id, Workstream: s.Workstream}.Branch()
		if state[id], err = refstore.EncodeState(&s); err != nil {
			return err
		}
	}
	return nil
}

// everyone is the sessions that are registered or retired, and the orchestrator,
// sorted; refs of nobody are left.
func (b *Bus) everyone(ctx context.Context, registered []string, retired map[string]bool) (ids []string, left []*Unmendable) {
	ids = append(slices.DeleteFunc(registered, func(id string) bool { return id == Orchestrator || retired[id] }), Orchestrator)
	ids = slices.AppendSeq(ids, maps.Keys(retired))
	slices.Sort(ids)
	for _, prefix := range []string{inboxPrefix, seenPrefix} {
		refs, _ := b.store.Refs(ctx, prefix)
		for _, r := range refs {
			if id := strings.TrimPrefix(r.Name, prefix); !slices.Contains(ids, id) {
				left = append(left, &Unmendable{
					&refstore.DamagedError{Ref: r.Name, Err: fmt.Errorf("no session '%s' is known", id)},
					fmt.Sprintf("git swarm init --sessions %s:WORKSTREAM, or git update-ref -d %s", id, r.Name),
				})
			}
		}
	}
	return ids, left
}

// positions are the entries that the cursors name: of the context, and of each
// session's inbox.
func (b *Bus) positions(ctx context.Context, ids []string) (shared []refstore.Known, own map[string][]refstore.Known) {
	own = map[string][]refstore.Known{}
	for _, id := range ids {
		tip, err := b.store.Tip(ctx, SeenRef(id))
		if err != nil {
			continue
		}
		c, err := b.cursor(ctx, id, tip)
		if err != nil {
			continue
		}
		if c.Context.number > 0 {
			shared = append(shared, refstore.Known{Number: c.Context.number, ID: c.Context.id})
		}
		if c.Inbox.number > 0 {
			own[id] = append(own[id], refstore.Known{Number: c.Inbox.number, ID: c.Inbox.id})
		}
	}
	return shared, own
}

// repairCursors makes each cursor that is damaged, or does not fit its journals,
// into one that does: what it cannot say any more is shown again.
func (b *Bus) repairCursors(ctx context.Context, ids []string, write bool) (done []*refstore.Repair, err error) {
	shared, err := b.journal(ctx, ContextRef)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		inbox, err := b.journal(ctx, InboxRef(id))
		if err != nil {
			return done, err
		}
		var c *cursor
		tip, fault := b.store.Tip(ctx, SeenRef(id))
		if fault == nil && tip == "" {
			continue
		}
		if fault == nil {
			c, fault = b.cursor(ctx, id, tip)
		}
		if errors.Is(fault, refstore.ErrVersion) {
			return done, fault
		}
		fixed := fit(c, shared, inbox)
		if fault == nil && slices.Equal(c.entry().Fields, fixed.entry().Fields) {
			continue
		}
		var damaged *refstore.DamagedError
		if !errors.As(fault, &damaged) {
			if fault != nil {
				return done, fault
			}
			damaged = &refstore.DamagedError{Ref: SeenRef(id), ID: tip, Err: errors.New("the cursor does not fit the journals")}
		}
		done = append(done, &refstore.Repair{Ref: SeenRef(id), Dropped: []*refstore.DamagedError{damaged}})
		if !write {
			continue
		}
		err = b.store.Update(ctx, id, func(tx *refstore.Tx) error {
			_, err := tx.Renew(SeenRef(id), fixed.entry())
			return err
		})
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// fit is the cursor without what the journals do not bear out. A cursor that
// could not be read is that of a session that has read nothing.
func fit(c *cursor, shared, inbox *journal) *cursor {
	if c == nil {
		return &cursor{}
	}
	fixed := *c
	if shared.check(c.Context) != nil {
		fixed.Context = position{}
	}
	if inbox.check(c.Inbox) != nil {
		fixed.Inbox = position{}
	}
	if n := len(c.Read); n > 0 && !inbox.anew {
		fixed.Read = c.Read.upTo(inbox.last)
	}
	return &fixed
}

// journal is what the cursors are held against.
func (b *Bus) journal(ctx context.Context, ref string) (*journal, error) {
	j := &journal{ids: map[hash]int{}}
	_, _, err := b.store.Check(ctx, ref, refstore.JournalShape, j.visit)
	return j, err
}
