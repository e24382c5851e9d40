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
)

// The labels of messages, as they stand in brackets in the log.
const (
	labelMessage = "message"
	labelReply   = "reply"
)

const fieldInReplyTo = "In-Reply-To"

// Message is one message in a session's inbox.
type Message struct {
	Number    int // in the inbox it is in
	From, To  string
	Body      string
	At        time.Time
	InReplyTo int  // the number, in the sender's inbox, of the message it answers; 0 for none
	Read      bool // answered, or marked as read

	Origin   string // its name for all clones, with a hub
	Answered string // that of the message it answers, where InReplyTo is 0; "" for none

	Writer, Via string // as [refstore.Entry] has them
}

// Sent says where a message went, and under which number.
type Sent struct {
	To     string
	Number int
	Origin string // as of Message
}

// send appends to an inbox, and refuses to make one for nobody.
func send(tx *refstore.Tx, to string, e refstore.Entry) (*refstore.Entry, error) {
	if known, err := ResolveIn(tx, to); err != nil || known != to {
		if err == nil {
			err = &UnknownSessionError{ID: to}
		}
		return nil, err
	}
	return tx.Append(InboxRef(to), e)
}

// Send puts a message into the inbox of to, or of everybody else if to is All;
// of all of them or of none. A session that is not known here may have joined in
// another clone a moment ago: the hub is asked before that is an error.
func (b *Bus) Send(ctx context.Context, from, to, body string) ([]Sent, error) {
	if err := checkBody(body); err != nil {
		return nil, err
	}
	sent, err := b.sendAll(ctx, from, to, body)
	if errors.As(err, new(*UnknownSessionError)) && b.store.Clone() != "" && b.store.Refresh(ctx, true) == nil {
		return b.sendAll(ctx, from, to, body)
	}
	return sent, err
}

func (b *Bus) sendAll(ctx context.Context, from, to, body string) ([]Sent, error) {
	var sent []Sent
	err := b.Update(ctx, from, func(tx *refstore.Tx, from string) error {
		sent = nil
		var to_ []string
		if strings.EqualFold(to, All) {
			var err error
			if to_, err = addressees(tx, from); err != nil {
				return err
			}
		} else {
			one, err := ResolveIn(tx, to)
			if err != nil {
				return err
			}
			to_ = []string{one}
		}
		for _, id := range to_ {
			e, err := tx.Append(InboxRef(id), refstore.Entry{Label: labelMessage, Body: body}) // known, each of them
			if err != nil {
				return err
			}
			sent = append(sent, Sent{id, e.Number, e.Origin})
		}
		return nil
	})
	return sent, err
}

// Reply answers the message of that number in from's inbox, and marks it read in
// the same transaction. A number that is not there gives ErrNotExist.
func (b *Bus) Reply(ctx context.Context, from string, number int, body string) (Sent, error) {
	if err := checkBody(body); err != nil {
		return Sent{}, err
	}
	from, err := b.Resolve(ctx, from)
	if err != nil {
		return Sent{}, err
	}
	original, err := b.find(ctx, from, number)
	if err != nil {
		return Sent{}, err
	}
	answered, err := b.store.Origin(ctx, InboxRef(from), original)
	if err != nil {
		return Sent{}, err
	}
	if answered == "" {
		answered = strconv.Itoa(number)
	}
	sent := Sent{To: original.Author}
	err = b.Update(ctx, from, func(tx *refstore.Tx, from string) error {
		to, err := ResolveIn(tx, original.Author)
		if err != nil {
			return err
		}
		sent.To = to
		e, err := send(tx, sent.To, refstore.Entry{
			Label: labelReply, Body: body,
			Fields: []refstore.Field{{Key: fieldInReplyTo, Value: answered}},
		})
		if err != nil {
			return err
		}
		sent.Number, sent.Origin = e.Number, e.Origin
		return markRead(tx, from, number)
	})
	return sent, err
}

// Message is the message of that number to id, whether it is read or not, or an
// ErrNotExist.
func (b *Bus) Message(ctx context.Context, id string, number int) (Message, error) {
	id, err := b.Resolve(ctx, id)
	if err != nil {
		return Message{}, err
	}
	e, err := b.find(ctx, id, number)
	if err != nil {
		return Message{}, err
	}
	tip, err := b.store.Tip(ctx, SeenRef(id))
	if err != nil {
		return Message{}, err
	}
	cursor, err := b.cursor(ctx, id, tip)
	if err != nil {
		return Message{}, err
	}
	m := messageOf(id, e)
	m.Read = cursor.Read.has(number)
	return m, nil
}

