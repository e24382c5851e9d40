package review

import (
	"fmt"
	"strings"
	"testing"
)

// A command killed at any point of its transaction leaves the review in table
// and note and the messages about it, all or none, once the next command is done.
func TestKilledAtEachPoint(t *testing.T) {
	for _, work := range []string{"request", "say"} {
		for _, at := range []struct {
			point string
			times int
		}{{"queued", 1}, {"logged", 1}, {"written", 1}, {"locked", 4}, {"renamed", 4}, {"kept", 1}} {
			for n := 1; n <= at.times; n++ {
				t.Run(fmt.Sprintf("%s/%s %d", work, at.point, n), func(t *testing.T) {
					t.Parallel()
					s := newSwarm(t)
					s.request("A", "B", "C")
					args := []string{at.point, fmt.Sprint(n), "say", "approve", "1"}
					by := "B"
					if work == "request" {
						args, by = []string{at.point, fmt.Sprint(n), "request", "1", "B,C"}, "A"
					}
					w := s.start("die", by, args...)
					w.Killed(t)
					s.say("orchestrator", 1, Comment, "next")
					landed := at.point == "renamed" || at.point == "kept"
					if work == "request" {
						s.allOrNone(landed, "review #2 requested", NotesRef, "#2.1 request by=A", "B", "C")
					} else {
						s.allOrNone(landed, "review #1 approved", NotesRef, "approve by=B", "A")
					}
					s.healthy()
				})
			}
		}
	}
}

// allOrNone checks that an event is in note and table and was told to all of
// those, or that nothing of it is anywhere.
func (s *swarm) allOrNone(all bool, told, notes, line string, to ...string) {
	s.Helper()
	found := map[string]bool{
		"note":  strings.Contains(s.Git("notes", "--ref="+notes, "show", "feat"), line),
		"table": strings.Contains(s.Git("grep", "-h", "", TableRef, "--", "number"), line),
	}
	for _, id := range to {
		found["message to "+id] = strings.Contains(strings.Join(s.inbox(id), "\n"), told)
	}
	for where, there := range found {
		if there != all {
			s.Errorf("in the %s: %v; landed: %v", where, there, all)
		}
	}
}

// Commands are killed at random moments. What was acknowledged is there, and what
// is there is whole.
func TestKilledAtRandom(t *testing.T) {
	t.Parallel()
	s := newSwarm(t)
	s.request("A", "B")
	acked := 0
	for i := 0; i < size(12) || acked < 3 && i < 300; i++ {
		work := []string{"60ms", "request", "1000", "B,C"}
		by := "A"
		if i%2 == 1 {
			by, work = "B", append([]string{"60ms", "say", "comment"}, strings.Fields(strings.Repeat("1 ", 1000))...)
		}
		acked += len(s.start("random", by, work...).Killed(t))
	}
	s.request("C", "B")
	s.sound()
	events, reviews := 0, 0
	s.Must(s.List(bg, func(r *Review) bool {
		reviews++
		events += len(r.Events)
		return true
	}))
	if events-2 < acked || acked == 0 {
		t.Errorf("%d acknowledged, %d there", acked, events-2)
	}
	if told := len(s.inbox("B")); told != reviews {
		t.Errorf("B was told of %d of %d reviews", told, reviews)
	}
	comments := events - reviews
	if told := len(s.inbox("A")); told != comments {
		t.Errorf("A was told of %d of %d comments", told, comments)
	}
	t.Logf("%d acknowledged, %d events there", acked, events)
	s.healthy()
}
