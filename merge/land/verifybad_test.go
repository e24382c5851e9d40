package land

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/lock"
)

// TestVerifyTimeout: a command that hangs is ended with all its processes, and has
// failed.
func TestVerifyTimeout(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, _ := oneField(t)
	a.commit("by A", "A", "changed\n")
	l := a.lander()
	l.Verify = `echo it begins; cd '` + dir + `'; sleep 1000 & echo $! > child; wait`
	l.VerifyTimeout = 500 * time.Millisecond
	_, err := l.Push(t.Context(), a.target(), lock.Wait{})
	var failure *VerifyError
	if !errors.As(err, &failure) || failure.Limit != l.VerifyTimeout || failure.Tail != "it begins\n" || !strings.Contains(failure.Error(), "was ended after 500ms") {
		t.Errorf("%v: %+v", err, failure)
	}
	ended(t, filepath.Join(dir, "child"))
	a.tidy()
	a.tidyVerify()
	a.linear()
}

// TestVerifyClosesFolders: a folder that the command has closed is removed with the rest.
func TestVerifyClosesFolders(t *testing.T) {
	t.Parallel()
	a, _ := oneField(t)
	for _, name := range []string{"one", "two"} {
		a.commit(name, name, "new\n")
		l := a.lander()
		l.Verify = "test ! -e shut && mkdir -p shut/a && touch shut/a/f && chmod -R a-w shut"
		if _, err := l.Push(t.Context(), a.target(), lock.Wait{}); err != nil {
			t.Error(err)
		}
		a.tidyVerify()
	}
	a.tidy()
}

// TestVerifyKilled: a command does not outlive a push that is killed, whatever signals it
// ignores, and the next push runs it anew.
func TestVerifyKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, _ := oneField(t)
	a.commit("by A", "A", "changed\n")
	push := a.landing("push")
	push.Env = append(push.Env, verifyEnv+`=trap '' HUP INT TERM; cd '`+dir+`'; echo $$ > shell; sleep 1000 & echo $! > child; touch begun; wait`)
	push.start()
	awaitFile(t, filepath.Join(dir, "begun"))
	if err := push.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	push.end()
	ended(t, filepath.Join(dir, "shell"))
	ended(t, filepath.Join(dir, "child"))
	if _, err := a.tryPush(); err != nil {
		t.Error(err)
	}
	a.tidy()
	a.tidyVerify()
	a.linear("by A")
}

// TestVerifyFloods: what a command prints is kept up to a bound, and its end.
func TestVerifyFloods(t *testing.T) {
	t.Parallel()
	a, _ := oneField(t)
	a.commit("by A", "A", "changed\n")
	l := a.lander()
	l.Verify = `head -c 40000000 /dev/zero | tr '\0' x; echo; printf 'last\001\377line\n'; exit 1`
	_, err := l.Push(t.Context(), a.target(), lock.Wait{})
	var failure *VerifyError
	if !errors.As(err, &failure) || !strings.HasSuffix(failure.Tail, "last\x01\ufffdline\n") || len(failure.Tail) > 2*maxTail {
		t.Fatalf("%v", err)
	}
	log, err := os.ReadFile(failure.Log)
	if err != nil || len(log) < maxRecording || len(log) > maxRecording+2*maxTail || !strings.HasSuffix(string(log), "line\n") {
		t.Errorf("the log has %d bytes, %v", len(log), err)
	}
	a.tidy()
}

// TestVerifyRemoves: a command may remove its own checkout, and leave a process that has
// left its group and holds its output.
func TestVerifyRemoves(t *testing.T) {
	t.Parallel()
	a, _ := oneField(t)
	dir := t.TempDir()
	a.commit("by A", "A", "changed\n")
	l := a.lander()
	l.Verify = `setsid sh -c 'echo $$ > "` + dir + `/left"; exec sleep 30' & until [ -s '` + dir + `/left' ]; do sleep 0.01; done; rm -rf "$PWD"`
	began := time.Now()
	if _, err := l.Push(t.Context(), a.target(), lock.Wait{}); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
	a.tidy()
	a.tidyVerify()
	a.linear("by A")
	landGit(t, a.app, "worktree", "prune", "-v")
}

// TestVerifyOnce: a tree that has passed is not tried again, by a push, by verify, or
// by another session; another command, another tree, and a note that cannot be read are.
func TestVerifyOnce(t *testing.T) {
	t.Parallel()
	a, b := oneField(t)
	runs := filepath.Join(t.TempDir(), "runs")
	count := func() int {
		content, _ := os.ReadFile(runs)
		return len(content)
	}
	l := a.lander()
	l.Verify = "printf . >> '" + runs + "'"
	a.commit("by A", "A", "changed\n")
	for want := range []int{0, 1} {
		if ran, err := l.VerifyHere(t.Context()); err != nil || ran != (want == 0) {
			t.Errorf("ran %v, %v", ran, err)
		}
	}
	if _, err := l.Push(t.Context(), a.target(), lock.Wait{}); err != nil || count() != 1 {
		t.Errorf("%d runs, %v", count(), err)
	}
	b.git("pull", "-q", "--rebase", "origin", "main")
	other := b.lander()
	other.Verify = l.Verify
	if ran, err := other.VerifyHere(t.Context()); err != nil || ran {
		t.Errorf("B ran it: %v, %v", ran, err)
	}
	other.Verify += "; true"
	if ran, err := other.VerifyHere(t.Context()); err != nil || !ran || count() != 2 {
		t.Errorf("another command: %v, %v", ran, err)
	}
	if err := os.WriteFile(verifiedFile(b.repo()), []byte("x\n1 2 3\n99999999999 "+strings.Repeat("a", 40)+"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if ran, err := other.VerifyHere(t.Context()); err != nil || !ran || count() != 3 {
		t.Errorf("after the note was lost: %v, %v", ran, err)
	}
	b.commit("by B", "B", "changed\n")
	if _, err := other.Push(t.Context(), b.target(), lock.Wait{}); err != nil || count() != 4 {
		t.Errorf("another tree: %d runs, %v", count(), err)
	}
	if _, err := a.lander().VerifyHere(t.Context()); !errors.Is(err, ErrNoVerify) {
		t.Error(err)
	}
}
