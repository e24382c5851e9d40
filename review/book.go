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

// Book is the reviews of a repository.
type Book struct{ bus *bus.Bus }

// NewBook returns the reviews of the repository that b is on.
func NewBook(b *bus.Bus) *Book { return &Book{b} }

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

// Ask is a request to make.
type Ask struct {
	To    []string
	Range *Range
	Text  string // for the reviewers
	Diff  string // a diff given instead of git's own, "" for none
}

// Request opens a review, and tells the reviewers by message in the same
// transaction. It supersedes the author's earlier requests.
func (b *Book) Request(ctx context.Context, from string, a Ask) (*Review, error) {
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

func (b *Book) reviewers(tx *refstore.Tx, from string, to []string) ([]string, error) {
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
func (b *Book) open(tx *refstore.Tx, e *Event, diff string) error {
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
func (b *Book) add(tx *refstore.Tx, table *refstore.Table, e *Event, before string, tip object.Hash) error {
	notes, err := tx.Notes(NotesRef)
	if err != nil {
		return err
	}
	note, err := notes.Get(tip)
	if err != nil {
		return err
	}
	if _, err := parseNote(tip, note); err != nil {
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
	n, err := strconv.Atoi(last.Field(fieldReviews))
	if err != nil || n < 0 {
		return 0, &refstore.DamagedError{Ref: TableRef, ID: last.ID, Err: fmt.Errorf("number of reviews %.80q", last.Field(fieldReviews))}
	}
	return n, nil
}

// Say adds a verdict, a comment or a withdrawal to review number, and tells the
// others concerned by message in the same transaction.
func (b *Book) Say(ctx context.Context, by string, number int, kind Kind, text string) (*Review, error) {
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
		if _, err := bus.Notify(tx, id, body); err != nil {
			return err
		}
	}
	return nil
}

// read puts review number together from the table and from the note on its tip,
// and returns its lines in both.
func read(table *refstore.Table, notes *refstore.Notes, number int) (*Review, string, error) {
	content, err := table.Get(numberPath(number))
	if errors.Is(err, refstore.ErrNotExist) {
		return nil, "", fmt.Errorf("review #%d: %w", number, refstore.ErrNotExist)
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
	noted, err := parseNote(r.Tip, note)
	if err != nil {
		return nil, "", err
	}
	lines := []string{string(content)}
	for _, e := range noted {
		// What was asked for is as the table has it: another clone's request can
		// have the same number.
		if e.Review == number && e.Kind != Request && !strings.Contains(string(content), e.line()+"\n") {
			lines, events = append(lines, e.line()), append(events, e)
		}
	}
	newest, err := latest(table, r.From)
	return newReview(events, newest), joinLines(lines...), err
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

// parseNote reads the note on the commit.
func parseNote(commit object.Hash, note string) ([]*Event, error) {
	events, err := parseLines(note)
	if err != nil {
		return nil, &refstore.DamagedError{Ref: NotesRef, Path: "note on " + string(commit), Err: err}
	}
	return events, nil
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
	n, err := strconv.Atoi(strings.TrimSuffix(string(content), "\n"))
	if err != nil || n < 1 {
		return 0, &refstore.DamagedError{Ref: TableRef, Path: latestPath(session), Err: fmt.Errorf("%.80q is no number", content)}
	}
	return n, nil
}

// pages opens the two refs for reading.
func (b *Book) pages(ctx context.Context) (*refstore.Table, *refstore.Notes, error) {
	table, err := b.bus.Store().Table(ctx, TableRef)
	if err != nil {
		return nil, nil, err
	}
	notes, err := b.bus.Store().Notes(ctx, NotesRef)
	return table, notes, err
}

// Get returns review number, or ErrNotExist.
func (b *Book) Get(ctx context.Context, number int) (*Review, error) {
	table, notes, err := b.pages(ctx)
	if err != nil {
		return nil, err
	}
	r, _, err := read(table, notes, number)
	return r, err
}

// Diff returns the diff that the request carries, "" if none.
func (b *Book) Diff(ctx context.Context, number int) (string, error) {
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
func (b *Book) Latest(ctx context.Context, session string) (*Review, error) {
	table, notes, err := b.pages(ctx)
	if err != nil {
		return nil, err
	}
	number, err := latest(table, session)
	if err != nil || number == 0 {
		return nil, err
	}
	r, _, err := read(table, notes, number)
	return r, err
}

// On returns the newest review of the commit, nil if there is none.
func (b *Book) On(ctx context.Context, commit object.Hash) (*Review, error) {
	table, notes, err := b.pages(ctx)
	if err != nil {
		return nil, err
	}
	note, err := notes.Get(commit)
	if err != nil {
		return nil, err
	}
	events, err := parseNote(commit, note)
	if err != nil {
		return nil, err
	}
	number := 0
	for _, e := range events {
		number = max(number, e.Review)
	}
	if number == 0 {
		return nil, nil
	}
	r, _, err := read(table, notes, number)
	return r, err
}

// List calls visit with all reviews, by number, until it returns false.
func (b *Book) List(ctx context.Context, visit func(*Review) bool) error {
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
			n, err := strconv.Atoi(name)
			if err != nil || numberPath(n) != "number/"+page+"/"+name {
				return &refstore.DamagedError{Ref: TableRef, Path: "number/" + page + "/" + name, Err: errors.New("no number")}
			}
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	for _, n := range numbers {
		r, _, err := read(table, notes, n)
		if err != nil || !visit(r) {
			return err
		}
	}
	return nil
}

// Open is List for the newest request of each session alone: there are as many
// as sessions, however many reviews there have been.
func (b *Book) Open(ctx context.Context, visit func(*Review) bool) error {
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
		if err != nil {
			return err
		}
		r, _, err := read(table, notes, number)
		if err != nil {
			return err
		}
		if r.State != Withdrawn && !visit(r) {
			return nil
		}
	}
	return nil
}
