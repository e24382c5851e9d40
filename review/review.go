package review

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore/object"
)

// State is how a review stands.
type State string

// The states of a review.
const (
	Pending    State = "pending"
	Approved   State = "approved"
	Rejected   State = "rejected"
	Withdrawn  State = "withdrawn"
	Superseded State = "superseded" // by a newer request of the same session
)

// States are all of them.
var States = []State{Pending, Approved, Rejected, Withdrawn, Superseded}

// Review is a request and what was said to it.
type Review struct {
	Number int
	From   string
	To     []string
	At     time.Time
	Branch string
	Target string
	Base   object.Hash
	Tip    object.Hash
	Patch  object.Hash
	Text   string
	State  State
	Newer  int // the number of the request that superseded it
	Events []*Event

	// Foreign are lines of the note on Tip that are no event, or could be none
	// (git notes append adds any text): they count for nothing.
	Foreign []string
}

// newReview puts a review together from its events, in whatever order. Verdicts
// that nobody had a right to give, which a note edited by hand can hold, do not
// count. It returns nil without a request.
func newReview(events []*Event, newest int) *Review {
	events = slices.Clone(events)
	slices.SortStableFunc(events, func(a, b *Event) int {
		return cmp.Or(cmp.Compare(a.Seq, b.Seq), strings.Compare(a.line(), b.line()))
	})
	i := slices.IndexFunc(events, func(e *Event) bool { return e.Kind == Request })
	if i < 0 {
		return nil
	}
	q := events[i]
	r := &Review{
		Number: q.Review, From: q.By, To: q.To, At: q.At, Branch: q.Branch, Target: q.Target,
		Base: q.Base, Tip: q.Tip, Patch: q.Patch, Text: q.Text, Events: events,
	}
	r.State = r.judge()
	if newest > r.Number && r.State != Withdrawn {
		r.State, r.Newer = Superseded, newest
	}
	return r
}

// judge: withdrawn by the author; else rejected if any reviewer rejected it; else
// approved if every reviewer approved it.
func (r *Review) judge() State {
	for _, e := range r.Events {
		if e.Kind == Withdraw && e.By == r.From {
			return Withdrawn
		}
	}
	state := Approved
	for _, id := range r.To {
		switch v := r.Verdict(id); {
		case v == nil:
			state = Pending
		case v.Kind == Reject:
			return Rejected
		}
	}
	return state
}

// Verdict is the reviewer's rejection if there is one, which stands until a newer
// request, else the last approval; nil if there is neither.
func (r *Review) Verdict(reviewer string) *Event {
	if reviewer == r.From || !slices.Contains(r.To, reviewer) {
		return nil
	}
	var verdict *Event
	for _, e := range r.Events {
		if e.By == reviewer && (e.Kind == Approve || e.Kind == Reject) && (verdict == nil || verdict.Kind != Reject) {
			verdict = e
		}
	}
	return verdict
}

// Waiting are the reviewers who have given no verdict.
func (r *Review) Waiting() []string {
	var ids []string
	for _, id := range r.To {
		if r.Verdict(id) == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// Rejection is a rejection, nil if there is none.
func (r *Review) Rejection() *Event {
	for _, id := range r.To {
		if v := r.Verdict(id); v != nil && v.Kind == Reject {
			return v
		}
	}
	return nil
}
