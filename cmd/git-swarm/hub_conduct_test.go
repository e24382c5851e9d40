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
)

// TestHubConduct: with swarm.conduct, who has the turn after a clone that was killed lands
// what waits in the others along with its own, verified once, also that of a clone whose
// push was killed; and nothing twice. One that lands its own work alone is left alone.
func TestHubConduct(t *testing.T) {
	t.Parallel()
	w := newHubTown(t, 5, serveFile)
	w.git("-C", "c0", "push", "-q", "origin", "main")
	hold, runs := filepath.Join(w.dir, "hold"), filepath.Join(w.dir, "runs")
	if err := os.WriteFile(hold, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for i, name := range w.clones {
		w.git("-C", name, "fetch", "-q", "origin")
		w.git("-C", name, "checkout", "-q", "-b", "work", "origin/main")
		if err := os.WriteFile(filepath.Join(w.dir, name, name), []byte(name), 0o666); err != nil {
			t.Fatal(err)
		}
		w.git("-C", name, "add", ".")
		w.git("-C", name, "commit", "-q", "-m", "by-"+name)
		w.git("-C", name, "config", "swarm.verify", "echo run >>'"+runs+"'; while test -e '"+hold+"'; do sleep 0.1; done")
		w.git("-C", name, "config", "swarm.hubInterval", "200ms")
		if i != 4 {
			w.git("-C", name, "config", "swarm.conduct", "all")
		}
	}
	push := func(i int) *exec.Cmd {
		cmd := w.command(context.Background(), w.clones[i], "git-swarm", "--session", w.session(i), "push", "--to", "main", "--wait", "5m")
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		cmd.Stdout, cmd.Stderr = new(strings.Builder), nil
		cmd.Stderr = cmd.Stdout
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd
	}
	until := func(what string, so func() bool) {
		for deadline := time.Now().Add(3 * time.Minute); !so(); time.Sleep(50 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("not within three minutes: ", what)
			}
		}
	}
	verified := func() int {
		content, _ := os.ReadFile(runs)
		return strings.Count(string(content), "run")
	}
	offered := func() string {
		out, _ := w.command(context.Background(), "hub.git", "git", "ls-tree", "-r", "--name-only", "refs/swarm/offers").Output()
		return strings.Join(strings.Fields(string(out)), " ")
	}
	inLine := func(i int) bool {
		out, _ := w.command(context.Background(), "hub.git", "git", "ls-tree", "-r", "--name-only", "refs/swarm/turns").Output()
		return strings.Contains(string(out), "/"+w.clones[i]+"\n")
	}
	first := push(0)
	until("the first verifies", func() bool { return verified() == 1 })
	waiting := []*exec.Cmd{push(1), push(2), push(3)}
	until("three are offered", func() bool { return offered() == "B C D" })
	alone := push(4)
	until("one waits for itself", func() bool { return inLine(4) })
	if offered() != "B C D" {
		t.Errorf("offered are %s", offered())
	}
	for _, cmd := range []*exec.Cmd{first, waiting[2]} {
		if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
	}
	if err := os.Remove(hold); err != nil {
		t.Fatal(err)
	}
	for i, cmd := range append(waiting[:2:2], alone) {
		if err := cmd.Wait(); err != nil {
			t.Errorf("push %d: %v\n%s", i+1, err, cmd.Stdout)
		}
	}
	if n := verified(); n != 3 {
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
	if offered() != "" {
		t.Errorf("still offered are %s", offered())
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
	w := newHubTown(t, 2, serveFile)
	w.git("-C", "c0", "push", "-q", "origin", "main")
	hold, runs := filepath.Join(w.dir, "hold"), filepath.Join(w.dir, "runs")
	if err := os.WriteFile(hold, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	until := func(what string, so func() bool) {
		for deadline := time.Now().Add(3 * time.Minute); !so(); time.Sleep(50 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("not within three minutes: ", what)
			}
		}
	}
	var said strings.Builder
	var pushes []*exec.Cmd
	for i, name := range w.clones {
		w.git("-C", name, "fetch", "-q", "origin")
		w.git("-C", name, "checkout", "-q", "-b", "work", "origin/main")
		w.git("-C", name, "commit", "-q", "--allow-empty", "-m", "by-"+name)
		w.git("-C", name, "config", "swarm.verify", "echo run >>'"+runs+"'; while test -e '"+hold+"'; do sleep 0.1; done")
		w.git("-C", name, "config", "swarm.hubInterval", "200ms")
		w.git("-C", name, "config", "swarm.conduct", "all")
		cmd := w.command(context.Background(), name, "git-swarm", "--session", w.session(i), "push", "--to", "main", "--wait", "5m")
		if i == 1 {
			cmd.Stderr = &said
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		pushes = append(pushes, cmd)
		until("the first verifies, the second is offered", func() bool {
			content, _ := os.ReadFile(runs)
			out, _ := w.command(context.Background(), "hub.git", "git", "ls-tree", "-r", "--name-only", "refs/swarm/offers").Output()
			return len(content) > 0 && (i == 0 || string(out) == "B\n")
		})
	}
	if out, err := w.command(context.Background(), "c0", "git-swarm", "queue").Output(); err != nil || !strings.Contains(string(out), "c1, for B") {
		t.Errorf("queue: %v\n%s", err, out)
	}
	hub := filepath.Join(w.dir, "hub.git")
	if err := os.Rename(hub, hub+".away"); err != nil {
		t.Fatal(err)
	}
	if err := pushes[1].Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := pushes[1].Wait(); err == nil || !strings.Contains(said.String(), "what B has put still waits, and another clone may land it; git swarm push --cancel takes it back\n") {
		t.Errorf("%v\n%s", err, &said)
	}
	if err := os.Rename(hub+".away", hub); err != nil {
		t.Fatal(err)
	}
	if out, err := w.swarm(1, "push", "--cancel"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if err := os.Remove(hold); err != nil {
		t.Fatal(err)
	}
	_ = pushes[0].Wait() // may have found the hub away
	if out, err := w.swarm(0, "push", "--to", "main"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if got := w.git("-C", "hub.git", "log", "--format=%s", "main"); strings.Contains(got, "by-c1") {
		t.Errorf("main has %s", got)
	}
}
