package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// conductTown is a hub and its clones, each with a commit to land and swarm.conduct, whose
// verify command notes that it runs and waits while hold is there.
type conductTown struct {
	*hubTown
	hold, runs string
}

func newConductTown(t *testing.T, n int, serve func(*hubTown) string) *conductTown {
	w := &conductTown{hubTown: newHubTown(t, n, serve)}
	w.git("-C", "c0", "push", "-q", "origin", "main")
	w.hold, w.runs = filepath.Join(w.dir, "hold"), filepath.Join(w.dir, "runs")
	if err := os.WriteFile(w.hold, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, name := range w.clones {
		w.git("-C", name, "fetch", "-q", "origin")
		w.git("-C", name, "checkout", "-q", "-b", "work", "origin/main")
		if err := os.WriteFile(filepath.Join(w.dir, name, name), []byte(name), 0o666); err != nil {
			t.Fatal(err)
		}
		w.git("-C", name, "add", ".")
		w.git("-C", name, "commit", "-q", "-m", "by-"+name)
		w.git("-C", name, "config", "swarm.verify", "echo run >>'"+w.runs+"'; while test -e '"+w.hold+"'; do sleep 0.1; done")
		w.git("-C", name, "config", "swarm.hubInterval", "500ms")
		w.git("-C", name, "config", "swarm.conduct", "all")
	}
	return w
}

// push starts a push of the clone, in a process group of its own.
func (w *conductTown) push(i int) *exec.Cmd {
	w.Helper()
	cmd := w.command(context.Background(), w.clones[i], "git-swarm", "--session", w.session(i), "push", "--to", "main", "--wait", "5m")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Stdout = new(strings.Builder)
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		w.Fatal(err)
	}
	return cmd
}

func (w *conductTown) until(what string, so func() bool) {
	w.Helper()
	for deadline := time.Now().Add(3 * time.Minute); !so(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.Fatal("not within three minutes: ", what)
		}
	}
}

// letGo has the verify commands end.
func (w *conductTown) letGo() {
	w.Helper()
	if err := os.Remove(w.hold); err != nil {
		w.Fatal(err)
	}
}

// verified is how often the command has run.
func (w *conductTown) verified() int {
	content, _ := os.ReadFile(w.runs)
	return strings.Count(string(content), "run")
}

// table are the paths in a table on the hub, which may not be there yet.
func (w *conductTown) table(name string) string {
	out, _ := w.command(context.Background(), "hub.git", "git", "ls-tree", "-r", "--name-only", "refs/swarm/"+name).Output()
	return strings.Join(strings.Fields(string(out)), " ")
}

