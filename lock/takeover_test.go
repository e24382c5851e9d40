package lock

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// inbox is who wrote what to a session.
func (s *swarm) inbox(id string) []string {
	s.Helper()
	messages, err := s.bus.Inbox(bg, id, true)
	s.Must(err)
	var lines []string
	for _, m := range messages {
		lines = append(lines, m.From+": "+m.Body)
	}
	return lines
}

func (s *swarm) takeover(by string, paths ...string) error {
	s.Helper()
	return refstoretest.Err(s.Grant(bg, by, Request{Paths: paths, Takeover: true}))
}

// Only a session that was silent for longer than staleAfter loses its claims,
// and only to one that asks for it. It is told.
func TestTakeover(t *testing.T) {
	s := newSwarm(t, "A", "B")
	s.grant("B", "src/x", "y")
	seen := s.clock.Now()
	s.clock.Advance(staleAfter)
	if held, ok := errors.AsType[*HeldError](s.takeover("A", "src/x")); !ok || held.Stale || !held.Seen.Equal(seen) {
		t.Errorf("refused with %+v", held)
	}
	s.clock.Advance(time.Second)
	if held := s.refused("A", "src/x", "B", "src/x"); !held.Stale || !held.Seen.Equal(seen) {
		t.Errorf("refused with %+v", held)
	}
	s.Must(s.takeover("A", "src/x", "z"))
	s.want("src/x A#2", "y B#1", "z A#2")
	want := []string{"A: A took over your claim on src/x: you had been silent for 15m0s"}
	if got := s.inbox("B"); !slices.Equal(got, want) {
		t.Errorf("B was told %q", got)
	}
	if got := s.Git("log", "-1", "--format=%B", ClaimsRef); !strings.HasPrefix(got, "claim src/x and 1 more\n\nsrc/x\nz\n\ntaken over from B: src/x\n\n") {
		t.Errorf("the log says %q", got)
	}
	s.refused("B", "src/x", "A", "src/x")
	s.healthy()
}

// Whatever a session does renews its heartbeat: it is not stale then.
func TestTakeoverOfTheLiving(t *testing.T) {
	s := newSwarm(t, "A", "B")
	s.grant("B", "x")
	for range 3 {
		s.clock.Advance(staleAfter - time.Second)
		s.grant("B", "x")
	}
	s.clock.Advance(2 * time.Second)
	if held, ok := errors.AsType[*HeldError](s.takeover("A", "x")); !ok || held.Stale {
		t.Errorf("refused with %+v", held)
	}
	if got := s.inbox("B"); got != nil {
		t.Errorf("B was told %q", got)
	}
}

// A takeover of several paths takes all or none.
func TestTakeoverAllOrNone(t *testing.T) {
	s := newSwarm(t, "A", "B", "C")
	s.grant("B", "src/b")
	s.clock.Advance(staleAfter + time.Second)
	s.grant("C", "src/c")
	if held, ok := errors.AsType[*HeldError](s.takeover("A", "src")); !ok || held.Claim.Session != "C" {
		t.Errorf("refused with %+v", held)
	}
	if _, ok := errors.AsType[*HeldError](s.takeover("A", "src/b", "src/c")); !ok {
		t.Error("not refused")
	}
	s.want("src/b B#1", "src/c C#2")
	if got := s.inbox("B"); got != nil {
		t.Errorf("B was told %q", got)
	}
}

// A folder over the files of several, and a file under the folder of one: each
// loser gets one message with all that it lost.
func TestTakeoverOfFolders(t *testing.T) {
	s := newSwarm(t, "A", "B", "C")
	s.grant("B", "src/b\n1", "src/b2", "lib")
	s.grant("C", "src/c")
	s.clock.Advance(staleAfter + time.Second)
	s.grant("A", "src/a")
	s.Must(s.takeover("A", "src", "lib/x"))
	s.want("lib/x A#4", "src A#4")
	for id, want := range map[string]string{"B": `"src/b\n1", src/b2, lib`, "C": "src/c"} {
		if got := s.inbox(id); len(got) != 1 || !strings.HasPrefix(got[0], "A: A took over your claim on "+want+": ") {
			t.Errorf("%s was told %q", id, got)
		}
	}
	s.healthy()
}

// The claims of a session that was never seen can be taken over, and what one
// holds is never taken over from oneself.
func TestTakeoverOfOneself(t *testing.T) {
	s := newSwarm(t, "A")
	s.grant("A", "x")
	s.clock.Advance(2 * staleAfter)
	s.Must(s.takeover("A", "x"))
	s.want("x A#1")
	if got := s.inbox("A"); got != nil {
		t.Errorf("A was told %q", got)
	}
}

