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

// NotesRef holds a note on each reviewed commit.
const NotesRef = "refs/notes/swarm/reviews"

// TableRef finds reviews by number and by session.
const TableRef = "refs/swarm/reviews"

// fieldReviews stands on each commit of the table: the highest number yet.
const fieldReviews = "Reviews"

// Store is the reviews of a repository.
type Store struct{ bus *bus.Bus }

// NewStore returns the reviews of the repository that b is on.
func NewStore(b *bus.Bus) *Store { return &Store{b} }

// Paths in the table.
func numberPath(n int) string     { return fmt.Sprintf("number/%d/%d", n/100, n) }
func latestPath(id string) string { return "latest/" + id }
func diffPath(n int) string       { return fmt.Sprintf("diff/%d/%d", n/100, n) }

// Refusals of Request and Say.
var (
	ErrEmpty     = errors.New("the range holds no change")
	ErrNotNamed  = errors.New("not a reviewer of this review")
	ErrOwn       = errors.New("the author gives no verdict")
	ErrNotAuthor = errors.New("only the author withdraws")
	ErrClosed    = errors.New("the review is closed")
)

// MaxDiff is the largest diff that a request can carry, in bytes.
const MaxDiff = bus.MaxBody

// RequestParams is a request to make.
type RequestParams struct {
	To    []string
	Range *Range
	Text  string // for the reviewers
	Diff  string // a diff given instead of git's own, "" for none
}

// Request opens a review, and tells the reviewers by message in the same
// transaction. It supersedes the author's earlier requests.
func (b *Store) Request(ctx context.Context, from string, a RequestParams) (*Review, error) {
	if len(a.Diff) > MaxDiff || strings.ToValidUTF8(a.Diff, "") != a.Diff {
		return nil, bus.Inputf("the diff is larger than %d bytes, or not valid UTF-8", MaxDiff)
	}
	if err := checkText(a.Text); err != nil {
		return nil, err
	}
	git := b.bus.Store().Repo()
	commits, err := a.Range.Commits(ctx, git)
	if err != nil {
		return nil, err
	}
	if commits == 0 {
		return nil, ErrEmpty
	}
	patch, err := PatchID(ctx, git, a.Range)
	if err != nil {
		return nil, err
	}
	var made *Review
	err = b.bus.Update(ctx, from, func(tx *refstore.Tx, from string) error {
		e := &Event{
			At: tx.At(), Seq: 1, Kind: Request, By: from, Text: a.Text,
			Branch: a.Range.Branch, Target: a.Range.Target, Base: a.Range.Base, Tip: a.Range.Tip, Patch: patch,
		}
		var err error
		if e.To, err = b.reviewers(tx, from, a.To); err != nil {
			return err
		}
		last, err := lastNumber(tx)
		if err != nil {
			return err
		}
		e.Review = last + 1
		if err := b.open(tx, e, a.Diff); err != nil {
			return err
		}
		made = newReview([]*Event{e}, e.Review)
		for _, id := range e.To {
			body := fmt.Sprintf("review #%d requested: %s (%s): git swarm review show %d", e.Review, short(e.Branch, e.Tip), count(commits, "commit"), e.Review)
			if a.Text != "" {
				body += "\n" + a.Text
			}
			if _, err := bus.Notify(tx, id, body); err != nil {
				return err
			}
		}
		return nil
	})
	return made, err
}

// checkText refuses what no message can carry.
func checkText(text string) error {
	if len(text) > bus.MaxBody || strings.ToValidUTF8(text, "") != text {
		return bus.Inputf("the comment is larger than %d bytes, or not valid UTF-8", bus.MaxBody)
	}
	return nil
}

// count is "1 commit", "2 commits".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// short is a branch's name, or an abbreviated commit.
func short(branch string, tip object.Hash) string {
	if branch == "" {
		return tip.Short()
	}
	return strings.TrimPrefix(branch, "refs/heads/")
}

