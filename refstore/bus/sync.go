package bus

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
)

// syncBytes bounds the bodies that one sync shows of a journal.
const syncBytes = 16 << 20

// syncEntries is how many entries of the context a sync shows, and how many messages:
// what a session that comes back can take in.
const syncEntries = 50

// News is what a sync has to show: the newest entries of the context, and the messages,
// the orchestrator's first, else the newest; each oldest first. Messages that are read
// already, and the session's own entries of the context, are not among it.
type News struct {
	Session  string // as registered
	Messages []Message
	Context  []Context
	Older    int  // context entries left out before those shown, the session's own among them
	Unshown  int  // messages left out; they stay unread
	More     bool // there is more than one sync reads: the next one goes on
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
	b.sendKept(ctx)
	s, err := b.look(ctx, id)
	if err == nil && !s.cursor.Synced {
		err = b.CheckHome(ctx, s.id) // of a session elsewhere nothing else is known
	}
	if err != nil {
		return err
	}
	if s.quiet() {
		if fresh(s.cursor.At, b.store.Now()) {
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
		before := c.entry()
		c.Synced = true
		c.Context = move(c.Context, s.cursor.Context, end.Context)
		c.Inbox = move(c.Inbox, s.cursor.Inbox, end.Inbox)
		if end.inboxBack {
			c.Read = c.Read.upTo(end.inboxFrom)
		}
		if slices.Equal(before.Fields, c.entry().Fields) {
			return beat(tx, s.id)
		}
		_, err = tx.Replace(SeenRef(s.id), c.entry())
		return err
	})
}

// move is where a position goes that was at seen when the journal was read up to
// end. Another sync of the same session may have moved it meanwhile.
func move(now, seen, end position) position {
	if now == seen {
		return end
	}
	return later(now, end)
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

// reach is how far a sync has read.
type reach struct {
	Context, Inbox position
	inboxBack      bool // the inbox was moved back
	inboxFrom      int  // to this number, from which on it has other messages
}

// news collects what is beyond the cursor, and where the journals end.
func (b *Bus) news(ctx context.Context, s *sight) (*News, reach, error) {
	news := &News{Session: s.id}
	var end reach
	others := func(e *refstore.Entry) bool { return e.Author != s.id && !e.Repair() }
	shared, err := b.beyond(ctx, ContextRef, s.context, s.cursor.Context, syncEntries, others)
	if err != nil {
		return nil, end, err
	}
	end.Context, news.Older, news.More = shared.end, shared.older, shared.more
	for _, e := range shared.entries {
		news.Context = append(news.Context, contextOf(e))
	}
	messages := func(e *refstore.Entry) bool { return !e.Repair() }
	inbox, err := b.beyond(ctx, InboxRef(s.id), s.inbox, s.cursor.Inbox, 0, messages)
	if err != nil {
		return nil, end, err
	}
	end.Inbox, end.inboxBack, end.inboxFrom = inbox.end, inbox.back, inbox.from
	news.More = news.More || inbox.more
	for _, e := range inbox.entries {
		if !s.cursor.Read.has(e.Number) || inbox.back && e.Number > inbox.from {
			news.Messages = append(news.Messages, messageOf(s.id, e))
		}
	}
	news.Messages, news.Unshown = foremost(news.Messages)
	return news, end, nil
}

// foremost is as many of the messages as a sync shows, and how many it leaves out.
func foremost(messages []Message) ([]Message, int) {
	unshown := len(messages) - syncEntries
	if unshown <= 0 {
		return messages, 0
	}
	slices.SortStableFunc(messages, func(a, b Message) int { // the oldest of the others come first
		return cmp.Compare(fromOrchestrator(a), fromOrchestrator(b))
	})
	messages = messages[unshown:]
	slices.SortStableFunc(messages, func(a, b Message) int {
		return cmp.Compare(fromOrchestrator(b), fromOrchestrator(a))
	})
	return messages, unshown
}

// fromOrchestrator is 1 for a message of the orchestrator, which ranks before others.
func fromOrchestrator(m Message) int {
	if m.From == Orchestrator {
		return 1
	}
	return 0
}

// stretch is what a journal holds beyond a position.
type stretch struct {
	entries []*refstore.Entry // oldest first
	older   int               // how many older ones are left out for the limit
	more    bool              // newer entries are left out, for they were too many bytes
	end     position          // of the newest entry
	back    bool              // the journal was moved back: the position is no longer in it
	from    int               // then the number of the last entry that both have in common
}

// beyond reads the journal ref from tip back to at, and keeps at most limit
// entries, 0 for any number. If at is not in the chain any more it says so by
// [refstore.Store.SetAside] and reads back to the last entry that both have.
func (b *Bus) beyond(ctx context.Context, ref string, tip hash, at position, limit int, keep func(*refstore.Entry) bool) (*stretch, error) {
	st, found, err := b.read(ctx, ref, tip, at, limit, keep)
	if err != nil || found || at.number == 0 {
		return st, err
	}
	common, err := b.store.Common(ctx, ref, tip, at.id)
	if err != nil {
		return nil, err
	}
	if common.Anew { // a repair: the numbers have been kept
		return st, nil
	}
	b.store.LeaveOut(&refstore.DamagedError{Ref: ref, ID: at.id, Err: refstore.ErrRewound})
	st, _, err = b.read(ctx, ref, tip, position{common.Number, common.ID}, limit, keep)
	if err == nil {
		st.back, st.from = true, common.Number
	}
	return st, err
}

// read is beyond for a position that is in the chain, which found reports.
func (b *Bus) read(ctx context.Context, ref string, tip hash, at position, limit int, keep func(*refstore.Entry) bool) (st *stretch, found bool, err error) {
	st = &stretch{end: at}
	first, bytes := true, 0
	found, err = b.store.Walk(ctx, ref, tip, at.id, func(e *refstore.Entry) bool {
		if e.Number <= at.number {
			return false
		}
		if first {
			st.end, first = position{e.Number, e.ID}, false
		}
		if limit > 0 && len(st.entries) == limit {
			st.older = e.Number - at.number
			return false
		}
		if !keep(e) {
			return true
		}
		bytes += len(e.Body)
		if limit > 0 && bytes > syncBytes && len(st.entries) > 0 {
			st.older = e.Number - at.number
			return false
		}
		st.entries = append(st.entries, e)
		for bytes > syncBytes && len(st.entries) > 1 { // the oldest come first
			bytes -= len(st.entries[0].Body)
			st.entries, st.more = st.entries[1:], true
			st.end = position{st.entries[0].Number, st.entries[0].ID}
		}
		return true
	})
	slices.Reverse(st.entries)
	return st, found, err
}

// clockSkew is by how much the clocks of those who share a repository may differ. A
// time that is further ahead was read from a clock that was wrong.
const clockSkew = 10 * time.Minute

// Stale reports whether a session last seen then has been silent for too long. A
// time that a wrong clock said does not tell when the session was heard of, and
// counts as too long ago.
func Stale(seen, now time.Time, after time.Duration) bool {
	silent := now.Sub(seen)
	return silent > after || silent < -clockSkew
}
