package bus

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
)

// inbox is an inbox as lines: 1 B hello, with * if it was read, >n if it answers n.
func (s *swarm) inbox(id string, all bool) []string {
	s.Helper()
	messages, err := s.Inbox(bg, id, all)
	s.Must(err)
	var lines []string
	for _, m := range messages {
		line := fmt.Sprint(m.Number)
		if m.Read {
			line += "*"
		}
		if m.InReplyTo > 0 {
			line += fmt.Sprintf(">%d", m.InReplyTo)
		}
		lines = append(lines, line+" "+m.From+" "+m.Body)
	}
	return lines
}

func (s *swarm) wantInbox(id string, all bool, want ...string) {
	s.Helper()
	if got := s.inbox(id, all); !slices.Equal(got, want) {
		s.Errorf("inbox of %s (all: %t) is %q, want %q", id, all, got, want)
	}
}

func TestSend(t *testing.T) {
	s := newSwarm(t, "A", "B", "C")
	if sent := s.send("a", "b", "hello"); !slices.Equal(sent, []Sent{{"B", 1, ""}}) {
		t.Errorf("sent %v", sent)
	}
	s.clock.Advance(time.Second)
	if sent := s.send("C", "B", "x\n\nIn-Reply-To: 9\nFormat: 1\n"); !slices.Equal(sent, []Sent{{"B", 2, ""}}) {
		t.Errorf("sent %v", sent)
	}
	s.wantInbox("B", false, "1 A hello", "2 C x\n\nIn-Reply-To: 9\nFormat: 1\n")
	s.wantInbox("A", true)
	messages, err := s.Inbox(bg, "b", true)
	s.Must(err)
	if m := messages[1]; m.To != "B" || !m.At.Equal(s.clock.Now()) || m.Read || m.InReplyTo != 0 {
		t.Errorf("the message is %+v", m)
	}
	if got := s.Git("log", "--format=%an: %s", InboxRef("B")); got != "C: [message] x\nA: [message] hello" {
		t.Errorf("the log says %q", got)
	}
	s.healthy()
}

// "all" is everybody registered but the sender, and the orchestrator once it
// has been heard of.
func TestSendAll(t *testing.T) {
	s := newSwarm(t, "B", "A", "C")
	if sent := s.send("b", "all", "one"); !slices.Equal(sent, []Sent{{"A", 1, ""}, {"C", 1, ""}}) {
		t.Errorf("sent %v", sent)
	}
	s.send("A", "C", "two")
	s.sync(Orchestrator)
	if sent := s.send("A", "ALL", "three"); !slices.Equal(sent, []Sent{{"B", 1, ""}, {"C", 3, ""}, {Orchestrator, 1, ""}}) {
		t.Errorf("sent %v", sent)
	}
	if sent := s.send(Orchestrator, "All", "four"); !slices.Equal(sent, []Sent{{"A", 2, ""}, {"B", 2, ""}, {"C", 4, ""}}) {
		t.Errorf("sent %v", sent)
	}
	done := Done
	s.Must(s.SetStatus(bg, Orchestrator, Orchestrator, Change{Status: &done}, nil)) // now it is in the table too
	if sent := s.send("A", "all", "five"); !slices.Equal(sent, []Sent{{"B", 3, ""}, {"C", 5, ""}, {Orchestrator, 2, ""}}) {
		t.Errorf("sent %v", sent)
	}
	s.healthy()
}

// With nobody else there, a message to all goes to nobody.
func TestSendAllAlone(t *testing.T) {
	s := newSwarm(t, "A")
	if sent := s.send("A", "all", "hello?"); len(sent) != 0 {
		t.Errorf("sent %v", sent)
	}
	s.healthy()
}

// A message to all that one inbox cannot take goes to none.
func TestSendAllOrNone(t *testing.T) {
	s := newSwarm(t, "A", "B", "C")
	s.send("A", "C", "whole")
	s.Git("update-ref", InboxRef("C"), s.Git("rev-parse", SessionsRef+":A"))
	before := s.Snapshot()
	var damaged *refstore.DamagedError
	if _, err := s.Send(bg, "A", "all", "x"); !errors.As(err, &damaged) || damaged.Ref != InboxRef("C") {
		t.Errorf("Send gives %v", err)
	}
	if after := s.Snapshot(); after != before {
		t.Errorf("something was written: %s", after)
	}
}

