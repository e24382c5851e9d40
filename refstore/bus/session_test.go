package bus

import (
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

func TestCheckID(t *testing.T) {
	for _, id := range []string{"A", "z", "0", "a_b-C", "HEAD", "orchestrator", "alll", strings.Repeat("x", 64), "9-", "a_"} {
		if err := CheckID(id); err != nil {
			t.Errorf("CheckID(%q) = %v", id, err)
		}
	}
	bad := []string{
		"", " ", "-a", "_a", ".a", "a b", "a/b", "a.b", "a:b", "a\n", "a\x00", "ä", "\xff", "a\xff", "\u212a", "１",
		"[", "`", "{", "@", "all", "All", "ALL", strings.Repeat("x", 65), "..", "a..b", "a~1", "a^", "a*",
	}
	for _, id := range bad {
		isInput(t, fmt.Sprintf("CheckID(%q)", id), CheckID(id))
	}
}

// Every workstream that is taken makes a branch that git takes, and what can be
// none is refused.
func TestWorkstreams(t *testing.T) {
	for _, w := range []string{"a", "front_end", "v1.2", "a-b-c", "0", "a.lock.b", "Ab", strings.Repeat("x", 100)} {
		n := Registration{ID: "A", Workstream: w}
		if err := n.Check(); err != nil {
			t.Errorf("workstream %q: %v", w, err)
		}
		if err := exec.Command("git", "check-ref-format", "--branch", n.Branch()).Run(); err != nil {
			t.Errorf("workstream %q makes branch %s, which git refuses", w, n.Branch())
		}
	}
	bad := []string{
		"", " ", "a b", ".a", "-a", "_a", "a.", "a-", "a..b", "a.lock", "x.y.lock", "a/b", "a:b", "a~1", "a\n", "ä", "a\xff", "--upload-pack=x",
		strings.Repeat("x", 101),
	}
	for _, w := range bad {
		isInput(t, fmt.Sprintf("workstream %q", w), Registration{ID: "A", Workstream: w}.Check())
	}
	isInput(t, "an agent that is not UTF-8", Registration{ID: "A", Workstream: "a", Agent: "\xff"}.Check())
	isInput(t, "registering the orchestrator", Registration{ID: "ORCHESTRATOR", Workstream: "a"}.Check())
}

func TestRegister(t *testing.T) {
	s := newSwarm(t)
	added, err := s.Register(bg, []Registration{{ID: "B", Workstream: "backend", Agent: "claude"}, {ID: "A", Workstream: "frontend"}})
	s.Must(err)
	if len(added) != 2 {
		t.Errorf("added %v", added)
	}
	all, err := s.Sessions(bg)
	s.Must(err)
	if len(all) != 2 || all[0].ID != "A" || all[1].ID != "B" {
		t.Fatalf("sessions %v", all)
	}
	now := s.clock.Now()
	want := Session{ID: "B", Workstream: "backend", Branch: "feat/backend", Status: Running, Agent: "claude", Host: all[1].Host, Joined: now, Updated: now, Seen: now}
	if all[1] != want || want.Host == "" {
		t.Errorf("B is\n%+v, want\n%+v", all[1], want)
	}
	if got := s.Git("log", "--format=%an: %s", SessionsRef); got != "orchestrator: join B:backend A:frontend" {
		t.Errorf("the log says %q", got)
	}
	s.healthy()
}

// Run again, it adds what is new, under the ids there are, and resets nothing.
// A branch is a session's if it was made for its workstream, not if it was found
// checked out.
func TestIsSessionBranch(t *testing.T) {
	s := newSwarm(t)
	_, err := s.Register(bg, []Registration{{ID: "A", Workstream: "front"}, {ID: "B", Workstream: "B", Checkout: "release"}, {ID: "C", Workstream: "C", Checkout: "feat/found"}})
	s.Must(err)
	for branch, want := range map[string]bool{"feat/front": true, "feat/B": false, "release": false, "feat/found": false, "feat/other": false, "front": false, "refs/heads/feat/front": false} {
		if got, err := s.IsSessionBranch(bg, branch); err != nil || got != want {
			t.Errorf("%s: %t, %v", branch, got, err)
		}
	}
}

func TestRegisterAgain(t *testing.T) {
	s := newSwarm(t, "Anna", "B")
	s.say("Anna", "so be it")
	blocked, note := Blocked, "waiting"
	s.Must(s.SetStatus(bg, "Anna", "Anna", Change{Status: &blocked, Note: &note}, nil))
	before, err := s.Session(bg, "Anna")
	s.Must(err)
	s.clock.Advance(time.Hour)

	added, err := s.Register(bg, []Registration{{ID: "aNNA", Workstream: "other", Agent: "x"}, {ID: "C", Workstream: "c"}})
	s.Must(err)
	if len(added) != 1 || added[0].ID != "C" {
		t.Errorf("added %v", added)
	}
	if after, err := s.Session(bg, "ANNA"); err != nil || after != before {
		t.Errorf("Anna became\n%+v (%v), was\n%+v", after, err, before)
	}
	tip := s.Git("rev-parse", SessionsRef)
	if added, err = s.Register(bg, []Registration{{ID: "c", Workstream: "c"}}); err != nil || len(added) != 0 {
		t.Errorf("a third time added %v, %v", added, err)
	}
	if now := s.Git("rev-parse", SessionsRef); now != tip {
		t.Error("a registration that adds nothing was recorded")
	}
	s.healthy()
}

// One bad session, and none is registered.
func TestRegisterAllOrNone(t *testing.T) {
	s := newSwarm(t)
	lists := [][]Registration{
		{{ID: "A", Workstream: "a"}, {ID: "b c", Workstream: "b"}},
		{{ID: "A", Workstream: "a"}, {ID: "B", Workstream: "-b"}},
		{{ID: "A", Workstream: "a"}, {ID: "a", Workstream: "b"}},
		{{ID: "A", Workstream: "a"}, {ID: "all", Workstream: "b"}},
		{{ID: "A", Workstream: "a"}, {ID: "Orchestrator", Workstream: "b"}},
	}
	for _, list := range lists {
		_, err := s.Register(bg, list)
		isInput(t, fmt.Sprint(list), err)
	}
	if refs := s.Git("for-each-ref"); refs != "" {
		t.Errorf("refs were made: %s", refs)
	}
}

// Of two that register the same id at once, one adds it.
func TestRegisterRace(t *testing.T) {
	s := newSwarm(t)
	var mu sync.Mutex
	var added []Registration
	var wg sync.WaitGroup
	for i := range 4 {
		b := s.open()
		id := []string{"same", "Same", "SAME", "sAme"}[i]
		wg.Go(func() {
			got, err := b.Register(bg, []Registration{{ID: id, Workstream: "w"}})
			mu.Lock()
			defer mu.Unlock()
			if added = append(added, got...); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	all, err := s.Sessions(bg)
	s.Must(err)
	if len(added) != 1 || len(all) != 1 || all[0].ID != added[0].ID {
		t.Errorf("added %v, there are %v", added, all)
	}
	s.healthy()
}

// Sessions come by id, as people count.
func TestSessionsCounted(t *testing.T) {
	want := []string{"A", "A-1", "A1", "A2", "A2b1", "A2b10", "A10", "A010", "A" + strings.Repeat("8", 12), "A" + strings.Repeat("9", 12), "B"}
	s := newSwarm(t, "A10", "A2", "B", "A2b10", "A"+strings.Repeat("9", 12), "A2b1", "A", "A-1", "A010", "A1", "A"+strings.Repeat("8", 12))
	all, err := s.Sessions(bg)
	s.Must(err)
	var ids []string
	for _, session := range all {
		ids = append(ids, session.ID)
	}
	if !slices.Equal(ids, want) {
		t.Errorf("they come as %q", ids)
	}
}

func TestUnknownSession(t *testing.T) {
	s := newSwarm(t, "B", "A")
	note := "x"
	s.Must(s.SetStatus(bg, Orchestrator, Orchestrator, Change{Note: &note}, nil)) // which puts it in the table
	before := s.Snapshot()
	var unknown *UnknownSessionError
	for what, err := range map[string]error{
		"Resolve":    refstoretest.Err(s.Resolve(bg, "Z")),
		"AddContext": refstoretest.Err(s.AddContext(bg, "Z", "decision", "x")),
		"Send from":  refstoretest.Err(s.Send(bg, "Z", "A", "x")),
		"Send to":    refstoretest.Err(s.Send(bg, "A", "Z", "x")),
		"Inbox":      refstoretest.Err(s.Inbox(bg, "Z", true)),
		"Reply":      refstoretest.Err(s.Reply(bg, "Z", 1, "x")),
		"Session":    refstoretest.Err(s.Session(bg, "Z")),
		"SetStatus":  s.SetStatus(bg, "A", "Z", Change{Note: &note}, nil),
		"by unknown": s.SetStatus(bg, "Z", "A", Change{Note: &note}, nil),
		"Sync":       s.Sync(bg, "Z", func(*News) error { return nil }),
		"MarkRead":   s.MarkRead(bg, "Z", 1),
	} {
		if !errors.As(err, &unknown) || unknown.ID != "Z" || !slices.Equal(unknown.Known, []string{"A", "B"}) {
			t.Errorf("%s gives %#v", what, err)
		}
	}
	if after := s.Snapshot(); after != before {
		t.Errorf("something was written: %s", after)
	}
}

func TestSetStatus(t *testing.T) {
	s := newSwarm(t, "A", "B")
	s.clock.Advance(time.Minute)
	status := func(by, id string, st Status, note string) {
		t.Helper()
		s.Must(s.SetStatus(bg, by, id, Change{Status: &st, Note: &note}, nil))
	}
	status("a", "a", Blocked, "waiting on B\nfor types \x00\x1b[1m '\"\\")
	got, err := s.Session(bg, "A")
	s.Must(err)
	if got.Status != Blocked || got.Note != "waiting on B\nfor types \x00\x1b[1m '\"\\" || !got.Updated.Equal(s.clock.Now()) || !got.Seen.Equal(s.clock.Now()) {
		t.Errorf("A is %+v", got)
	}
	if subject := s.Git("log", "-1", "--format=%an: %s", SessionsRef); subject != "A: [blocked] waiting on B for types \\0\x1b[1m '\"\\\\" {
		t.Errorf("the log says %q", subject)
	}
	tip := s.Git("rev-parse", SessionsRef)
	status("A", "A", Blocked, got.Note)
	s.Must(s.SetStatus(bg, "A", "A", Change{}, nil))
	if now := s.Git("rev-parse", SessionsRef); now != tip {
		t.Error("a change that changes nothing was recorded")
	}
	status("B", "A", Done, "")
	if got, err = s.Session(bg, "A"); err != nil || got.Status != Done || got.Note != "" {
		t.Errorf("A is %+v, %v", got, err)
	}
	if subject := s.Git("log", "-1", "--format=%an: %s", SessionsRef); subject != "B: [done] A" {
		t.Errorf("the log says %q", subject)
	}
	status(Orchestrator, Orchestrator, Blocked, "n")
	if got, err = s.Session(bg, Orchestrator); err != nil || got.Status != Blocked {
		t.Errorf("the orchestrator is %+v, %v", got, err)
	}
	s.healthy()
}

func TestSetStatusRefused(t *testing.T) {
	s := newSwarm(t, "A")
	before := s.Snapshot()
	strange, notUTF8, blank, long := Status("idle"), "\xff", " \n", strings.Repeat("x", MaxBody+1)
	isInput(t, "an unknown status", s.SetStatus(bg, "A", "A", Change{Status: &strange}, nil))
	for _, note := range []*string{&notUTF8, &blank, &long} {
		isInput(t, "a note", s.SetStatus(bg, "A", "A", Change{Note: note}, nil))
	}
	done, why := Done, errors.New("not so")
	if err := s.SetStatus(bg, "A", "A", Change{Status: &done}, func(*refstore.Tx) error { return why }); !errors.Is(err, why) {
		t.Errorf("also's error came back as %v", err)
	}
	if after := s.Snapshot(); after != before {
		t.Errorf("something was written: %s", after)
	}
}

// A session is seen when it does something, and never before it joined.
func TestSeen(t *testing.T) {
	s := newSwarm(t, "A", "B")
	seen := func(id string) time.Duration {
		t.Helper()
		got, err := s.Session(bg, id)
		s.Must(err)
		return got.Seen.Sub(got.Joined)
	}
	for _, step := range []struct{ wait, want time.Duration }{{29 * time.Second, 29 * time.Second}, {29 * time.Second, 29 * time.Second}, {time.Second, 59 * time.Second}} {
		s.clock.Advance(step.wait)
		s.say("A", "x")
		if got := seen("A"); got != step.want {
			t.Errorf("A was seen %s after it joined, want %s", got, step.want)
		}
	}
	if got := seen("B"); got != 0 {
		t.Errorf("B was seen %s after it joined", got)
	}
	now := s.clock.Now()
	if Stale(now, now.Add(time.Minute), time.Minute) || !Stale(now, now.Add(time.Minute+1), time.Minute) {
		t.Error("stale is not after the period")
	}
}

// A clock that was years ahead once says nothing: neither that the session was heard
// of just now, for ever, nor of one that joined by it. The next command puts it right.
func TestSeenByAClockThatWasAhead(t *testing.T) {
	const years = 10 * 365 * 24 * time.Hour
	s := newSwarm(t, "A", "B")
	start := s.clock.Now()
	s.clock.Advance(years)
	s.say("A", "from the future")
	_, err := s.Register(bg, []Registration{{ID: "C", Workstream: "c"}})
	s.Must(err)
	s.clock.Advance(time.Hour - years)
	now := s.clock.Now()
	check := func(id string, seen time.Time, stale bool) {
		t.Helper()
		got, err := s.Session(bg, id)
		s.Must(err)
		var inTx time.Time
		s.Must(s.Bus.store.Update(bg, "B", func(tx *refstore.Tx) error { inTx, err = LastSeen(tx, id); return err }))
		if !got.Seen.Equal(seen) || !inTx.Equal(seen) || Stale(got.Seen, now, 15*time.Minute) != stale {
			t.Errorf("%s was seen at %s and %s, want %s", id, got.Seen, inTx, seen)
		}
	}
	check("A", start, true)
	check("C", start.Add(years), true)
	for _, id := range []string{"A", "C"} {
		s.sync(id) // shows what is new
		s.sync(id)
		check(id, now, false)
	}
	s.clock.Advance(years)
	s.sync("A")
	s.clock.Advance(-years)
	s.sync("A") // quiet
	check("A", now, false)
	if Stale(now.Add(9*time.Minute), now, time.Second) || !Stale(now.Add(11*time.Minute), now, time.Hour) {
		t.Error("clocks may differ by ten minutes, and no more")
	}
	s.healthy()
}
