package bus

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/git-swarm/git-swarm/refstore"
)

// A repository with a swarm of its own joins a hub that has another: see
// [refstore.Store.Adopt].

// AdoptNames plans what the sessions of this repository are called whose ids are, without
// regard to case, those of sessions of the hub's swarm, now or once.
func AdoptNames(a *refstore.Adoption) error {
	mine, err := everRegistered(a, false)
	if err != nil {
		return err
	}
	theirs, err := everRegistered(a, true)
	if err != nil {
		return err
	}
	taken := map[string]bool{}
	for id := range theirs {
		taken[strings.ToLower(id)] = true
	}
	free := maps.Clone(taken)
	for id := range mine {
		free[strings.ToLower(id)] = true
	}
	for _, id := range slices.Sorted(maps.Keys(mine)) {
		if !taken[strings.ToLower(id)] || id == Orchestrator {
			continue
		}
		for n := 2; ; n++ {
			suffix := "-" + strconv.Itoa(n)
			name := id[:min(len(id), 64-len(suffix))] + suffix
			if !free[strings.ToLower(name)] {
				free[strings.ToLower(name)] = true
				a.Renamed[id] = name
				break
			}
		}
	}
	return nil
}

// everRegistered are the ids that one of the two swarms knows, also those of sessions that
// are retired: what they wrote, and what was written to them, is there.
func everRegistered(a *refstore.Adoption, theirs bool) (map[string]bool, error) {
	ids := map[string]bool{}
	side := a.Mine
	if theirs {
		side = a.Theirs
	}
	table, err := side(SessionsRef)
	if err != nil {
		return nil, err
	}
	names, err := table.Names("")
	if err != nil {
		return nil, err
	}
	for _, id := range names {
		ids[id] = true
	}
	note := noteRetired(ids)
	var failed error
	err = a.Walk(SessionsRef, theirs, func(e *refstore.Entry) bool {
		failed = note(e)
		return failed == nil
	})
	return ids, errors.Join(err, failed)
}

// AdoptSessions registers the sessions of this repository in the hub's swarm, at home in
// this clone, and tells those who are called otherwise.
func AdoptSessions(tx *refstore.Tx, a *refstore.Adoption) error {
	mine, err := a.Mine(SessionsRef)
	if err != nil {
		return err
	}
	table, err := tx.Table(SessionsRef)
	if err != nil {
		return err
	}
	ids, err := mine.Names("")
	if err != nil || len(ids) == 0 {
		return err
	}
	body := "adopted by " + tx.Clone()
	var renamed []string
	for _, id := range ids {
		if _, err := table.Get(id); id == Orchestrator && err == nil {
			continue // there is one for all clones
		}
		content, err := mine.Get(id)
		if err != nil {
			return err
		}
		s, err := decodeSession(id, content)
		if err != nil {
			return err
		}
		s.Host = tx.Clone()
		if agent, parent := s.runBy(); parent != "" {
			s.Agent = Registration{Agent: agent, Parent: a.Name(parent)}.agentText()
		}
		if err := s.put(tx, a.Name(id)); err != nil {
			return err
		}
		if a.Name(id) != id {
			renamed = append(renamed, id)
			body += fmt.Sprintf("\n%s is %s", id, a.Name(id))
		}
	}
	if _, err := tx.Record(SessionsRef, refstore.Entry{Body: body}); err != nil {
		return err
	}
	for _, id := range renamed {
		body := fmt.Sprintf("this clone has joined a swarm in which %s is another session: you are %s from now on", id, a.Name(id))
		if _, err := Notify(tx, a.Name(id), body); err != nil {
			return err
		}
	}
	return nil
}

// AdoptCursors has each session of this repository have seen and read what it had.
func (b *Bus) AdoptCursors(ctx context.Context, tx *refstore.Tx, a *refstore.Adoption, at refstore.Position) error {
	for ref, tip := range a.Tips {
		id, seen := strings.CutPrefix(ref, seenPrefix)
		if !seen || tip == "" {
			continue
		}
		c, err := b.cursor(ctx, id, tip)
		if b.store.LeaveOut(err) {
			continue // it is repaired, or put right by the next sync
		}
		if err != nil {
			return err
		}
		c.Context.number, c.Context.id = at(ContextRef, c.Context.number)
		c.Inbox.number, c.Inbox.id = at(InboxRef(id), c.Inbox.number)
		all, _ := at(InboxRef(id), refstore.MaxNumber)
		var read numbers
		for _, span := range c.Read {
			before, _ := at(InboxRef(id), span.from-1)
			for n := span.from; n <= span.to && before < all; n++ {
				if now, _ := at(InboxRef(id), n); now > before { // else it is a repair record's
					read, before = read.with(now), now
				}
			}
		}
		c.Read = read
		if err := tx.ReplaceAt(SeenRef(a.Name(id)), a.Name(id), c.At, c.entry()); err != nil {
			return err
		}
	}
	return nil
}