// A session whose agent has ended loses its claims without a wait, to one that
// asks for it; it is told why.
func TestTakeoverOfTheEnded(t *testing.T) {
	s := newSwarm(t, "A", "B", "C")
	s.grant("B", "b/x")
	s.grant("C", "c")
	seen := s.clock.Now()
	s.clock.Advance(time.Minute)
	asked := map[string]time.Time{}
	s.Ended = func(session string, at time.Time) bool {
		asked[session] = at
		return session == "B"
	}
	if held := s.refused("A", "b/x", "B", "b"); !held.Stale {
		t.Error("what an ended agent holds is not stale")
	}
	claim := s.claim("b/x")
	if held, err := s.InTheWay(bg, "b", claim); err != nil || !held.Stale || held.Path != "b" || held.Claim != claim || !held.Seen.Equal(seen) {
		t.Errorf("in the way: %+v, %v", held, err)
	}
	if held, err := s.InTheWay(bg, "c", s.claim("c")); err != nil || held.Stale {
		t.Errorf("in the way: %+v, %v", held, err)
	}
	if held, ok := errors.AsType[*HeldError](s.takeover("A", "b", "c")); !ok || held.Stale || held.Claim.Session != "C" {
		t.Errorf("refused with %+v", held)
	}
	if !asked["B"].Equal(seen) || !asked["C"].Equal(seen) {
		t.Errorf("asked of %v", asked)
	}
	s.Must(s.takeover("A", "b"))
	if got := s.inbox("B"); !slices.Equal(got, []string{"A: A took over your claim on b/x: your agent had ended"}) {
		t.Errorf("B was told %q", got)
	}
	s.want("b A#3", "c C#2")
	s.healthy()
}

// A session whose agent is there keeps its claims however long it is silent: a build
// takes an hour, a laptop sleeps. When the agent is gone, they can be taken over.
func TestTakeoverOfThePresent(t *testing.T) {
	s := newSwarm(t, "A", "B")
	s.grant("B", "x")
	there := true
	s.Present = func(session string) bool { return there && session == "B" }
	s.clock.Advance(100 * staleAfter)
	if held, ok := errors.AsType[*HeldError](s.takeover("A", "x")); !ok || held.Stale {
		t.Errorf("refused with %+v", held)
	}
	if held, err := s.InTheWay(bg, "x", s.claim("x")); err != nil || held.Stale {
		t.Errorf("in the way: %+v, %v", held, err)
	}
	there = false
	s.Must(s.takeover("A", "x"))
}

// What was claimed by a clock that was ahead is not held for ever.
func TestTakeoverByAClockThatWasAhead(t *testing.T) {
	s := newSwarm(t, "A", "B")
	s.clock.Advance(10 * 365 * 24 * time.Hour)
	s.grant("B", "x")
	s.clock.Advance(staleAfter + time.Second - 10*365*24*time.Hour)
	s.Must(s.takeover("A", "x"))
}

// A person takes over from a session that is there, which is told why; without that
// word it is refused.
func TestTakeoverForced(t *testing.T) {
	s := newSwarm(t, "A", "B")
	s.grant("B", "x")
	if _, ok := errors.AsType[*HeldError](s.takeover("A", "x")); !ok {
		t.Error("not refused")
	}
	if _, ok := errors.AsType[*HeldError](refstoretest.Err(s.Grant(bg, "A", Request{Paths: []string{"x"}, Force: true}))); !ok {
		t.Error("not refused without a takeover")
	}
	s.Must(refstoretest.Err(s.Grant(bg, "A", Request{Paths: []string{"x"}, Takeover: true, Force: true})))
	s.want("x A#2")
	if got, want := s.inbox("B"), "A: A took over your claim on x: a person decided so"; len(got) != 1 || got[0] != want {
		t.Errorf("B was told %q, want %q", got, want)
	}
	s.healthy()
}

// Of a session that is at home in another clone no more is known than that clone last said:
// what it holds is taken over once it was silent for twice as long.
func TestTakeoverFromAnotherClone(t *testing.T) {
	t.Parallel()
	w := newHubSwarms(t)
	w.a.grant("A", "x")
	w.meet()
	take := func() error {
		_, err := w.b.Grant(bg, "B", Request{Paths: []string{"x"}, Takeover: true})
		return err
	}
	w.b.clock.Advance(staleAfter + staleAfter/2)
	var held *HeldError
	if err := take(); !errors.As(err, &held) || held.Stale {
		t.Errorf("after one and a half: %v", err)
	}
	w.b.clock.Advance(staleAfter)
	w.b.Must(take())
	w.want("x B#2")
}
