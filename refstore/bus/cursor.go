package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/object"
)

type hash = object.Hash

// position is how far a journal has been read: the number and id of an entry;
// zero before the first.
type position struct {
	number int
	id     hash
}

// cursor is what refs/swarm/seen/<id> holds: one commit, replaced as a whole.
// Only commands of that session write it.
type cursor struct {
	At             time.Time // the last heartbeat; zero if there is no cursor yet
	Synced         bool      // there was a sync; till then Context and Inbox are zero
	Context, Inbox position
	Read           numbers
}

const (
	fieldContext = "Context"
	fieldInbox   = "Inbox"
	fieldRead    = "Read"

	neverSynced = "none"
)

func (c *cursor) entry() refstore.Entry {
	context := c.Context.String()
	if !c.Synced {
		context = neverSynced
	}
	return refstore.Entry{Body: "seen", Fields: []refstore.Field{
		{Key: fieldContext, Value: context},
		{Key: fieldInbox, Value: c.Inbox.String()},
		{Key: fieldRead, Value: c.Read.String()},
	}}
}

func decodeCursor(ref string, e *refstore.Entry) (*cursor, error) {
	c := &cursor{At: e.At}
	var errs [3]error
	if e.Body != "seen" || e.Label != "" || len(e.Fields) != 3 {
		errs[0] = errors.New("no cursor")
	} else {
		if c.Synced = e.Fields[0].Value != neverSynced; c.Synced {
			c.Context, errs[0] = parsePosition(e.Fields[0].Value)
		}
		c.Inbox, errs[1] = parsePosition(e.Fields[1].Value)
		c.Read, errs[2] = parseNumbers(e.Fields[2].Value)
		again := c.entry()
		if errors.Join(errs[:]...) == nil && (!slices.Equal(again.Fields, e.Fields) || (!c.Synced && c.Inbox.number > 0)) {
			errs[0] = errors.New("the cursor is not as git swarm writes it")
		}
	}
	if err := errors.Join(errs[:]...); err != nil {
		return nil, &refstore.DamagedError{Ref: ref, ID: e.ID, Err: err}
	}
	return c, nil
}

// cursor reads id's cursor at tip; a session without one has read nothing.
func (b *Bus) cursor(ctx context.Context, id string, tip hash) (*cursor, error) {
	if tip == "" {
		return &cursor{}, nil
	}
	e, err := b.store.Entry(ctx, SeenRef(id), tip)
	if err != nil {
		return nil, err
	}
	return decodeCursor(SeenRef(id), e)
}

func cursorIn(tx *refstore.Tx, id string) (*cursor, error) {
	e, err := tx.Last(SeenRef(id))
	if err != nil {
		return nil, err
	}
	if e == nil {
		return &cursor{}, nil
	}
	return decodeCursor(SeenRef(id), e)
}

// beat renews the heartbeat if it is due and nothing else renews it.
func beat(tx *refstore.Tx, id string) error {
	c, err := cursorIn(tx, id)
	if err != nil || fresh(c.At, tx.At()) {
		return err
	}
	_, err = tx.Replace(SeenRef(id), c.entry())
	return err
}

// fresh reports whether a heartbeat need not be renewed yet. One that is to come is
// of a clock that was ahead, and is put right.
func fresh(at, now time.Time) bool { return now.Sub(at).Abs() < BeatEvery }

// LastBeat is the session's last heartbeat, zero if there was none. For less than
// BeatEvery after it, and before it, each to the second, a Sync with nothing new writes
// nothing.
func (b *Bus) LastBeat(ctx context.Context, id string) (time.Time, error) {
	tip, err := b.store.Tip(ctx, SeenRef(id))
	if err != nil {
		return time.Time{}, err
	}
	c, err := b.cursor(ctx, id, tip)
	if err != nil {
		return time.Time{}, err
	}
	return c.At, nil
}

// markRead adds to the messages that id has read; without any it stages nothing.
func markRead(tx *refstore.Tx, id string, read ...int) error {
	c, err := cursorIn(tx, id)
	if err != nil {
		return err
	}
	before := c.Read.String()
	for _, n := range read {
		c.Read = c.Read.with(n)
	}
	if c.Read.String() == before {
		return nil
	}
	_, err = tx.Replace(SeenRef(id), c.entry())
	return err
}

func (p position) String() string {
	if p.number == 0 {
		return "0"
	}
	return strconv.Itoa(p.number) + " " + string(p.id)
}

func parsePosition(s string) (position, error) {
	number, id, _ := strings.Cut(s, " ")
	n, err := refstore.ParseNumber(number)
	if err != nil {
		return position{}, err
	}
	p := position{n, hash(id)}
	if p.String() != s || (n > 0 && !object.SHA1.Valid(p.id) && !object.SHA256.Valid(p.id)) {
		return position{}, fmt.Errorf("%.80q is no position", s)
	}
	return p, nil
}

// later is the further of two positions in the same journal.
func later(a, b position) position {
	if b.number > a.number {
		return b
	}
	return a
}

// numbers is a set of positive numbers, as ascending spans with gaps between.
type numbers []span

type span struct{ from, to int }

func (s numbers) has(n int) bool {
	return slices.ContainsFunc(s, func(r span) bool { return r.from <= n && n <= r.to })
}

// through is the end of the span that begins at 1, or 0.
func (s numbers) through() int {
	if len(s) == 0 || s[0].from != 1 {
		return 0
	}
	return s[0].to
}

func (s numbers) with(n int) numbers {
	if s.has(n) {
		return s
	}
	i, _ := slices.BinarySearchFunc(s, n, func(r span, n int) int { return r.from - n })
	out := slices.Insert(slices.Clone(s), i, span{n, n})
	if i+1 < len(out) && out[i+1].from == n+1 {
		out[i].to = out[i+1].to
		out = slices.Delete(out, i+1, i+2)
	}
	if i > 0 && out[i-1].to == n-1 {
		out[i-1].to = out[i].to
		out = slices.Delete(out, i, i+1)
	}
	return out
}

// upTo is the part of the set that is not above n.
func (s numbers) upTo(n int) numbers {
	var out numbers
	for _, r := range s {
		if r.from <= n {
			out = append(out, span{r.from, min(r.to, n)})
		}
	}
	return out
}

// String is "1-4 7 9-12", or "none".
func (s numbers) String() string {
	if len(s) == 0 {
		return "none"
	}
	words := make([]string, len(s))
	for i, r := range s {
		words[i] = strconv.Itoa(r.from)
		if r.to > r.from {
			words[i] += "-" + strconv.Itoa(r.to)
		}
	}
	return strings.Join(words, " ")
}

func parseNumbers(text string) (numbers, error) {
	if text == "none" {
		return nil, nil
	}
	var s numbers
	last := -1
	for word := range strings.SplitSeq(text, " ") {
		from, to, ranged := strings.Cut(word, "-")
		a, err := refstore.ParseNumber(from)
		b := a
		if err == nil && ranged {
			b, err = refstore.ParseNumber(to)
		}
		if err != nil || a <= last+1 || b < a || (ranged && b == a) {
			return nil, fmt.Errorf("%.80q is no set of numbers", text)
		}
		s = append(s, span{a, b})
		last = b
	}
	return s, nil
}