func (b *Bus) find(ctx context.Context, to string, number int) (*refstore.Entry, error) {
	e, err := b.store.Find(ctx, InboxRef(to), number)
	if errors.Is(err, refstore.ErrNotExist) {
		err = noMessage(number, to)
	}
	return e, err
}

func noMessage(number int, to string) error {
	return fmt.Errorf("message #%d to %s %w", number, to, refstore.ErrNotExist)
}

// MarkRead marks messages in id's inbox as read, all or none: a number that is
// not there gives ErrNotExist.
func (b *Bus) MarkRead(ctx context.Context, id string, numbers ...int) error {
	return b.Update(ctx, id, func(tx *refstore.Tx, id string) error {
		last, err := tx.Last(InboxRef(id))
		if err != nil {
			return err
		}
		for _, n := range numbers {
			if n < 1 || last == nil || n > last.Number {
				return noMessage(n, id)
			}
		}
		return markRead(tx, id, numbers...)
	})
}

// MarkReadIn marks as read, within a transaction of session id, the newest message
// to it that match accepts, of those sent since that time.
func (b *Bus) MarkReadIn(ctx context.Context, tx *refstore.Tx, id string, since time.Time, match func(Message) bool) error {
	last, err := tx.Last(InboxRef(id))
	if err != nil || last == nil {
		return err
	}
	seen, err := cursorIn(tx, id)
	if err != nil {
		return err
	}
	found := 0
	_, err = b.store.Walk(ctx, InboxRef(id), last.ID, "", func(e *refstore.Entry) bool {
		if e.At.Before(since) || e.Number <= seen.Read.through() {
			return false
		}
		if !e.Repair() && match(messageOf(id, e)) {
			found = e.Number
		}
		return found == 0
	})
	if err != nil || found == 0 {
		return err
	}
	return markRead(tx, id, found)
}

// Inbox returns the messages to id, oldest first: those that are unread, or all.
// Damaged ones are left out: [refstore.Store.SetAside] tells.
func (b *Bus) Inbox(ctx context.Context, id string, all bool) ([]Message, error) {
	var messages []Message
	err := b.InboxBackward(ctx, id, all, func(m Message) bool {
		messages = append(messages, m)
		return true
	})
	slices.Reverse(messages)
	return messages, err
}

// InboxBackward visits what [Bus.Inbox] returns, newest first, until visit returns
// false.
func (b *Bus) InboxBackward(ctx context.Context, id string, all bool, visit func(Message) bool) error {
	box, err := b.inbox(ctx, id)
	if err != nil {
		return err
	}
	_, err = b.store.Walk(ctx, InboxRef(box.id), box.tip, "", func(e *refstore.Entry) bool {
		if !all && e.Number <= box.read.through() {
			return false
		}
		return e.Repair() || !all && box.read.has(e.Number) || visit(box.message(e))
	})
	return err
}

// InboxForward visits all messages to id, oldest first, until visit returns false. It
// does not hold more than some of them in memory: see [refstore.Store.Forward].
func (b *Bus) InboxForward(ctx context.Context, id string, visit func(Message) bool) error {
	box, err := b.inbox(ctx, id)
	if err != nil {
		return err
	}
	return b.store.Forward(ctx, InboxRef(box.id), box.tip, func(e *refstore.Entry) bool {
		return e.Repair() || visit(box.message(e))
	})
}

// box is an inbox as it was at one moment.
type box struct {
	id   string
	tip  hash
	read numbers
}

func (b *Bus) inbox(ctx context.Context, id string) (*box, error) {
	id, err := b.Resolve(ctx, id)
	if err != nil {
		return nil, err
	}
	tips, err := b.store.Tips(ctx, InboxRef(id), SeenRef(id))
	if err != nil {
		return nil, err
	}
	cursor, err := b.cursor(ctx, id, tips[1])
	if err != nil {
		return nil, err
	}
	return &box{id, tips[0], cursor.Read}, nil
}

func (b *box) message(e *refstore.Entry) Message {
	m := messageOf(b.id, e)
	m.Read = b.read.has(m.Number)
	return m
}

// messageOf is the message to the session that the entry holds.
func messageOf(to string, e *refstore.Entry) Message {
	m := Message{Number: e.Number, From: e.Author, To: to, Body: e.Body, At: e.At, Origin: e.Origin, Writer: e.Writer, Via: e.Via}
	if e.Label == labelReply {
		var err error // it was checked when it was read: a number, or an origin
		if m.InReplyTo, err = refstore.ParseNumber(e.Field(fieldInReplyTo)); err != nil {
			m.Answered = e.Field(fieldInReplyTo)
		}
	}
	return m
}