// TestHubConduct: with swarm.conduct, who has the turn after a clone that was killed lands
// what waits in the others along with its own, verified once, also that of a clone whose
// push was killed; and nothing twice. One that lands its own work alone is left alone.
func TestHubConduct(t *testing.T) {
	t.Parallel()
	w := newConductTown(t, 5, serveFile)
	w.git("-C", "c4", "config", "--unset", "swarm.conduct")
	first := w.push(0)
	w.until("the first verifies", func() bool { return w.verified() == 1 })
	waiting := []*exec.Cmd{w.push(1), w.push(2), w.push(3)}
	w.until("three are offered", func() bool { return w.table("offers") == "B C D" })
	alone := w.push(4)
	w.until("one waits for itself", func() bool { return strings.Contains(w.table("turns")+" ", "/c4 ") })
	if offered := w.table("offers"); offered != "B C D" {
		t.Errorf("offered are %s", offered)
	}
	for _, cmd := range []*exec.Cmd{first, waiting[2]} {
		if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
	}
	w.letGo()
	for i, cmd := range append(waiting[:2:2], alone) {
		if err := cmd.Wait(); err != nil {
			t.Errorf("push %d: %v\n%s", i+1, err, cmd.Stdout)
		}
	}
	if n := w.verified(); n != 3 {
		t.Errorf("the command ran %d times", n)
	}
	for _, i := range []int{3, 0} { // what was killed: the one has landed, the other not
		if out, err := w.swarm(i, "push", "--to", "main"); err != nil {
			t.Errorf("push %d: %v\n%s", i, err, out)
		}
	}
	landed := strings.Fields(w.git("-C", "hub.git", "log", "--format=%s", "main"))
	slices.Sort(landed)
	if got := strings.Join(landed, " "); got != "by-c0 by-c1 by-c2 by-c3 by-c4 start" {
		t.Errorf("main has %s", got)
	}
	if offered := w.table("offers"); offered != "" {
		t.Errorf("still offered are %s", offered)
	}
	if kept := w.git("-C", "hub.git", "for-each-ref", "refs/swarm/tips"); kept != "" {
		t.Errorf("still kept are %s", kept)
	}
	for i, name := range w.clones {
		w.git("-C", name, "fetch", "-q", "origin")
		if base := w.git("-C", name, "log", "--oneline", "origin/main..work"); base != "" {
			t.Errorf("%s has beside main\n%s", name, base)
		}
		if out, err := w.swarm(i, "fsck"); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
	w.settle()
}

// TestHubConductAway: a push that is stopped while the hub is out of reach, and cannot take
// back what it has offered, says so; its session then does. queue names who is in line.
func TestHubConductAway(t *testing.T) {
	t.Parallel()
	w := newConductTown(t, 2, serveFile)
	first := w.push(0)
	w.until("the first verifies", func() bool { return w.verified() == 1 })
	second := w.push(1)
	w.until("the second is offered", func() bool { return w.table("offers") == "B" })
	if out, err := w.command(context.Background(), "c0", "git-swarm", "queue").Output(); err != nil || !strings.Contains(string(out), "c1, for B") {
		t.Errorf("queue: %v\n%s", err, out)
	}
	hub := filepath.Join(w.dir, "hub.git")
	if err := os.Rename(hub, hub+".away"); err != nil {
		t.Fatal(err)
	}
	if err := second.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	said := second.Stdout.(*strings.Builder)
	if err := second.Wait(); err == nil || !strings.Contains(said.String(), "what B has put still waits, and another clone may land it; git swarm push --cancel takes it back\n") {
		t.Errorf("%v\n%s", err, said)
	}
	if err := os.Rename(hub+".away", hub); err != nil {
		t.Fatal(err)
	}
	if out, err := w.swarm(1, "push", "--cancel"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	w.letGo()
	_ = first.Wait() // may have found the hub away
	if out, err := w.swarm(0, "push", "--to", "main"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if got := w.git("-C", "hub.git", "log", "--format=%s", "main"); strings.Contains(got, "by-c1") {
		t.Errorf("main has %s", got)
	}
}

// TestHubConductHooks: over http, on a hub that refuses a landing without the lock, what
// lands in others' names is theirs to the last byte of a message, and no pre-push hook of the
// clone that lands it is asked of it: that of its own clone was.
func TestHubConductHooks(t *testing.T) {
	if !refstoretest.Long() {
		t.Skip("SWARM_RACE=long runs it")
	}
	t.Parallel()
	w := newConductTown(t, 3, serveHTTP)
	hook := filepath.Join(w.dir, "hub.git", "hooks", "pre-receive")
	out, err := w.command(context.Background(), "c0", "git-swarm", "server-hook", "main").Output()
	if err == nil {
		err = os.WriteFile(hook, out, 0o777)
	}
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range w.clones {
		w.git("-C", name, "commit", "-q", "--amend", "-m", "by-"+name, "-m", "Why.", "--trailer", "Signed-off-by: "+name+" <x@y>", "--trailer", "Task: "+name)
		script := "#!/bin/sh\nwhile read -r ref tip rest; do git log -1 --format=%s $tip >>'" + w.dir + "/asked." + name + "'; done\n"
		if err := os.WriteFile(filepath.Join(w.dir, name, ".git", "hooks", "pre-push"), []byte(script), 0o777); err != nil {
			t.Fatal(err)
		}
		if out, err := w.swarm(i, "init", "--git-hooks"); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	first := w.push(0)
	w.until("the first verifies", func() bool { return w.verified() == 1 })
	waiting := []*exec.Cmd{w.push(1), w.push(2)}
	w.until("two are offered", func() bool { return w.table("offers") == "B C" })
	w.letGo()
	for i, cmd := range append(waiting, first) {
		if err := cmd.Wait(); err != nil {
			t.Errorf("push %d: %v\n%s", i, err, cmd.Stdout)
		}
	}
	if n := w.verified(); n != 2 {
		t.Errorf("the command ran %d times", n)
	}
	for _, name := range w.clones {
		asked, _ := os.ReadFile(filepath.Join(w.dir, "asked."+name))
		if string(asked) != "by-"+name+"\n" {
			t.Errorf("%s was asked of %q", name, asked)
		}
		got := w.git("-C", "hub.git", "log", "--format=%an%n%B", "--grep=^by-"+name+"$", "main")
		if want := name + "\nby-" + name + "\n\nWhy.\n\nSigned-off-by: " + name + " <x@y>\nTask: " + name; got != want {
			t.Errorf("%s has landed as\n%s", name, got)
		}
	}
	w.settle()
}

// TestHubConductRetired: the offer of a session that is retired lands nowhere, whether its
// push still waits or was killed.
func TestHubConductRetired(t *testing.T) {
	if !refstoretest.Long() {
		t.Skip("SWARM_RACE=long runs it")
	}
	t.Parallel()
	w := newConductTown(t, 3, serveFile)
	first := w.push(0)
	w.until("the first verifies", func() bool { return w.verified() == 1 })
	waiting := []*exec.Cmd{w.push(1), w.push(2)}
	w.until("two are offered", func() bool { return w.table("offers") == "B C" })
	if err := syscall.Kill(-waiting[0].Process.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = waiting[0].Wait()
	for i := range waiting {
		out, err := w.command(context.Background(), w.clones[i+1], "git-swarm", "--session", "orchestrator", "retire", "--force", w.session(i+1)).CombinedOutput()
		if err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
	if offered := w.table("offers"); offered != "" {
		t.Errorf("still offered are %s", offered)
	}
	w.letGo()
	if err := first.Wait(); err != nil {
		t.Errorf("%v\n%s", err, first.Stdout)
	}
	if err := waiting[1].Wait(); err == nil {
		t.Errorf("what was retired has landed: %s", waiting[1].Stdout)
	}
	if got := w.git("-C", "hub.git", "log", "--format=%s", "main"); got != "by-c0\nstart" {
		t.Errorf("main has %s", got)
	}
	w.settle()
}

// TestHubConductGone: what a clone has offered that is gone with its machine lands as its
// session's own where somebody moves that, by the commands of the guide; and not again when
// the clone is back.
func TestHubConductGone(t *testing.T) {
	t.Parallel()
	w := newConductTown(t, 2, serveFile)
	first := w.push(0)
	w.until("the first verifies", func() bool { return w.verified() == 1 })
	gone := w.push(1)
	w.until("the other is offered", func() bool { return w.table("offers") == "B" })
	if err := syscall.Kill(-gone.Process.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = gone.Wait()
	w.letGo()
	if err := first.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, first.Stdout)
	}
	landed := func() string { return w.git("-C", "hub.git", "log", "--format=%s", "main") }
	if got := landed(); got != "by-c0\nstart" { // what was offered while it was verified is not in its stack
		t.Errorf("main has\n%s", got)
	}
	here := func(args ...string) {
		t.Helper()
		if out, err := w.command(context.Background(), "c0", "git-swarm", args...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	here("hub", "bring", "B")
	w.git("-C", "c0", "fetch", "-q", "origin", "refs/swarm/tips/B.offer")
	w.git("-C", "c0", "checkout", "-q", "-b", "B", "FETCH_HEAD")
	here("--session", "B", "push", "--to", "main")
	if got := landed(); got != "by-c1\nby-c0\nstart" {
		t.Errorf("main has\n%s", got)
	}
	if tips := w.git("-C", "hub.git", "for-each-ref", "refs/swarm/tips"); tips != "" || w.table("offers") != "" {
		t.Errorf("still offered are %q, by %s", w.table("offers"), tips)
	}
	if out, err := w.swarm(1, "push", "--to", "main"); err == nil || !strings.Contains(out, "is at home in the clone 'c0'") {
		t.Errorf("the clone that is back: %v\n%s", err, out)
	}
	if got := landed(); got != "by-c1\nby-c0\nstart" {
		t.Errorf("main has\n%s", got)
	}
	for i := range w.clones {
		if out, err := w.swarm(i, "fsck"); err != nil {
			t.Error(out)
		}
	}
}
