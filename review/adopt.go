package review

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// Numbers is the name under which an adoption has by how much the numbers of reviews rise.
const Numbers = "review"

// AdoptReviews plans by how much the numbers of the reviews in this repository rise where it
// joins a hub that has reviews.
func AdoptReviews(a *refstore.Adoption) error {
	mine, theirs, err := a.Counter(TableRef, fieldReviews)
	if err == nil && mine > 0 && theirs > 0 {
		a.Numbers[Numbers] = theirs
	}
	return err
}

// ShareReviews has the hub's swarm have the reviews of this repository, each with what its
// note alone has, too, and tells the author and the reviewers of those that are not closed.
func (s *Store) ShareReviews(ctx context.Context, tx *refstore.Tx, a *refstore.Adoption) error {
	if a.Tips[TableRef] == "" || !a.Both(TableRef) && len(a.Renamed) == 0 {
		return nil // they go to the hub as they are
	}
	mine, err := a.Mine(TableRef)
	if err != nil {
		return err
	}
	table, err := tx.Table(TableRef)
	if err != nil {
		return err
	}
	notes, err := s.bus.Store().Notes(ctx, NotesRef)
	if err != nil {
		return err
	}
	numbers, err := s.numbers(mine)
	if err != nil {
		return err
	}
	var open []*Review
	for _, n := range numbers {
		r, lines, err := read(mine, notes, n)
		if err != nil {
			return err
		}
		if err := adoptReview(mine, table, n, lines, a); err != nil {
			return err
		}
		if r.State != Superseded && r.State != Withdrawn {
			open = append(open, r)
		}
	}
	if err := adoptLatest(mine, table, a); err != nil {
		return err
	}
	own, theirs, err := a.Counter(TableRef, fieldReviews)
	if err != nil {
		return err
	}
	_, err = tx.Record(TableRef, refstore.Entry{
		Label: refstore.RepairLabel, Body: fmt.Sprintf("adopted by %s: %d, from #%d on", tx.Clone(), len(numbers), theirs+1),
		Fields: []refstore.Field{refstore.Counter(fieldReviews, own+theirs)},
	})
	if err != nil || a.Numbers[Numbers] == 0 {
		return err
	}
	return tellNumbers(tx, open, a)
}

// adoptReview puts one review, and the diff that its request carries, into the hub's table.
func adoptReview(mine, table *refstore.Table, n int, lines string, a *refstore.Adoption) error {
	events, err := parseReview(n, lines)
	if err != nil {
		return err
	}
	var text []string
	for _, e := range events {
		text = append(text, e.adopted(a).line())
	}
	now := n + a.Numbers[Numbers]
	if err := table.Put(numberPath(now), []byte(joinLines(text...))); err != nil {
		return err
	}
	diff, err := mine.Get(diffPath(n))
	if errors.Is(err, refstore.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return table.Put(diffPath(now), diff)
}

// adopted is the event with the number and the sessions as they are called from now on.
func (e *Event) adopted(a *refstore.Adoption) *Event {
	now := *e
	now.Review += a.Numbers[Numbers]
	now.By = a.Name(e.By)
	now.To = slices.Clone(e.To)
	for i, id := range now.To {
		now.To[i] = a.Name(id)
	}
	return &now
}

// adoptLatest has the hub's table find the newest request of each session.
func adoptLatest(mine, table *refstore.Table, a *refstore.Adoption) error {
	ids, err := mine.Names("latest")
	if err != nil {
		return err
	}
	for _, id := range ids {
		n, err := latest(mine, id)
		if err != nil {
			return err
		}
		if err := table.Put(latestPath(a.Name(id)), []byte(strconv.Itoa(n+a.Numbers[Numbers])+"\n")); err != nil {
			return err
		}
	}
	return nil
}

// tellNumbers tells whom the reviews concern what their numbers are now, each in one message.
func tellNumbers(tx *refstore.Tx, open []*Review, a *refstore.Adoption) error {
	told := map[string][]string{}
	var order []string
	for _, r := range open {
		for _, id := range append([]string{r.From}, r.To...) {
			if told[id] == nil {
				order = append(order, id)
			}
			told[id] = append(told[id], fmt.Sprintf("review #%d is #%d now", r.Number, r.Number+a.Numbers[Numbers]))
		}
	}
	for _, id := range order {
		body := "this clone has joined a swarm that has reviews: " + strings.Join(told[id], ", ")
		var unknown *bus.UnknownSessionError // there is nobody to tell
		if _, err := bus.Notify(tx, a.Name(id), body); err != nil && !errors.As(err, &unknown) {
			return err
		}
	}
	return nil
}

// KeepNotes has the notes here say of each review of this repository what the table says.
// Lines of others in them stay.
func KeepNotes(tx *refstore.Tx, a *refstore.Adoption) error {
	if a.Tips[NotesRef] == "" || a.Numbers[Numbers] == 0 && len(a.Renamed) == 0 {
		return nil
	}
	mine, err := a.Mine(TableRef)
	if err != nil {
		return err
	}
	notes, err := tx.Notes(NotesRef)
	if err != nil {
		return err
	}
	next := map[object.Hash]string{}
	var failed error
	err = notes.Each(func(_ string, commit object.Hash, text string) bool {
		var lines []string
		for line := range strings.SplitSeq(text, "\n") {
			e, bad := parseLine(line)
			if bad == nil {
				own, err := isOf(mine, e.Review, commit)
				if failed = err; err != nil {
					return false
				}
				if own {
					line = e.adopted(a).line()
				}
			}
			lines = append(lines, line)
		}
		if now := joinLines(lines...); now != text {
			next[commit] = now
		}
		return true
	})
	if err := errors.Join(err, failed); err != nil || len(next) == 0 {
		return err
	}
	for commit, text := range next {
		if err := notes.Put(commit, text); err != nil {
			return err
		}
	}
	tx.RecordNotes(NotesRef, "Notes renumbered by git swarm init --adopt")
	return nil
}

// isOf reports whether the table has a review of that number, and of that commit.
func isOf(table *refstore.Table, number int, commit object.Hash) (bool, error) {
	content, err := table.Get(numberPath(number))
	if errors.Is(err, refstore.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	events, err := parseReview(number, string(content))
	return err == nil && newReview(events, 0).Tip == commit, err
}
