package review

import (
	"slices"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/bus"
)

// unread is what the session has still to read, oldest first.
func (s *swarm) unread(id string) []string {
	s.Helper()
	messages, err := s.bus.Inbox(bg, id, false)
	s.Must(err)
	var all []string
	for _, m := range messages {
		all = append(all, m.From+": "+m.Body)
	}
	return all
}

func (s *swarm) wantUnread(id string, want ...string) {
	s.Helper()
	if got := s.unread(id); !slices.Equal(got, want) {
		s.Errorf("%s has unread %q, want %q", id, got, want)
	}
}

// A verdict marks the message that asked for it as read: that one only, and for
// the one who gave it only.
func TestVerdictReadsItsNotice(t *testing.T) {
	const asked, again = "A: review #1 requested: feat (2 commits): git swarm review show 1", "A: review #2 requested: feat (2 commits): git swarm review show 2"
	for _, kind := range []Kind{Approve, Reject} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			s := newSwarm(t)
			_, err := s.bus.Send(bg, "C", "B", asked[len("A: "):]) // so says C
			s.Must(err)
			s.request("A", "B", "C")
			_, err = s.bus.Send(bg, "A", "B", "when?")
			s.Must(err)
			s.say("B", 1, Comment, "soon")
			s.wantUnread("B", "C: "+asked[len("A: "):], asked, "A: when?")
			s.say("B", 1, kind, "")
			s.wantUnread("B", "C: "+asked[len("A: "):], "A: when?")
			s.wantUnread("C", asked)

			s.request("A", "B", "C")
			s.say("C", 2, kind, "")
			s.wantUnread("C", asked)
			s.wantUnread("B", "C: "+asked[len("A: "):], "A: when?", again)
			s.healthy()
		})
	}
}

// A verdict given twice, or after its notice was read, is as good as any.
func TestVerdictWithoutNotice(t *testing.T) {
	s := newSwarm(t)
	s.request("A", "B", bus.Orchestrator)
	s.Must(s.bus.MarkRead(bg, "B", 1))
	s.say("B", 1, Approve, "")
	s.say("B", 1, Approve, "again")
	s.say(bus.Orchestrator, 1, Approve, "")
	s.wantUnread("B")
	s.wantUnread(bus.Orchestrator)
	s.healthy()
}
