package review

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore/object"
)

// State is the state of a review.
type State string

// The states of a review.
const (
	Pending    State = "pending"
	Approved   State = "approved"
	Rejected   State = "rejected"
	Withdrawn  State = "withdrawn"
	Superseded State = "superseded" // by a newer request of the same session
	Landed     State = "landed"     // only of [Store.MarkLanded]
)

// States lists all states.
var States = []State{Pending, Approved, Rejected, Landed, Withdrawn, Superseded}

// Review is a request and the events that followed.
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

// newReview makes a review of its events, in any order; newest is the number of its
// author's newest request. Verdicts of those who may not give one, which a note
// edited by hand can hold, do not count. Without a request it returns nil.
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

// judge returns Withdrawn if the author withdrew it, else Rejected if any reviewer
// rejected it, else Approved if every reviewer approved it, else Pending.
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

// Verdict returns the reviewer's rejection, which stands until a newer request, else
// its last approval, else nil.
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

// Waiting returns the reviewers who have not given a verdict.
func (r *Review) Waiting() []string {
	var ids []string
	for _, id := range r.To {
		if r.Verdict(id) == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// Rejection returns the first reviewer's rejection, nil if there is none.
func (r *Review) Rejection() *Event {
	for _, id := range r.To {
		if v := r.Verdict(id); v != nil && v.Kind == Reject {
			return v
		}
	}
	return nil
}
