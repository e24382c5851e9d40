package review

import (
	"errors"
	"fmt"
	"strings"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// read returns review number, with the events that the table or the note on its tip
// has, and all of their lines.
func read(table *refstore.Table, notes *refstore.Notes, number int) (*Review, string, error) {
	content, err := table.Get(numberPath(number))
	if errors.Is(err, refstore.ErrNotExist) {
		return nil, "", fmt.Errorf("review #%d %w", number, refstore.ErrNotExist)
	}
	if err != nil {
		return nil, "", err
	}
	events, err := parseReview(number, string(content))
	if err != nil {
		return nil, "", err
	}
	r := newReview(events, 0)
	note, err := notes.Get(r.Tip)
	if err != nil {
		return nil, "", err
	}
	noted, foreign := parseNote(note, number)
	lines := []string{string(content)}
	for _, e := range noted {
		// The request is the table's: the note may have another clone's request
		// under the same number.
		if e.Review == number && e.Kind != Request && !strings.Contains(string(content), e.line()+"\n") {
			lines, events = append(lines, e.line()), append(events, e)
		}
	}
	newest, err := latest(table, r.From)
	r = newReview(events, newest)
	r.Foreign = foreign
	return r, joinLines(lines...), err
}

// parseReview decodes what the table holds of review number: one request, and the
// events that followed.
func parseReview(number int, content string) ([]*Event, error) {
	events, err := parseLines(content)
	requests := 0
	for _, e := range events {
		if e.Kind == Request {
			requests++
		}
		if e.Review != number {
			err = fmt.Errorf("a line of #%d", e.Review)
		}
	}
	if err == nil && requests != 1 {
		err = fmt.Errorf("%d requests", requests)
	}
	if err != nil {
		return nil, &refstore.DamagedError{Ref: TableRef, Path: numberPath(number), Err: err}
	}
	return events, nil
}

// seqSlack is how far the events of a review may be numbered beyond how many
// there are: git can have lost lines of a note, but not thousands.
const seqSlack = 1000

// parseNote returns the events of review number that a note has, of all reviews
// for 0, and the lines that count for nothing.
func parseNote(note string, number int) (events []*Event, foreign []string) {
	all, foreign := splitLines(note)
	for _, e := range all {
		switch {
		case e.Seq > len(all)+seqSlack:
			foreign = append(foreign, e.line())
		case number == 0 || e.Review == number:
			events = append(events, e)
		}
	}
	return events, foreign
}

// leaveOut reports the lines of the review's note that count for nothing.
func (s *Store) leaveOut(r *Review) {
	if r == nil {
		return
	}
	for _, line := range r.Foreign {
		s.bus.Store().LeaveOut(noteFault(r.Tip, foreignLine(line)))
	}
}

func noteFault(commit object.Hash, err error) error {
	return &refstore.DamagedError{Ref: NotesRef, Path: "note on " + string(commit), Err: err}
}

// read is the function read, which reports what it left out.
func (s *Store) read(table *refstore.Table, notes *refstore.Notes, number int) (*Review, error) {
	r, _, err := read(table, notes, number)
	if err == nil {
		s.leaveOut(r)
	}
	return r, err
}

// latest returns the number of the session's newest request, 0 if it has none.
func latest(table *refstore.Table, session string) (int, error) {
	content, err := table.Get(latestPath(session))
	if errors.Is(err, refstore.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	n, err := refstore.ParseNumber(strings.TrimSuffix(string(content), "\n"))
	if err != nil || n < 1 {
		return 0, &refstore.DamagedError{Ref: TableRef, Path: latestPath(session), Err: fmt.Errorf("%.80q is no number", content)}
	}
	return n, nil
}
