package review

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// NotesRef holds a note on each reviewed commit.
const NotesRef = "refs/notes/swarm/reviews"

// TableRef finds reviews by number and by session.
const TableRef = "refs/swarm/reviews"

// fieldReviews is the trailer of each commit of the table that has the highest
// number given so far.
const fieldReviews = "Reviews"

// Store is the reviews of a repository.
type Store struct {
	bus         *bus.Bus
	writer, via string   // see As
	above       []string // see Under
}

// NewStore returns the reviews of the repository that b is on.
func NewStore(b *bus.Bus) *Store { return &Store{bus: b} }

// Paths in the table.
func numberPath(n int) string     { return fmt.Sprintf("number/%d/%d", n/100, n) }
func latestPath(id string) string { return "latest/" + id }
func diffPath(n int) string       { return fmt.Sprintf("diff/%d/%d", n/100, n) }

// load reads the two refs.
func (s *Store) load(ctx context.Context) (*refstore.Table, *refstore.Notes, error) {
	table, err := s.bus.Store().Table(ctx, TableRef)
	if err != nil {
		return nil, nil, err
	}
	notes, err := s.bus.Store().Notes(ctx, NotesRef)
	return table, notes, err
}

// Get returns review number, or ErrNotExist.
func (s *Store) Get(ctx context.Context, number int) (*Review, error) {
	table, notes, err := s.load(ctx)
	if err != nil {
		return nil, err
	}
	return s.read(table, notes, number)
}

// Diff returns the diff that the request carries, "" if none.
func (s *Store) Diff(ctx context.Context, number int) (string, error) {
	table, _, err := s.load(ctx)
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
func (s *Store) Latest(ctx context.Context, session string) (*Review, error) {
	table, notes, err := s.load(ctx)
	if err != nil {
		return nil, err
	}
	number, err := latest(table, session)
	if err != nil || number == 0 {
		return nil, err
	}
	return s.read(table, notes, number)
}

// On returns the newest review of the commit, nil if there is none.
func (s *Store) On(ctx context.Context, commit object.Hash) (*Review, error) {
	table, notes, err := s.load(ctx)
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
		r, err := s.read(table, notes, e.Review)
		if !errors.Is(err, refstore.ErrNotExist) { // else it is another clone's
			return r, err
		}
	}
	return nil, nil
}

// List calls visit with all reviews, by number, until it returns false. Damaged
// ones are left out: see [refstore.Store.SetAside].
func (s *Store) List(ctx context.Context, visit func(*Review) bool) error {
	return s.list(ctx, func([]int) {}, visit)
}

// ListNewest is List from the newest review back: it costs as much as is visited.
func (s *Store) ListNewest(ctx context.Context, visit func(*Review) bool) error {
	return s.list(ctx, slices.Reverse[[]int], visit)
}

// list is List in the order into which the numbers are put.
func (s *Store) list(ctx context.Context, order func(numbers []int), visit func(*Review) bool) error {
	table, notes, err := s.load(ctx)
	if err != nil {
		return err
	}
	numbers, err := s.numbers(table)
	if err != nil {
		return err
	}
	order(numbers)
	for _, n := range numbers {
		r, err := s.read(table, notes, n)
		if s.bus.Store().LeaveOut(err) {
			continue
		}
		if err != nil || !visit(r) {
			return err
		}
	}
	return nil
}

// numbers returns the numbers of all reviews, in order.
func (s *Store) numbers(table *refstore.Table) ([]int, error) {
	var numbers []int
	hundreds, err := table.Names("number")
	if err != nil {
		return nil, err
	}
	for _, hundred := range hundreds {
		names, err := table.Names("number/" + hundred)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			path := "number/" + hundred + "/" + name
			n, err := refstore.ParseNumber(name)
			if err == nil && numberPath(n) != path {
				err = errors.New("not in its place")
			}
			if err != nil {
				s.bus.Store().LeaveOut(&refstore.DamagedError{Ref: TableRef, Path: path, Err: err})
				continue
			}
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

// Fingerprint returns a text that differs whenever anything in the reviews does. It
// is "" before the first review.
func (s *Store) Fingerprint(ctx context.Context) (string, error) {
	tips, err := s.bus.Store().Tips(ctx, TableRef, NotesRef)
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(tips[0] + " " + tips[1])), nil
}

// ListOpen calls visit with the newest request of each session, unless it is withdrawn,
// until visit returns false. It costs as much as there are sessions, however many
// reviews there have been.
func (s *Store) ListOpen(ctx context.Context, visit func(*Review) bool) error {
	table, notes, err := s.load(ctx)
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
			r, err = s.read(table, notes, number)
		}
		if s.bus.Store().LeaveOut(err) {
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
