package agents

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore/file"
)

func TestPlainName(t *testing.T) {
	for name, want := range map[string]string{
		"main": "main", "fix/log--in": "fix-log-in", "-x-": "x", "日本": "session", "": "session",
		strings.Repeat("ab-", 30): "ab-ab-ab-ab-ab-ab-ab-ab-ab-ab-ab-ab-ab-a",
	} {
		if got := PlainName(name); got != want {
			t.Errorf("%q: %q, not %q", name, got, want)
		}
	}
}

// TestProblems: the file stays small, and the same is not said twice.
func TestProblems(t *testing.T) {
	all := Agents{t.TempDir()}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	note := func(what string) {
		t.Helper()
		if err := all.NoteProblem(now, "batch", what); err != nil {
			t.Fatal(err)
		}
	}
	note("one\nand more")
	note("one")
	if got := all.Problems(now); len(got) != 1 || got[0].What != "batch: one" || !got[0].At.Equal(now) {
		t.Errorf("%+v", got)
	}
	now = now.Add(2 * time.Hour)
	note("one")
	if got := all.Problems(now); len(got) != 1 || !got[0].At.Equal(now) {
		t.Errorf("%+v", got)
	}
	for i := range 500 {
		note(fmt.Sprint(i, strings.Repeat("x", 1000)))
	}
	info, err := os.Stat(all.problems())
	if err != nil || info.Size() > maxProblems {
		t.Errorf("%d bytes, %v", info.Size(), err)
	}
	if got := all.Problems(now.Add(problemAge)); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

// TestRecords: an agent is known by its process; whoever was heard of since its
// end is no agent's doing.
func TestRecords(t *testing.T) {
	all := Agents{t.TempDir()}
	now := time.Now()
	for key, p := range map[string]Record{
		"lives": {Session: "A", PID: os.Getpid(), Process: processMark(os.Getpid())},
		"ended": {Session: "B", PID: os.Getpid(), Process: processMark(os.Getpid()), Ended: true},
		"other": {Session: "C", PID: os.Getpid(), Process: "x y"}, // in a container, or by version 0.1 before a restart: nobody knows
		"boot":  {Session: "E", PID: os.Getpid(), Process: "x" + processMark(os.Getpid())},
	} {
		if err := all.save(key, &p); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(all.records(), "torn.json"), []byte(`{"session":"../x"}`), 0o666); err != nil {
		t.Fatal(err)
	}
	here := processMark(os.Getpid()) != ""
	// What was there before this machine was started anew is known to be gone, but not in a
	// container.
	started := file.ProcessGone(os.Getpid(), "x"+processMark(os.Getpid()))
	for session, want := range map[string]bool{"A": here, "B": false, "C": true, "D": false, "E": here && !started} {
		if got := all.AtWork(session); got != want {
			t.Errorf("%s is at work: %v", session, got)
		}
	}
	for session, want := range map[string]bool{"A": false, "B": true, "C": false, "D": false, "E": started} {
		if got := all.Ended(session, now); got != want {
			t.Errorf("%s ended: %v", session, got)
		}
	}
	for session, want := range map[string]bool{"A": here, "B": false, "C": false, "D": false, "E": false} {
		if got := all.Present(session); got != want {
			t.Errorf("%s is present: %v", session, got)
		}
	}
	if all.Ended("B", now.Add(2*graceSeen)) {
		t.Error("B was heard of since")
	}
	if all.Session("lives") != "A" || all.Session("torn") != "" || all.Session("") != "" || all.Session("../../lives") != "" {
		t.Error("whom an agent works as")
	}
}
