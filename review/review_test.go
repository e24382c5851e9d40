package review

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// The state of a review by what was said, in whatever order the lines stand.
func TestJudge(t *testing.T) {
	bc, b := []string{"B", "C"}, []string{"B"}
	for _, c := range []struct {
		name      string
		to        []string
		said      string // "KIND BY", by sequence from 2
		newest    int
		state     State
		waiting   string
		rejection string
	}{
		{"nothing said", b, "", 1, Pending, "B", ""},
		{"approved", b, "approve B", 1, Approved, "", ""},
		{"approved by one of two", bc, "approve B", 1, Pending, "C", ""},
		{"approved by both", bc, "approve C, approve B", 1, Approved, "", ""},
		{"approved twice by one", bc, "approve B, approve B", 1, Pending, "C", ""},
		{"a comment is no verdict", b, "comment B", 1, Pending, "B", ""},
		{"rejected", b, "reject B", 1, Rejected, "", "B"},
		{"rejected by one of two", bc, "approve B, reject C", 1, Rejected, "", "C"},
		{"rejected, and the other silent", bc, "reject C", 1, Rejected, "B", "C"},
		{"a rejection stands against a later approval", b, "reject B, approve B", 1, Rejected, "", "B"},
		{"approved, then rejected", b, "approve B, reject B", 1, Rejected, "", "B"},
		{"withdrawn", b, "withdraw A", 1, Withdrawn, "B", ""},
		{"withdrawn after the approval", b, "approve B, withdraw A", 1, Withdrawn, "", ""},
		{"approved after the withdrawal", b, "withdraw A, approve B", 1, Withdrawn, "", ""},
		{"withdrawn by another", b, "withdraw B, withdraw C", 1, Pending, "B", ""},
		{"approved by the author", b, "approve A", 1, Pending, "B", ""},
		{"rejected by the author", b, "reject A", 1, Pending, "B", ""},
		{"the author as a reviewer", []string{"A"}, "approve A", 1, Pending, "A", ""},
		{"the author beside a reviewer", []string{"A", "B"}, "approve A, approve B", 1, Pending, "A", ""},
		{"approved by a stranger", b, "approve C", 1, Pending, "B", ""},
		{"rejected by a stranger", b, "approve B, reject C", 1, Approved, "", ""},
		{"another spelling is another", b, "approve b", 1, Pending, "B", ""},
		{"superseded", b, "", 2, Superseded, "B", ""},
		{"superseded after the approval", b, "approve B", 3, Superseded, "", ""},
		{"superseded after the rejection", b, "reject B", 2, Superseded, "", "B"},
		{"withdrawn stays withdrawn", b, "withdraw A", 2, Withdrawn, "B", ""},
		{"an older request supersedes nothing", b, "approve B", 0, Approved, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			events := []*Event{asked(1, c.to...)}
			for _, words := range strings.Split(c.said, ", ") {
				if kind, by, ok := strings.Cut(words, " "); ok {
					events = append(events, said1(len(events)+1, Kind(kind), by))
				}
			}
			for range 5 {
				r := newReview(events, c.newest)
				rejection := ""
				if v := r.Rejection(); v != nil {
					rejection = v.By
				}
				if r.State != c.state || strings.Join(r.Waiting(), ",") != c.waiting || rejection != c.rejection {
					t.Errorf("%s, waiting for %v, rejected by %q", r.State, r.Waiting(), rejection)
				}
				if (r.Newer > 0) != (c.state == Superseded) || r.Number != 1 || r.From != "A" || r.Tip != idB {
					t.Errorf("%+v", r)
				}
				rand.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
			}
		})
	}
}

// The verdict of a reviewer is the first rejection, else the last approval.
func TestVerdict(t *testing.T) {
	events := []*Event{asked(1, "B", "C"), said1(2, Approve, "B"), said1(3, Approve, "B"), said1(4, Reject, "C"), said1(5, Reject, "C"), said1(6, Approve, "C"), said1(7, Approve, "A")}
	r := newReview(events, 1)
	for by, seq := range map[string]int{"A": 0, "B": 3, "C": 4, "D": 0, "": 0} {
		got := 0
		if v := r.Verdict(by); v != nil {
			got = v.Seq
		}
		if got != seq {
			t.Errorf("the verdict of %q is #1.%d, not #1.%d", by, got, seq)
		}
	}
}

// Without a request there is no review, and events are not reordered under the
// caller's hands.
func TestNewReview(t *testing.T) {
	if r := newReview(nil, 0); r != nil {
		t.Errorf("%+v", r)
	}
	if r := newReview([]*Event{said1(2, Approve, "B")}, 0); r != nil {
		t.Errorf("%+v", r)
	}
	events := []*Event{said1(3, Comment, "B"), said1(2, Comment, "C"), asked(1, "B")}
	before := slices.Clone(events)
	r := newReview(events, 1)
	if !slices.Equal(events, before) || r.Events[0].Kind != Request || r.Events[1].By != "C" || r.Events[2].By != "B" {
		t.Errorf("%+v", r.Events)
	}
}
