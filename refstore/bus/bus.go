package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
)

// The refs of the swarm.
const (
	SessionsRef = "refs/swarm/sessions"
	ContextRef  = "refs/swarm/context"
	inboxPrefix = "refs/swarm/inbox/"
	seenPrefix  = "refs/swarm/seen/"
)

// InboxRef is the journal of messages to the session.
func InboxRef(id string) string { return inboxPrefix + id }

// SeenRef is the session's cursor.
func SeenRef(id string) string { return seenPrefix + id }

// Orchestrator is the session that is known without being registered.
const Orchestrator = "orchestrator"

// All stands for every session as the addressee of a message.
const All = "all"

// MaxBody is the largest body of an entry or message, in bytes.
const MaxBody = 1 << 20

// BeatEvery is how old a session's heartbeat may grow before a command of the
// session renews it.
const BeatEvery = 30 * time.Second

// ErrInput is wrapped by errors about what the caller asked for: an id or a body
// that can never be stored.
var ErrInput = errors.New("bad input")

// Inputf makes an ErrInput that prints as the given text alone.
func Inputf(format string, args ...any) error { return inputError(fmt.Sprintf(format, args...)) }

type inputError string

func (e inputError) Error() string        { return string(e) }
func (e inputError) Is(target error) bool { return target == ErrInput }

// UnknownSessionError says that nobody is registered by that id.
type UnknownSessionError struct {
	ID    string
	Known []string // sorted, without the orchestrator
}

func (e *UnknownSessionError) Error() string { return fmt.Sprintf("unknown session '%s'", e.ID) }

// Bus is the vocabulary over one repository's store.
type Bus struct {
	store *refstore.Store
}

// New returns the bus over store.
func New(store *refstore.Store) *Bus { return &Bus{store} }

// Store is what the bus stands on.
func (b *Bus) Store() *refstore.Store { return b.store }

// CheckID refuses what can be no session's id: ids are
// [A-Za-z0-9][A-Za-z0-9_-]{0,63}, and "all" is taken.
func CheckID(id string) error {
	if strings.EqualFold(id, All) {
		return Inputf("bad session id '%s': it stands for every session", id)
	}
	if !refstore.IsSessionID(id) {
		return Inputf("bad session id %.80q: letters, digits, '_' and '-', a letter or digit first, at most 64", id)
	}
	return nil
}

// isAlphanumeric reports whether c is an ASCII letter or digit.
func isAlphanumeric(c rune) bool {
	return c < 0x80 && (c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z')
}

// Resolve returns the id as it was registered, for ids are unique without regard
// to case. Anything else gives *UnknownSessionError, or *refstore.DamagedError where a
// record is damaged: it may be that one's.
func (b *Bus) Resolve(ctx context.Context, id string) (string, error) {
	_, known, err := b.registered(ctx, id)
	return known, err
}

// registered is Resolve, with the table in which the session was found.
func (b *Bus) registered(ctx context.Context, id string) (*refstore.Table, string, error) {
	table, err := b.store.Table(ctx, SessionsRef)
	if err != nil {
		return nil, "", err
	}
	known, err := resolve(table, id)
	var unknown *UnknownSessionError
	if b.store.Clone() == "" || !errors.As(err, &unknown) || b.store.Refresh(ctx, true) != nil {
		return table, known, err
	}
	if table, err = b.store.Table(ctx, SessionsRef); err != nil { // it may have joined in another clone just now
		return nil, "", err
	}
	known, err = resolve(table, id)
	return table, known, err
}

// ResolveIn is Resolve within a transaction.
func ResolveIn(tx *refstore.Tx, id string) (string, error) {
	table, err := tx.ReadTable(SessionsRef)
	if err != nil {
		return "", err
	}
	return resolve(table, id)
}

func resolve(table *refstore.Table, id string) (string, error) {
	if strings.EqualFold(id, Orchestrator) {
		return Orchestrator, nil
	}
	known, err := table.Names("")
	if err != nil {
		return "", err
	}
	for _, name := range known {
		if strings.EqualFold(name, id) {
			return name, nil
		}
	}
	for _, name := range known { // a session that the damage has taken is not unknown
		content, err := table.Get(name)
		if errors.Is(err, refstore.ErrNotExist) {
			err = &refstore.DamagedError{Ref: SessionsRef, Path: name, Err: errors.New("a folder and no session")}
		}
		if err == nil {
			_, err = decodeSession(name, content)
		}
		if err != nil {
			return "", err
		}
	}
	return "", &UnknownSessionError{id, slices.DeleteFunc(known, func(n string) bool { return n == Orchestrator })}
}

// Update runs a transaction as session by, which must be known and at home in this
// clone, and renews its
// heartbeat with it when that is due. build gets the id as registered. Notices that
// could not be written when they were due (see [KeptError]) are sent first.
func (b *Bus) Update(ctx context.Context, by string, build func(tx *refstore.Tx, by string) error) error {
	by, err := b.Resolve(ctx, by)
	if err == nil {
		err = b.CheckHome(ctx, by)
	}
	if err != nil {
		return err
	}
	b.sendKept(ctx)
	return b.store.Update(ctx, by, func(tx *refstore.Tx) error {
		if err := b.checkHomeIn(tx, by); err != nil {
			return err
		}
		if err := build(tx, by); err != nil {
			return err
		}
		return beat(tx, by)
	})
}

// Notify stages a message to the session to, in the name of the transaction's
// session, and returns its number in to's inbox, which with a hub may not be known yet. A session that is not known, as
// a damaged record can name one, gives *UnknownSessionError.
func Notify(tx *refstore.Tx, to, body string) (int, error) {
	e, err := send(tx, to, refstore.Entry{Label: labelMessage, Body: body})
	if err != nil {
		return 0, err
	}
	return e.Number, nil
}

// addressees are the sessions that a message to "all" goes to: everyone
// registered, and the orchestrator if it takes part, but the sender.
func addressees(tx *refstore.Tx, from string) ([]string, error) {
	table, err := tx.ReadTable(SessionsRef)
	if err != nil {
		return nil, err
	}
	names, err := table.Names("")
	if err != nil {
		return nil, err
	}
	if !slices.Contains(names, Orchestrator) {
		seen, err := tx.Exists(SeenRef(Orchestrator))
		if err != nil {
			return nil, err
		}
		if seen {
			names = append(names, Orchestrator)
		}
	}
	return slices.DeleteFunc(names, func(n string) bool { return n == from }), nil
}

func checkBody(body string) error {
	switch {
	case strings.TrimSpace(body) == "":
		return Inputf("the text is empty")
	case len(body) > MaxBody:
		return Inputf("the text has %d bytes, more than %d", len(body), MaxBody)
	case strings.ToValidUTF8(body, "") != body:
		return Inputf("the text is not valid UTF-8")
	}
	return nil
}
