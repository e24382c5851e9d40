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

// Refusals of AddEvent.
var (
	ErrNotNamed  = errors.New("not a reviewer of this review")
	ErrOwn       = errors.New("the author gives no verdict")
	ErrNotAuthor = errors.New("only the author withdraws")
	ErrClosed    = errors.New("the review is closed")
)

// AddEvent adds a verdict, a comment or a withdrawal to review number. The same
// transaction notifies the others concerned by message; a verdict marks the
// message that asked its reviewer for it as read.
func (s *Store) AddEvent(ctx context.Context, by string, number int, kind Kind, text string) (*Review, error) {
	if err := checkText(text); err != nil {
		return nil, err
	}
	var now *Review
	err := s.bus.Update(ctx, by, func(tx *refstore.Tx, by string) error {
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
		s.leaveOut(r)
		if err := notSame(tx, r.From, by, kind); err != nil {
			return err
		}
		if err := allowed(r, by, kind); err != nil {
			return err
		}
		e := &Event{
			At: tx.At(), Review: number, Seq: r.Events[len(r.Events)-1].Seq + 1, Kind: kind, By: by,
			Text: text, Writer: s.writer, Via: s.via,
		}
		if err := e.checkGiven(); err != nil {
			return err
		}
		if err := s.independent(ctx, e, r.From); err != nil {
			return err
		}
		if err := stageEvent(tx, table, e, lines, r.Tip); err != nil {
			return err
		}
		if kind == Approve {
			if err := s.pin(ctx, tx, r); err != nil {
				return err
			}
		}
		now = newReview(append(r.Events, e), r.Newer)
		if err := s.answered(ctx, tx, r, e); err != nil {
			return err
		}
		return notify(tx, now, e)
	})
	if err == nil && kind == Withdraw { // where that fails, the commits are kept until the next request
		_ = s.bus.Store().Unpin(ctx, pinRef(now.From), now.Tip)
	}
	return now, err
}

// pin keeps what is approved. A request that version 0.1 made did not.
func (s *Store) pin(ctx context.Context, tx *refstore.Tx, r *Review) error {
	store := s.bus.Store()
	if tip, err := store.Tip(ctx, pinRef(r.From)); err != nil || tip == r.Tip {
		return err
	}
	ids, err := resolve(ctx, store.Repo(), string(r.Tip)+"^{commit}")
	if err != nil || ids[0] == "" { // another clone's, or collected
		return err
	}
	return tx.Pin(pinRef(r.From), r.Tip)
}

// allowed holds the rules of who may add what.
func allowed(r *Review, by string, kind Kind) error {
	closed := r.State == Withdrawn || r.State == Superseded
	switch {
	case kind == Comment:
		return nil
	case !slices.Contains([]Kind{Approve, Reject, Withdraw}, kind):
		return bus.Inputf("'%s' cannot be added to a review", kind)
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

// notSame refuses the verdict of another session that counts as the author's: a
// subagent's work is its session's own.
func notSame(tx *refstore.Tx, author, by string, kind Kind) error {
	if kind != Approve && kind != Reject || by == author {
		return nil
	}
	theirs, err := bus.CountsAsIn(tx, author)
	if err != nil {
		return err
	}
	own, err := bus.CountsAsIn(tx, by)
	if err == nil && strings.EqualFold(own, theirs) {
		err = ErrOwn
	}
	return err
}

// stageEvent stages one event: the review in the table, and the note on tip, which
// gets back whatever it has lost. before are the review's lines so far.
func stageEvent(tx *refstore.Tx, table *refstore.Table, e *Event, before string, tip object.Hash) error {
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
	last, err := tx.Counter(TableRef, fieldReviews)
	if err != nil {
		return err
	}
	body := fmt.Sprintf("#%d by %s", e.Review, e.By)
	if e.Kind == Request {
		body = fmt.Sprintf("#%d from %s to %s", e.Review, e.By, strings.Join(e.To, ", "))
	}
	fields := []refstore.Field{refstore.Counter(fieldReviews, max(last, e.Review))}
	if _, err := tx.Record(TableRef, refstore.Entry{Label: string(e.Kind), Body: body, Fields: fields}); err != nil {
		return err
	}
	tx.RecordNotes(NotesRef, fmt.Sprintf("Notes added by git swarm review %s #%d", e.Kind, e.Review))
	return nil
}

// answered marks the message that asked for a verdict as read once it is given.
func (s *Store) answered(ctx context.Context, tx *refstore.Tx, r *Review, e *Event) error {
	if e.Kind != Approve && e.Kind != Reject {
		return nil
	}
	notice := fmt.Sprintf(noticeOfRequest, r.Number)
	return s.bus.MarkReadIn(ctx, tx, e.By, r.At, func(m bus.Message) bool {
		return m.From == r.From && m.InReplyTo == 0 && strings.HasPrefix(m.Body, notice)
	})
}

// notify sends a message about an event to the author, or from the author to the
// reviewers.
func notify(tx *refstore.Tx, r *Review, e *Event) error {
	to := []string{r.From}
	if e.By == r.From {
		to = r.To
	}
	verbs := map[Kind]string{Approve: "approved", Reject: "rejected", Comment: "has a comment", Withdraw: "withdrawn"}
	body := fmt.Sprintf("review #%d %s", r.Number, verbs[e.Kind])
	if e.Text != "" {
		body += ": " + e.Text
	}
	for _, id := range to {
		var unknown *bus.UnknownSessionError // a request of another clone's session, which has no inbox here
		if _, err := bus.Notify(tx, id, body); err != nil && !errors.As(err, &unknown) {
			return err
		}
	}
	return nil
}
