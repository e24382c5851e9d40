package land

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/lock"
)

// TestTrain: all that wait land in the order of arrival by one push, after one run of
// the verify command.
func TestTrain(t *testing.T) {
	t.Parallel()
	y := newYard(t, 5)
	pushes := y.countPushes()
	ends := y.push("true")
	for id, end := range ends {
		if end.err != nil || end.landed.Commits != 1 {
			t.Errorf("%s: %+v, %v", id, end.landed, end.err)
		}
	}
	y.settled(ends)
	y.linear(subjects("a", "b", "c", "d", "e")...)
	if got := y.hubLog("main"); !slices.Equal(got, append(subjects("e", "d", "c", "b", "a"), "start")) {
		t.Errorf("the order is %q", got)
	}
	if y.verified() != 1 || pushes() != 1 {
		t.Errorf("%d runs, %d pushes", y.verified(), pushes())
	}
}

// TestTrainCulprit: whose change the verify command refuses is named, and told what it
// printed and what it stood upon. All others land, and no tree is tried twice.
func TestTrainCulprit(t *testing.T) {
	t.Parallel()
	y := newYard(t, 8)
	y.fields[4].commit("bad", "bad", "x\n")
	ends := y.push("if test -e bad; then echo it is bad; exit 3; fi")
	for id, end := range ends {
		var failure *VerifyError
		switch {
		case id != "e" && end.err != nil:
			t.Errorf("%s: %v", id, end.err)
		case id == "e" && (!errors.As(end.err, &failure) || failure.Status != 3 || failure.Tail != "it is bad\n" || !slices.Equal(failure.Upon, []string{"a", "b", "c", "d"})):
			t.Errorf("%s: %v: %+v", id, end.err, failure)
		case id == "e":
			if log, err := os.ReadFile(failure.Log); string(log) != "it is bad\n" || filepath.Base(failure.Log) != "verify-e.log" {
				t.Errorf("%s has %q, %v", failure.Log, log, err)
			}
		}
	}
	y.settled(ends)
	y.linear(subjects("a", "b", "c", "d", "f", "g", "h")...)
	if n := y.verified(); n > 6 { // the stack, three halves, once more, the rest
		t.Errorf("%d runs", n)
	}
}

// TestTrainFlaky: a failure that does not happen again refuses nobody.
func TestTrainFlaky(t *testing.T) {
	t.Parallel()
	y := newYard(t, 4)
	once := filepath.Join(t.TempDir(), "once")
	ends := y.push("test -e '" + once + "' || { touch '" + once + "'; exit 1; }")
	for id, end := range ends {
		if end.err != nil {
			t.Errorf("%s: %v", id, end.err)
		}
	}
	y.settled(ends)
	y.linear(subjects("a", "b", "c", "d")...)
}

// TestTrainConflict: who conflicts with another of the stack is put after it, and is
// refused with all that there is to say once that has landed.
func TestTrainConflict(t *testing.T) {
	t.Parallel()
	y := newYard(t, 4)
	y.fields[0].commit("[Session a] one", "base", "a\n")
	y.fields[2].commit("[Session c] other", "base", "c\n")
	ends := y.push("")
	var conflict *ConflictError
	if end := ends["c"]; !errors.As(end.err, &conflict) || conflict.Onto != "origin/main" || len(conflict.Theirs) != 1 || conflict.Theirs[0].Session != "a" {
		t.Errorf("c: %+v, %v", end.landed, end.err)
	}
	for _, id := range []string{"a", "b", "d"} {
		if end := ends[id]; end.err != nil {
			t.Errorf("%s: %v", id, end.err)
		}
	}
	y.settled(ends)
	y.linear(append(subjects("a", "b", "d"), "[Session a] one")...)
	if s := y.fields[2].session(); !strings.HasPrefix(s.Note, "push: conflict") {
		t.Errorf("c is %s: %q", s.Status, s.Note)
	}
	y.fields[2].git("reset", "-q", "--hard", "HEAD^")
	y.fields[2].push()
}

// TestTrainGate: the gate is asked for each session; whom it refuses holds up nobody.
func TestTrainGate(t *testing.T) {
	t.Parallel()
	y := newYard(t, 3)
	no := errors.New("not reviewed")
	ends := y.push("", func(l *Lander) {
		l.Gate = func(_ context.Context, session, base, tip string) error {
			if got := landGit(t, y.fields[0].app, "log", "--format=%s", base+".."+tip); got != "by "+session {
				t.Errorf("%s was asked for %q", session, got)
			}
			if session == "a" {
				return no
			}
			return nil
		}
	})
	if !errors.Is(ends["a"].err, no) || ends["b"].err != nil || ends["c"].err != nil {
		t.Errorf("%v", ends)
	}
	y.settled(ends)
	y.linear(subjects("b", "c")...)
}