func (b *Store) reviewers(tx *refstore.Tx, from string, to []string) ([]string, error) {
	var ids []string
	for _, id := range to {
		id, err := bus.ResolveIn(tx, id)
		if err != nil {
			return nil, err
		}
		if id == from {
			return nil, bus.Inputf("%s cannot review its own work", id)
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil, bus.Inputf("no reviewer named")
	}
	return ids, nil
}

// open stages a new review in the table and in the note on its tip.
func (b *Store) open(tx *refstore.Tx, e *Event, diff string) error {
	table, err := tx.Table(TableRef)
	if err != nil {
		return err
	}
	if err := table.Put(latestPath(e.By), []byte(strconv.Itoa(e.Review)+"\n")); err != nil {
		return err
	}
	if diff != "" {
		if err := table.Put(diffPath(e.Review), []byte(diff)); err != nil {
			return err
		}
	}
	return b.add(tx, table, e, "", e.Tip)
}

// add stages one event: the review in the table, and the note on tip, which gets
// back whatever it lost.
func (b *Store) add(tx *refstore.Tx, table *refstore.Table, e *Event, before string, tip object.Hash) error {
	notes, err := tx.Notes(NotesRef)
	if err != nil {
		return err
	}
	note, err := notes.Get(tip)
	if err != nil {
		return err
	}
	lines := joinLines(before, e.line())
	if err := table.Put(numberPath(e.Review), []byte(lines)); err != nil {
		return err
	}
	if err := notes.Put(tip, joinLines(note, lines)); err != nil {
		return err
	}
	last, err := lastNumber(tx)
	if err != nil {
		return err
	}
	body := fmt.Sprintf("#%d by %s", e.Review, e.By)
	if e.Kind == Request {
		body = fmt.Sprintf("#%d from %s to %s", e.Review, e.By, strings.Join(e.To, ", "))
	}
	fields := []refstore.Field{{Key: fieldReviews, Value: strconv.Itoa(max(last, e.Review))}}
	if _, err := tx.Record(TableRef, refstore.Entry{Label: string(e.Kind), Body: body, Fields: fields}); err != nil {
		return err
	}
	tx.RecordNotes(NotesRef, fmt.Sprintf("Notes added by git swarm review %s #%d", e.Kind, e.Review))
	return nil
}

func lastNumber(tx *refstore.Tx) (int, error) {
	last, err := tx.Last(TableRef)
	if err != nil || last == nil {
		return 0, err
	}
	n, err := refstore.ParseNumber(last.Field(fieldReviews))
	if err != nil {
		return 0, &refstore.DamagedError{Ref: TableRef, ID: last.ID, Err: fmt.Errorf("number of reviews %.80q", last.Field(fieldReviews))}
	}
	return n, nil
}

// AddEvent adds a verdict, a comment or a withdrawal to review number, and tells the
// others concerned by message in the same transaction.
func (b *Store) AddEvent(ctx context.Context, by string, number int, kind Kind, text string) (*Review, error) {
	if err := checkText(text); err != nil {
		return nil, err
	}
	var now *Review
	err := b.bus.Update(ctx, by, func(tx *refstore.Tx, by string) error {
		table, err := tx.Table(TableRef)
		if err != nil {
			return err
		}
		notes, err := tx.Notes(NotesRef)
		if err != nil {
			return err
		}
		r, lines, err := read(table, notes, number)
		if err != nil {
			return err
		}
		b.leaveOut(r)
		if err := may(r, by, kind); err != nil {
			return err
		}
		e := &Event{At: tx.At(), Review: number, Seq: r.Events[len(r.Events)-1].Seq + 1, Kind: kind, By: by, Text: text}
		if err := b.add(tx, table, e, lines, r.Tip); err != nil {
			return err
		}
		now = newReview(append(r.Events, e), r.Newer)
		return tell(tx, now, e)
	})
	return now, err
}

// may holds the rules of who says what.
func may(r *Review, by string, kind Kind) error {
	closed := r.State == Withdrawn || r.State == Superseded
	switch {
	case kind == Comment:
		return nil
	case !slices.Contains([]Kind{Approve, Reject, Withdraw}, kind):
		return bus.Inputf("'%s' is nothing to say of a review", kind)
	case closed && r.Newer > 0:
		return fmt.Errorf("%w: superseded by #%d", ErrClosed, r.Newer)
	case closed:
		return fmt.Errorf("%w: withdrawn", ErrClosed)
	case kind == Withdraw && by != r.From:
		return ErrNotAuthor
	case kind == Withdraw:
		return nil
	case kind == Approve && r.State == Rejected:
		return fmt.Errorf("%w: rejected, so it takes a new request", ErrClosed)
	case by == r.From:
		return ErrOwn
	case !slices.Contains(r.To, by):
		return ErrNotNamed
	}
	return nil
}

// tell sends word of an event to the author, or from the author to the reviewers.
func tell(tx *refstore.Tx, r *Review, e *Event) error {
	to := []string{r.From}
	if e.By == r.From {
		to = r.To
	}
	words := map[Kind]string{Approve: "approved", Reject: "rejected", Comment: "has a comment", Withdraw: "withdrawn"}
	body := fmt.Sprintf("review #%d %s", r.Number, words[e.Kind])
	if e.Text != "" {
		body += ": " + e.Text
	}
	for _, id := range to {
		var unknown *bus.UnknownSessionError // a request of another clone's session: there is nobody to tell
		if _, err := bus.Notify(tx, id, body); err != nil && !errors.As(err, &unknown) {
			return err
		}
	}
	return nil
}
