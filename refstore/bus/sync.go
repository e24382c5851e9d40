package bus

import (
	"context"
	"slices"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
)

// firstContext is how many entries of the context a first sync shows.
const firstContext = 50

// News is what a sync has to show, oldest first. Messages that are read already, and
// the session's own entries of the context, are not among it.
type News struct {
	Session  string // as registered
	Messages []Message
	Context  []Context
	Older    int // context entries left out of a first sync, before those shown
}

// Empty reports whether there is nothing to show.
func (n *News) Empty() bool { return len(n.Messages) == 0 && len(n.Context) == 0 }

// Sync gives show what is new to session id, then moves its cursor. show must
// have put it out for good when it returns nil; if it returns an error, or the
// process dies in it, the next Sync shows the same again. With nothing new, show
// is not called, and nothing is written unless the heartbeat is due.
func (b *Bus) Sync(ctx context.Context, id string, show func(*News) error) error {
	if b.store.Pending() {
		if err := b.store.Recover(ctx); err != nil {
			return err
		}
	}
	s, err := b.look(ctx, id)
	if err != nil {
		return err
	}
	if s.quiet() {
		if b.store.Now().Sub(s.cursor.At) < BeatEvery {
			return nil
		}
		return b.store.Update(ctx, s.id, func(tx *refstore.Tx) error { return beat(tx, s.id) })
	}
	news, end, err := b.news(ctx, s)
	if err != nil {
		return err
	}
	if !news.Empty() {
		if err := show(news); err != nil {
			return err
		}
	}
	return b.store.Update(ctx, s.id, func(tx *refstore.Tx) error {
		c, err := cursorIn(tx, s.id)
		if err != nil {
			return err
		}
		c.Synced = true
		c.Context, c.Inbox = later(c.Context, end.Context), later(c.Inbox, end.Inbox)
		_, err = tx.Replace(SeenRef(s.id), c.entry())
		return err
	})
}

// sight is a session's cursor beside the journals' tips.
type sight struct {
	id             string
	cursor         *cursor
	context, inbox hash
}

func (s *sight) quiet() bool {
	return s.cursor.Synced && s.cursor.Context.id == s.context && s.cursor.Inbox.id == s.inbox
}

// look reads three refs and one commit. A session that has a cursor is known;
// only without one is the table of sessions consulted.
func (b *Bus) look(ctx context.Context, id string) (*sight, error) {
	if err := CheckID(id); err != nil {
		return nil, err
	}
	tips, err := b.store.Tips(ctx, ContextRef, InboxRef(id), SeenRef(id))
	if err != nil {
		return nil, err
	}
	if tips[2] == "" {
		known, err := b.Resolve(ctx, id)
		if err != nil {
			return nil, err
		}
		if known != id {
			return b.look(ctx, known)
		}
	}
	c, err := b.cursor(ctx, id, tips[2])
	if err != nil {
		return nil, err
	}
	return &sight{id, c, tips[0], tips[1]}, nil
}

// news collects what is beyond the cursor, and where the journals end.
func (b *Bus) news(ctx context.Context, s *sight) (*News, *cursor, error) {
	news := &News{Session: s.id}
	end := &cursor{}
	err := b.walkContext(ctx, s.context, func(c Context) bool {
		if end.Context.number == 0 {
			end.Context = position{c.Number, s.context}
		}
		if c.Number <= s.cursor.Context.number {
			return false
		}
		if !s.cursor.Synced && len(news.Context) == firstContext {
			news.Older = c.Number
			return false
		}
		if c.By != s.id {
			news.Context = append(news.Context, c)
		}
		return true
	})
	if err != nil {
		return nil, nil, err
	}
	var damaged error
	err = b.store.Walk(ctx, InboxRef(s.id), s.inbox, func(e *refstore.Entry) bool {
		if end.Inbox.number == 0 {
			end.Inbox = position{e.Number, s.inbox}
		}
		if e.Number <= s.cursor.Inbox.number {
			return false
		}
		m, err := decodeMessage(s.id, e)
		if err != nil {
			damaged = err
			return false
		}
		if !s.cursor.Read.has(m.Number) {
			news.Messages = append(news.Messages, m)
		}
		return true
	})
	if err == nil {
		err = damaged
	}
	slices.Reverse(news.Context)
	slices.Reverse(news.Messages)
	return news, end, err
}

// Stale reports whether a session last seen then has been silent for too long.
func Stale(seen, now time.Time, after time.Duration) bool { return now.Sub(seen) > after }
