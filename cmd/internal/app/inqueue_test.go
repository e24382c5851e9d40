package app

import (
	"bytes"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/merge/land"
)

// TestWaitingLine: who waits is told how many are before it, and what is at work.
func TestWaitingLine(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]land.Position{
		"waiting: 2 before you; A and C are being verified (12 s) (40 s in all)": {
			Before: 2, Holder: "A", Verifying: []string{"A", "C"}, For: 12 * time.Second, Waited: 40 * time.Second,
		},
		"waiting: 7 before you; A, B, C and 3 more are being verified (2 min) (3 min in all)": {
			Before: 7, Holder: "A", Verifying: []string{"A", "B", "C", "D", "E", "F"}, For: 2 * time.Minute, Waited: 3 * time.Minute,
		},
		"waiting: 1 before you; A is landing (5 s in all)": {Before: 1, Holder: "A", Landing: []string{"A"}, Waited: 5 * time.Second},
		"waiting: you are next; B is landing (5 s in all)": {Holder: "B", Waited: 5 * time.Second},
		"waiting: you are next (0 s in all)":               {},
	} {
		if got := waitingLine(p); got != want {
			t.Errorf("%+v is %q, want %q", p, got, want)
		}
	}
}

// TestInQueueNoTerminal: where stderr is no terminal a push that waits says so twice a
// minute, and the first time after half a minute.
func TestInQueueNoTerminal(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	c := &call{App: &App{Stderr: &stderr}}
	show, done := c.inQueue()
	for waited := range 95 { // it is asked once a second
		show(land.Position{Before: 1, Waited: time.Duration(waited) * time.Second})
	}
	done()
	want := "git swarm: waiting: 1 before you (30 s in all)\n" +
		"git swarm: waiting: 1 before you (60 s in all)\n" +
		"git swarm: waiting: 1 before you (90 s in all)\n"
	if got := stderr.String(); got != want {
		t.Errorf("it said\n%swant\n%s", got, want)
	}
}

// TestPrintClones: the queue names the clones that are in line on the hub, target by target.
func TestPrintClones(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	clones := []*lock.Turn{
		{Target: "origin/main", Clone: "lap", Session: "B", Since: now.Add(-2 * time.Minute)},
		{Target: "origin/main", Clone: "web", Session: "C", Since: now.Add(-10 * time.Second)},
		{Target: "origin/x\x1b[2J", Clone: "desk", Session: "A", Since: now},
	}
	var stdout bytes.Buffer
	c := &call{App: &App{Stdout: &stdout, Now: func() time.Time { return now }}}
	if err := c.printClones(clones); err != nil {
		t.Fatal(err)
	}
	want := "In line on the hub for origin/main:\n" +
		"  lap, for B (2 min ago)\n" +
		"  web, for C (10 s ago)\n" +
		"In line on the hub for origin/x\\x1b[2J:\n" +
		"  desk, for A (just now)\n"
	if got := stdout.String(); got != want {
		t.Errorf("it said\n%swant\n%s", got, want)
	}
}