// TestTrainForeseen: who waits for the verify command is told at once what refuses it on
// the target as it is, and leaves the queue.
func TestTrainForeseen(t *testing.T) {
	t.Parallel()
	y := newYard(t, 2)
	no := errors.New("not reviewed")
	l := y.fields[0].lander()
	l.Verify = "true"
	l.Gate = func(context.Context, string, string, string) error { return no }
	if _, err := l.Push(t.Context(), y.fields[0].target(), lock.Wait{Timeout: time.Minute}); !errors.Is(err, no) {
		t.Error(err)
	}
	y.await(0)
	if s := y.fields[0].session(); s.Note != "push: not reviewed" {
		t.Errorf("%s: %q", s.Status, s.Note)
	}
	if err := y.gate.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	y.fields[1].push()
	y.linear("by b")
	y.settled(nil)
}

// TestTrainRejected: where the remote refuses one commit, the others land.
func TestTrainRejected(t *testing.T) {
	t.Parallel()
	y := newYard(t, 4)
	y.fields[1].commit("bad", "bad", "x\n")
	y.hook(y.hub, "pre-receive", `while read old new ref; do if git cat-file -e "$new:bad" 2>/dev/null; then echo no >&2; exit 1; fi; done`)
	ends := y.push("")
	for id, end := range ends {
		var rejected *RejectedError
		if errors.As(end.err, &rejected) != (id == "b") || id != "b" && end.err != nil {
			t.Errorf("%s: %v", id, end.err)
		}
	}
	y.settled(ends)
	y.linear(subjects("a", "c", "d")...)
}

// TestTrainKilled: the process that lands for all is killed before it has
// pushed. The next one goes on with all that wait, also with what the killed one had put;
// the session's next push lets its branch follow.
func TestTrainKilled(t *testing.T) {
	t.Parallel()
	y := newYard(t, 3)
	if err := y.gate.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	y.hook(y.hub, "pre-receive", waitFor(dir)) // once: who comes second finds the way free
	killed := y.fields[0].landing("push").start()
	awaitFile(t, filepath.Join(dir, "begun"))
	var others []*landing
	for i, f := range y.fields[1:] {
		others = append(others, f.landing("push").start())
		y.await(i + 2)
	}
	touch(t, filepath.Join(dir, "go"))
	killed.kill()
	for i, push := range others {
		if push.end(); push.ProcessState.ExitCode() != 0 {
			t.Errorf("%s: exit code %d", y.fields[i+1].id, push.ProcessState.ExitCode())
		}
	}
	y.fields[0].push()
	y.linear(subjects("a", "b", "c")...)
	if n := len(y.fields[0].news()); n > 1 {
		t.Errorf("a has %d messages", n)
	}
	y.settled(nil)
}

// TestTrainStopped: the process that lands for all is stopped for longer than its lease.
// Another takes over and lands everything; the first, woken, starts no push, and finds
// that its work has landed.
func TestTrainStopped(t *testing.T) {
	t.Parallel()
	y := newYard(t, 3)
	if err := y.gate.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	pushes := y.countPushes()
	dir := t.TempDir()
	first := y.fields[0].landing("push")
	first.Env = append(first.Env, leaseEnv+"=2s", verifyEnv+"="+waitFor(dir))
	first.start()
	awaitFile(t, filepath.Join(dir, "begun"))
	first.signal(syscall.SIGSTOP)
	var others []*landing
	for i, f := range y.fields[1:] {
		push := f.landing("push")
		push.Env = append(push.Env, leaseEnv+"=2s")
		others = append(others, push.start())
		y.await(i + 2)
	}
	for i, push := range others {
		if push.end(); push.ProcessState.ExitCode() != 0 {
			t.Errorf("%s: exit code %d", y.fields[i+1].id, push.ProcessState.ExitCode())
		}
	}
	done := pushes()
	touch(t, filepath.Join(dir, "go"))
	first.signal(syscall.SIGCONT)
	if first.end(); first.ProcessState.ExitCode() != 0 {
		t.Errorf("woken: exit code %d", first.ProcessState.ExitCode())
	}
	if pushes() != done {
		t.Error("woken, it pushed")
	}
	y.linear(subjects("a", "b", "c")...)
	y.settled(nil)
	for _, f := range y.fields {
		if ahead := f.git("rev-list", "--count", "origin/main..HEAD"); ahead != "0" {
			t.Errorf("%s is %s ahead", f.id, ahead)
		}
	}
}
