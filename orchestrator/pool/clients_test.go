package pool

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/lock/task"
)

// TestKilled: a client that is killed is followed by another one; so is one whose worker
// is killed, which leaves none behind.
func TestKilled(t *testing.T) {
	t.Parallel()
	s := newSwarm(t)
	s.add("one")
	s.add("two")
	s.runs(`if first; then
	if [ $GIT_SWARM_TASK = 1 ]; then kill -9 $$; fi
	echo $$ >"$notes/left"; orphan; exec sleep 300
fi
work && land`)
	s.areStates(task.Landed, task.Landed)
	s.areLeft()
	s.landedOnce(1, 2)
	if !slices.Contains(s.texts, "again T2: it was killed (its worker was killed, too); it said nothing") {
		t.Errorf("%q", s.texts)
	}
	isGone(t, filepath.Join(s.dir, "left"))
}

// TestAllowed: a client of another make than Claude Code's is let run the commands of
// swarm.allow, too.
func TestAllowed(t *testing.T) {
	bin := t.TempDir()
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	s := newSwarm(t)
	s.add("one")
	script := s.client(`printf '%s\n' "$@" >"$notes/args"; finish`)
	s.Must(os.WriteFile(filepath.Join(bin, "copilot"), []byte("#!/bin/sh\nexec "+script+" \"$@\" </dev/null\n"), 0o777))
	s.Agent, s.Commands = "copilot", []string{"go test"}
	sum, err := s.Run(t.Context())
	args, unread := os.ReadFile(filepath.Join(s.dir, "args"))
	if err != nil || unread != nil || !sum.Done() || !strings.Contains(string(args), "\n--allow-tool\nshell(go test:*)\n") {
		t.Errorf("%+v, %v, %v, %q", sum, err, unread, args)
	}
}

// TestOrphan: a client that does not end, and whose worker was killed, keeps no other
// session waiting.
func TestOrphan(t *testing.T) {
	t.Parallel()
	s := newSwarm(t)
	s.add("one")
	s.add("two")
	s.runs(`if [ $GIT_SWARM_TASK = 1 ] && first; then trap '' TERM; orphan; while :; do sleep 1; done; fi
if [ $GIT_SWARM_TASK = 2 ]; then until [ -e "$notes/first-1" ]; do sleep 0.05; done; fi
work && land`)
	s.areStates(task.Landed, task.Landed)
	s.areLeft()
	s.landedOnce(1, 2)
	landed, again := slices.Index(s.events, "landed T2"), slices.Index(s.events, "again T1")
	if landed < 0 || again < landed {
		t.Errorf("the other session waited: %q", s.events)
	}
}

// TestNotNoted: a client begins only when it is written down which process it is.
func TestNotNoted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "touch", filepath.Join(dir, "begun"))
	if exit := run(t.Context(), t.Context(), folder(filepath.Join(dir, "gone")), cmd); exit.Error == "" {
		t.Errorf("%+v", exit)
	}
	if _, err := os.Stat(filepath.Join(dir, "begun")); err == nil {
		t.Error("a client that is not written down has begun")
	}
	cmd = exec.CommandContext(t.Context(), "touch", filepath.Join(dir, "be gun"))
	if exit := run(t.Context(), t.Context(), folder(dir), cmd); *exit != (Exit{}) {
		t.Errorf("%+v", exit)
	}
	if _, err := os.Stat(filepath.Join(dir, "be gun")); err != nil {
		t.Error(err)
	}
}

// TestEndsRest: what a client leaves running ends with it, also where it takes no SIGTERM.
func TestEndsRest(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	note := filepath.Join(dir, "left")
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `trap '' TERM; sleep 300 & echo $! >"$1"`, "sh", note)
	if exit := run(t.Context(), t.Context(), folder(dir), cmd); *exit != (Exit{}) {
		t.Errorf("%+v", exit)
	}
	isGone(t, note)
}

// isGone expects the process whose pid is in the file to have ended.
func isGone(t *testing.T, name string) {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	stat, err := os.ReadFile("/proc/" + strings.TrimSpace(string(content)) + "/stat")
	if err == nil && !strings.Contains(string(stat), ") Z ") { // one that has ended may not have been reaped yet
		t.Errorf("it is there: %s", stat)
	}
}

// TestNeverEnds: a client that takes too long is ended, with what it has started; so is
// one that goes on although its task has landed.
func TestNeverEnds(t *testing.T) {
	t.Parallel()
	s := newSwarm(t)
	s.add("one")
	s.add("two")
	s.Timeout, s.Grace, s.Tries = 3*time.Second, 100*time.Millisecond, 1
	began := time.Now()
	s.runs(`if [ $GIT_SWARM_TASK = 1 ]; then (trap '' TERM; sleep 1); sleep 300; else work && land; sleep 300; fi`)
	s.areStates(task.Failed, task.Landed)
	s.areLeft("T1")
	failed, _, err := s.Backlog.Get(t.Context(), 1)
	if err != nil || failed.Why != "it was ended, for its time was over; it said nothing" || time.Since(began) > time.Minute {
		t.Errorf("%q, %v, after %s", failed.Why, err, time.Since(began))
	}
}

// TestNoClient: where there is none nothing is burnt: the task is given back, and the
// supervisor ends.
func TestNoClient(t *testing.T) {
	t.Parallel()
	s := newSwarm(t)
	s.add("one")
	s.Command = "exec /nowhere/client"
	if sum, err := s.Run(t.Context()); err != ErrNoClient || sum.Left != 1 {
		t.Errorf("%+v, %v", sum, err)
	}
	s.areStates(task.Ready)
	s.areLeft()
}