func TestReply(t *testing.T) {
	s := newSwarm(t, "A", "B")
	s.send("A", "B", "one?")
	s.send("A", "B", "two?")
	s.send("A", "B", "three?")
	sent, err := s.Reply(bg, "b", 2, "two!")
	s.Must(err)
	if sent != (Sent{"A", 1, ""}) {
		t.Errorf("sent %v", sent)
	}
	s.wantInbox("B", false, "1 A one?", "3 A three?")
	s.wantInbox("B", true, "1 A one?", "2* A two?", "3 A three?")
	s.wantInbox("A", true, "1>2 B two!")
	if got := s.Git("log", "-1", "--format=%an: %s|%(trailers:key=In-Reply-To,separator=;)", InboxRef("A")); got != "B: [reply] two!|In-Reply-To: 2" {
		t.Errorf("the log says %q", got)
	}
	if _, err = s.Reply(bg, "A", 1, "thanks"); err != nil {
		t.Error(err)
	}
	s.wantInbox("B", false, "1 A one?", "3 A three?", "4>1 A thanks")
	if _, err = s.Reply(bg, "B", 2, "again"); err != nil {
		t.Error(err)
	}
	s.wantInbox("A", false, "2>2 B again")
	s.healthy()
}

func TestReplyRefused(t *testing.T) {
	s := newSwarm(t, "A", "B")
	s.send("A", "B", "one?")
	before := s.Snapshot()
	for _, n := range []int{-1, 0, 2, 1 << 40} {
		if _, err := s.Reply(bg, "B", n, "x"); !errors.Is(err, refstore.ErrNotExist) {
			t.Errorf("a reply to #%d gives %v", n, err)
		}
		if err := s.MarkRead(bg, "B", 1, n); !errors.Is(err, refstore.ErrNotExist) {
			t.Errorf("marking #%d read gives %v", n, err)
		}
	}
	_, err := s.Reply(bg, "B", 1, " ")
	isInput(t, "an empty reply", err)
	if after := s.Snapshot(); after != before {
		t.Errorf("something was written: %s", after)
	}
}

func TestMarkRead(t *testing.T) {
	s := newSwarm(t, "A", "B")
	for i := range 9 {
		s.send("A", "B", fmt.Sprint(i+1))
	}
	s.Must(s.MarkRead(bg, "B", 1, 2, 3, 5))
	s.wantInbox("B", false, "4 A 4", "6 A 6", "7 A 7", "8 A 8", "9 A 9")
	tip := s.Git("rev-parse", SeenRef("B"))
	s.Must(s.MarkRead(bg, "B", 5, 1))
	if now := s.Git("rev-parse", SeenRef("B")); now != tip {
		t.Error("marking read what is read was recorded")
	}
	s.Must(s.MarkRead(bg, "B", 9, 4, 7))
	s.wantInbox("B", false, "6 A 6", "8 A 8")
	s.Must(s.MarkRead(bg, "B", 6, 8))
	s.wantInbox("B", false)
	if got := s.inbox("B", true); len(got) != 9 {
		t.Errorf("%d messages are left of 9", len(got))
	}
	s.healthy()
}

// What is read is the addressee's to say: it outlives syncs and heartbeats, and
// a sync marks nothing read. What is read is no news.
func TestReadAndSync(t *testing.T) {
	s := newSwarm(t, "A", "B")
	s.send("A", "B", "one")
	s.send("A", "B", "two")
	s.Must(s.MarkRead(bg, "B", 1))
	news := s.sync("B")
	if got := news.lines(); !slices.Equal(got, []string{"M2 A two"}) || news.Messages[0].Read {
		t.Errorf("the news are %+v", news)
	}
	s.clock.Advance(time.Hour)
	s.sync("B")
	s.say("B", "x")
	s.wantInbox("B", true, "1* A one", "2 A two")
	if got := s.Git("log", "-1", "--format=%(trailers:key=Read,valueonly)", SeenRef("B")); got != "1\n" && got != "1" {
		t.Errorf("the cursor says %q", got)
	}
	s.healthy()
}

func TestSendRefused(t *testing.T) {
	s := newSwarm(t, "A", "B")
	before := s.Snapshot()
	for _, body := range []string{"", " \t\r\n\u00a0", "a\xffb", "\xed\xa0\x80", strings.Repeat("x", MaxBody+1)} {
		_, err := s.Send(bg, "A", "B", body)
		isInput(t, fmt.Sprintf("a message %.20q", body), err)
	}
	if after := s.Snapshot(); after != before {
		t.Errorf("something was written: %s", after)
	}
}
