package review

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// An event that somebody gave for a session which they named says so in the last
// paragraph of the stored text, where versions that know nothing of it show it too.

const (
	givenBy   = "Given by "
	givenWith = " with "
	byOption  = "--session" // how a person stands in for a session
)

// As returns the reviews for whoever acts as a session that they named: writer is
// "Name <address>", via how they named it, as in [refstore.Entry].
func (s *Store) As(writer, via string) *Store {
	as := *s
	as.writer, as.via = strings.ToValidUTF8(writer, "?"), via
	return &as
}

// Under returns the reviews for whoever runs under the agents of these sessions: the
// verdict that an agent has given on its own change does not count, either.
func (s *Store) Under(sessions []string) *Store {
	under := *s
	under.above = sessions
	return &under
}

// storedText is the text with who gave the event.
func (e *Event) storedText() string {
	if e.Via == "" {
		return e.Text
	}
	last := givenBy + e.Writer + givenWith + e.Via
	if e.Text == "" {
		return last
	}
	return e.Text + "\n\n" + last
}

// readText sets what storedText put together.
func (e *Event) readText(stored string) {
	e.Text = stored
	if e.Kind == Request {
		return
	}
	comment, last := "", stored
	if at := strings.LastIndex(stored, "\n\n"); at >= 0 {
		comment, last = stored[:at], stored[at+2:]
	}
	writer, ok := strings.CutPrefix(last, givenBy)
	at := strings.LastIndex(writer, givenWith)
	if !ok || at < 0 || !strings.HasSuffix(writer[:at], ">") || strings.Contains(last, "\n") || !refstore.IsVia(writer[at+len(givenWith):]) {
		return
	}
	given := &Event{Text: comment, Writer: writer[:at], Via: writer[at+len(givenWith):]}
	if given.storedText() == stored {
		e.Text, e.Writer, e.Via = comment, given.Writer, given.Via
	}
}

// checkGiven refuses a text that would be read as given by somebody else.
func (e *Event) checkGiven() error {
	read := &Event{Kind: e.Kind}
	if read.readText(e.storedText()); read.Via != e.Via || read.Writer != e.Writer || read.Text != e.Text {
		return bus.Inputf("a comment does not end in a line of the form '%sNAME <ADDRESS>%s--session'", givenBy, givenWith)
	}
	return nil
}

// NotIndependentError says that the author's own agent registered the reviewer, or
// started whoever gives the verdict, which therefore does not count.
type NotIndependentError struct {
	Reviewer, Author string
	Started          bool
}

func (e *NotIndependentError) Error() string {
	if e.Started {
		return fmt.Sprintf("the agent of %s, whose change it is, has started you: your verdict does not count", e.Author)
	}
	return fmt.Sprintf("%s was registered by the agent of %s, whose change it is: its verdict does not count", e.Reviewer, e.Author)
}

// independent refuses a verdict that is the author's own in another's name.
func (s *Store) independent(ctx context.Context, e *Event, author string) error {
	if !slices.Contains([]Kind{Approve, Reject}, e.Kind) || e.Via == byOption {
		return nil
	}
	counts, err := s.bus.CountsAs(ctx, author)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(s.above, func(id string) bool { return strings.EqualFold(id, counts) }) {
		return &NotIndependentError{e.By, author, true}
	}
	own, err := s.registered(ctx, e, author)
	if err == nil && own {
		err = &NotIndependentError{e.By, author, false}
	}
	return err
}

// registered reports whether the verdict is that of a session which the author's agent
// registered, and not of a person who named the session.
func (s *Store) registered(ctx context.Context, e *Event, author string) (bool, error) {
	if e.Via == byOption {
		return false, nil
	}
	return s.RegisteredBy(ctx, e.By, author)
}

// RegisteredBy reports whether the author's agent registered the session, or a
// session whose agent did, or whether one of the two is the other's subagent, or both
// are the same session's.
func (s *Store) RegisteredBy(ctx context.Context, session, author string) (bool, error) {
	author, err := s.bus.CountsAs(ctx, author)
	if err != nil {
		return false, err
	}
	if same, err := s.bus.CountsAs(ctx, session); err != nil || strings.EqualFold(same, author) {
		return err == nil, err
	}
	asked := map[string]bool{}
	for id := session; id != "" && !asked[id]; {
		asked[id] = true
		next, err := s.bus.Registrar(ctx, id)
		var unknown *bus.UnknownSessionError
		if errors.As(err, &unknown) { // it has gone
			return false, nil
		}
		if err != nil || strings.EqualFold(next, author) {
			return err == nil, err
		}
		id = next
	}
	return false, nil
}
