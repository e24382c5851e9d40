package review

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// read puts review number together from the table and from the note on its tip,
// and returns its lines in both.
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
		// What was asked for is as the table has it: another clone's request can
		// have the same number.
		if e.Review == number && e.Kind != Request && !strings.Contains(string(content), e.line()+"\n") {
			lines, events = append(lines, e.line()), append(events, e)
		}
	}
	newest, err := latest(table, r.From)
	r = newReview(events, newest)
	r.Foreign = foreign
	return r, joinLines(lines...), err
}

// parseReview reads what the table holds of review number: one request, and
// what was said to it.
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

// parseNote reads a note for the events of review number, 0 for all of them, and
// for the lines that count for nothing.
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

// leaveOut tells of the lines of the review's note that count for nothing.
func (b *Store) leaveOut(r *Review) {
	if r == nil {
		return
	}
	for _, line := range r.Foreign {
		b.bus.Store().LeaveOut(noteFault(r.Tip, foreignLine(line)))
	}
}

func noteFault(commit object.Hash, err error) error {
	return &refstore.DamagedError{Ref: NotesRef, Path: "note on " + string(commit), Err: err}
}

// read is the function read, and tells of what it left out.
func (b *Store) read(table *refstore.Table, notes *refstore.Notes, number int) (*Review, error) {
	r, _, err := read(table, notes, number)
	if err == nil {
		b.leaveOut(r)
	}
	return r, err
}

// latest is the number of the session's newest request, 0 if it has none.
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

// pages opens the two refs for reading.
func (b *Store) pages(ctx context.Context) (*refstore.Table, *refstore.Notes, error) {
	table, err := b.bus.Store().Table(ctx, TableRef)
	if err != nil {
		return nil, nil, err
	}
	notes, err := b.bus.Store().Notes(ctx, NotesRef)
	return table, notes, err
}

// Get returns review number, or ErrNotExist.
func (b *Store) Get(ctx context.Context, number int) (*Review, error) {
	table, notes, err := b.pages(ctx)
	if err != nil {
		return nil, err
	}
	return b.read(table, notes, number)
}

// Diff returns the diff that the request carries, "" if none.
func (b *Store) Diff(ctx context.Context, number int) (string, error) {
	table, _, err := b.pages(ctx)
	if err != nil {
		return "", err
	}
	content, err := table.Get(diffPath(number))
	if errors.Is(err, refstore.ErrNotExist) {
		return "", nil
	}
	return string(content), err
}

// Latest returns the session's newest request, nil if it never made one.
func (b *Store) Latest(ctx context.Context, session string) (*Review, error) {
	table, notes, err := b.pages(ctx)
	if err != nil {
		return nil, err
	}
	number, err := latest(table, session)
	if err != nil || number == 0 {
		return nil, err
	}
	return b.read(table, notes, number)
}

// On returns the newest review of the commit, nil if there is none.
func (b *Store) On(ctx context.Context, commit object.Hash) (*Review, error) {
	table, notes, err := b.pages(ctx)
	if err != nil {
		return nil, err
	}
	note, err := notes.Get(commit)
	if err != nil {
		return nil, err
	}
	events, _ := parseNote(note, 0)
	slices.SortFunc(events, func(a, b *Event) int { return b.Review - a.Review })
	for _, e := range events {
		r, err := b.read(table, notes, e.Review)
		if !errors.Is(err, refstore.ErrNotExist) { // else it is another clone's
			return r, err
		}
	}
	return nil, nil
}

// List calls visit with all reviews, by number, until it returns false. Damaged
// ones are left out: [refstore.Store.SetAside] tells.
func (b *Store) List(ctx context.Context, visit func(*Review) bool) error {
	table, notes, err := b.pages(ctx)
	if err != nil {
		return err
	}
	var numbers []int
	pages, err := table.Names("number")
	if err != nil {
		return err
	}
	for _, page := range pages {
		names, err := table.Names("number/" + page)
		if err != nil {
			return err
		}
		for _, name := range names {
			n, err := refstore.ParseNumber(name)
			if err == nil && numberPath(n) != "number/"+page+"/"+name {
				err = errors.New("not in its place")
			}
			if err != nil {
				b.bus.Store().LeaveOut(&refstore.DamagedError{Ref: TableRef, Path: "number/" + page + "/" + name, Err: err})
				continue
			}
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	for _, n := range numbers {
		r, err := b.read(table, notes, n)
		if b.bus.Store().LeaveOut(err) {
			continue
		}
		if err != nil || !visit(r) {
			return err
		}
	}
	return nil
}

// Fingerprint is a word for how the reviews stand: as long as it is the same, so is all
// that can be read of them. It is "" before the first.
func (b *Store) Fingerprint(ctx context.Context) (string, error) {
	tips, err := b.bus.Store().Tips(ctx, TableRef, NotesRef)
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(tips[0] + " " + tips[1])), nil
}

// Open is List for the newest request of each session alone: there are as many
// as sessions, however many reviews there have been.
func (b *Store) Open(ctx context.Context, visit func(*Review) bool) error {
	table, notes, err := b.pages(ctx)
	if err != nil {
		return err
	}
	ids, err := table.Names("latest")
	if err != nil {
		return err
	}
	for _, id := range ids {
		number, err := latest(table, id)
		var r *Review
		if err == nil {
			r, err = b.read(table, notes, number)
		}
		if b.bus.Store().LeaveOut(err) {
			continue
		}
		if err != nil {
			return err
		}
		if r.State != Withdrawn && !visit(r) {
			return nil
		}
	}
	return nil
}
