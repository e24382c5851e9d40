package bus

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
)

// With a hub each session is at home in one clone: there it acts, and there it is
// heard of. Its Host is the clone's name then.

// ElsewhereError says that a session is at home in another clone.
type ElsewhereError struct{ ID, Clone string }

func (e *ElsewhereError) Error() string {
	return fmt.Sprintf("session %s is at home in the clone '%s'", e.ID, e.Clone)
}

// host is where a session of this clone says that it is.
func (b *Bus) host() string {
	if clone := b.store.Clone(); clone != "" {
		return clone
	}
	host, _ := os.Hostname()
	return host
}

// CheckHome refuses a session of another clone. The orchestrator is in all of them.
func (b *Bus) CheckHome(ctx context.Context, id string) error {
	clone := b.store.Clone()
	if clone == "" || id == Orchestrator {
		return nil
	}
	table, err := b.store.Table(ctx, SessionsRef)
	if err != nil {
		return err
	}
	content, err := table.Get(id)
	if err != nil {
		return err
	}
	s, err := decodeSession(id, content)
	if err == nil && s.Host != clone {
		err = &ElsewhereError{id, s.Host}
	}
	return err
}

// checkHomeIn is CheckHome within a transaction: the session may have been moved to
// another clone since.
func (b *Bus) checkHomeIn(tx *refstore.Tx, id string) error {
	s, err := homed(tx, id)
	if err == nil && s != nil && s.Host != tx.Clone() {
		err = &ElsewhereError{id, s.Host}
	}
	return err
}

// homed is the session where it has a home, within a transaction; else nil.
func homed(tx *refstore.Tx, id string) (*sessionState, error) {
	if tx.Clone() == "" || id == Orchestrator {
		return nil, nil
	}
	table, err := tx.ReadTable(SessionsRef)
	if err != nil {
		return nil, err
	}
	content, err := table.Get(id)
	if errors.Is(err, refstore.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return decodeSession(id, content)
}

// HomeIn is the clone that the session is at home in, "" for none.
func HomeIn(tx *refstore.Tx, id string) (string, error) {
	s, err := homed(tx, id)
	if err != nil || s == nil {
		return "", err
	}
	return s.Host, nil
}

// Elsewhere reports, within a transaction, whether a session is of another clone.
func Elsewhere(tx *refstore.Tx, id string) (bool, error) {
	s, err := homed(tx, id)
	return err == nil && s != nil && s.Host != tx.Clone(), err
}

// Bring makes this clone the home of a session, and returns which was. fence, in the same
// transaction, is to change all that the session may be about to change elsewhere: what
// it does there is then built anew, and refused.
func (b *Bus) Bring(ctx context.Context, by, id string, fence func(tx *refstore.Tx, id, body string) error) (from string, err error) {
	if id, err = b.Resolve(ctx, id); err != nil {
		return "", err
	}
	return from, b.Update(ctx, by, func(tx *refstore.Tx, _ string) error {
		table, err := tx.Table(SessionsRef)
		if err != nil {
			return err
		}
		content, err := table.Get(id)
		if err != nil {
			return err
		}
		s, err := decodeSession(id, content)
		if err != nil || s.Host == b.host() {
			return err
		}
		from, s.Host = s.Host, b.host()
		if err := s.put(tx, id); err != nil {
			return err
		}
		body := fmt.Sprintf("%s moves from %s to %s", id, from, s.Host)
		if _, err := tx.Record(SessionsRef, refstore.Entry{Body: body}); err != nil {
			return err
		}
		return fence(tx, id, body)
	})
}

// Connect has the store join or publish, and makes this clone the home of all
// sessions that are published.
func (b *Bus) Connect(ctx context.Context) (published bool, err error) {
	return b.store.Connect(ctx, Orchestrator, func(tx *refstore.Tx) error {
		table, err := tx.Table(SessionsRef)
		if err != nil {
			return err
		}
		ids, err := table.Names("")
		if err != nil {
			return err
		}
		for _, id := range ids {
			content, err := table.Get(id)
			if err != nil {
				return err
			}
			s, err := decodeSession(id, content)
			if err != nil {
				return err
			}
			s.Host = b.host()
			if err := s.put(tx, id); err != nil {
				return err
			}
		}
		_, err = tx.Record(SessionsRef, refstore.Entry{Body: "published by " + b.host()})
		return err
	})
}

// Refresh is [refstore.Store.Refresh], with which this clone says which of its
// sessions were heard of since it last did so, if that is as long ago as every.
func (b *Bus) Refresh(ctx context.Context, every time.Duration, always bool) error {
	clone := b.store.Clone()
	if clone == "" {
		return nil
	}
	if last, due := b.store.BeatDue(every); due {
		if err := b.beatClone(ctx, clone, last); err != nil {
			return err
		}
	}
	return b.store.Refresh(ctx, always)
}

// beatClone says which of the clone's sessions were heard of since last.
func (b *Bus) beatClone(ctx context.Context, clone string, last time.Time) error {
	all, err := b.Sessions(ctx)
	if err != nil {
		return err
	}
	ages := map[string]time.Duration{}
	for _, s := range all {
		if s.Host == clone && s.Seen.After(last) {
			ages[s.ID] = b.store.Now().Sub(s.Seen)
		}
	}
	b.store.Beaten()
	if len(ages) == 0 {
		return nil
	}
	return b.store.Update(ctx, Orchestrator, func(tx *refstore.Tx) error { return tx.Beat(ages) })
}

// Numbered is the number that the entry of that name for all clones has in this
// clone's context (to is "") or inbox of the session to, or an ErrNotExist.
func (b *Bus) Numbered(ctx context.Context, to, origin string) (int, error) {
	ref := ContextRef
	if to != "" {
		ref = InboxRef(to)
	}
	tip, err := b.store.Tip(ctx, ref)
	if err != nil {
		return 0, err
	}
	number := 0
	_, err = b.store.Walk(ctx, ref, tip, "", func(e *refstore.Entry) bool {
		if e.Origin == origin {
			number = e.Number
		}
		return number == 0
	})
	if err == nil && number == 0 {
		err = fmt.Errorf("%s %w", origin, refstore.ErrNotExist)
	}
	return number, err
}

// Leave makes of this clone's part of a swarm one of its own, once the store has no
// hub any more: sessions of other clones are done. clone is the name that it had.
func (b *Bus) Leave(ctx context.Context, clone string, also func(tx *refstore.Tx, others []string) error) (others []string, err error) {
	err = b.store.Update(ctx, Orchestrator, func(tx *refstore.Tx) error {
		others = nil
		table, err := tx.Table(SessionsRef)
		if err != nil {
			return err
		}
		ids, err := table.Names("")
		if err != nil {
			return err
		}
		for _, id := range ids {
			content, err := table.Get(id)
			if err != nil {
				return err
			}
			s, err := decodeSession(id, content)
			if err != nil {
				return err
			}
			if s.Host != clone && id != Orchestrator {
				others, s.Status = append(others, id), Done
			}
			if s.Host == clone {
				s.Host = b.host()
			}
			if err := s.put(tx, id); err != nil {
				return err
			}
		}
		slices.Sort(others)
		body := clone + " leaves the hub"
		if len(others) > 0 {
			body += "; of other clones: " + strings.Join(others, " ")
		}
		if _, err := tx.Record(SessionsRef, refstore.Entry{Body: body}); err != nil {
			return err
		}
		return also(tx, others)
	})
	return others, err
}
