package land

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/hub"
)

// hubField is a worktree whose remote is the swarm's hub, and counts the calls there.
type hubField struct {
	*field
	clone string
	calls string // the file that counts them

	interval time.Duration // how often a push that waits looks at the hub
}

// newHubFields makes the ground's remote the hub, with a clone for each session.
func newHubFields(t *testing.T, ids ...string) []*hubField {
	t.Helper()
	var all []*hubField
	var town *ground
	for _, id := range ids {
		g, fields := newGround(t, id)
		if town == nil {
			town = g
		} else { // each ground has a remote with the same commit: they meet at the first
			landGit(t, g.app, "remote", "set-url", "origin", town.hub)
			for _, ref := range strings.Fields(landGit(t, g.app, "for-each-ref", "--format=%(refname)", "refs/swarm")) {
				landGit(t, g.app, "update-ref", "-d", ref)
			}
			landGit(t, fields[0].dir, "fetch", "-q")
			landGit(t, fields[0].dir, "reset", "-q", "--hard", "origin/main")
			g.hub = town.hub
		}
		f := &hubField{fields[0], strings.ToLower(id), filepath.Join(t.TempDir(), "calls"), time.Minute}
		for _, program := range []string{"upload-pack", "receive-pack"} {
			script := filepath.Join(filepath.Dir(f.calls), program)
			text := "#!/bin/sh\necho " + program + " >>" + f.calls + "\nexec git " + program + " \"$@\"\n"
			if err := os.WriteFile(script, []byte(text), 0o777); err != nil {
				t.Fatal(err)
			}
			f.git("config", "remote.origin."+strings.ReplaceAll(program, "-", ""), script)
		}
		f.git("config", "user.name", "clone of "+id)
		b := f.bus()
		if _, err := b.Connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Register(t.Context(), []bus.Registration{{ID: id, Workstream: id}}); err != nil {
			t.Fatal(err)
		}
		all = append(all, f)
	}
	return all
}

func (f *hubField) bus() *bus.Bus {
	f.Helper()
	r := f.repo()
	at := &hub.Remote{Repo: r, Name: "origin", Prefix: "refs/swarm/", Timeout: 30 * time.Second}
	store := refstore.Open(r, refstore.Options{Hub: at, Clone: f.clone, HubInterval: f.interval})
	f.Cleanup(func() { store.Close() })
	return bus.New(store)
}

func (f *hubField) lander() *Lander {
	b := f.bus()
	return &Lander{Repo: b.Store().Repo(), Bus: b, Lock: lock.PushLockOf(b), Claims: lock.NewClaims(b, time.Hour, false), Session: f.id, AtHub: true}
}

// counted are the calls that a push makes.
func (f *hubField) counted(l *Lander, wait time.Duration) (calls []string, err error) {
	f.Helper()
	_ = os.Remove(f.calls)
	_, err = l.Push(f.Context(), f.target(), lock.Wait{Timeout: wait})
	content, _ := os.ReadFile(f.calls)
	return strings.Fields(string(content)), err
}

// TestHubRoundTrips: a landing on the hub is a fetch of the branch and one push, which
// takes the push lock and gives it up; a verify command takes one call more; and one
// that was refused gives up its lock apart.
func TestHubRoundTrips(t *testing.T) {
	t.Parallel()
	f := newHubFields(t, "A")[0]
	const fetch, push = "upload-pack", "receive-pack"
	for _, row := range []struct {
		name, verify, hook string
		want               []string
	}{
		{"nothing verified", "", "", []string{fetch, push}},
		{"verified", "true", "", []string{push, fetch, push}},
		// Two more: the lock is given up, and the session is marked as blocked.
		{"refused by the command", "false", "", []string{push, fetch, push, push}},
		{"refused by the hub", "true", `case $1 in refs/heads/*) echo "not here" >&2; exit 1;; esac`, []string{push, fetch, push, push, push}},
	} {
		f.commit(row.name, "A", row.name+"\n")
		_ = os.Remove(filepath.Join(f.repo().CommonDir, "swarm", "hub-past")) // the last landing was long ago
		l := f.lander()
		l.Verify = row.verify
		refused := len(row.want) > 3
		if row.hook != "" {
			f.hook(f.hub, "update", row.hook)
		}
		calls, err := f.counted(l, time.Minute)
		if (err != nil) != refused || !slices.Equal(calls, row.want) {
			t.Errorf("%s: calls %q, not %q; %v", row.name, calls, row.want, err)
		}
		var rejected *RejectedError
		if row.hook != "" && (!errors.As(err, &rejected) || !strings.Contains(rejected.Why, "not here")) {
			t.Errorf("it was refused with %v", err)
		}
		for _, line := range []string{"held by A", "released by A"} {
			if log := f.git("log", "--format=%s", lock.LocksRef); !strings.Contains(log, line) {
				t.Errorf("%s: the locks' log is %s", row.name, log)
			}
		}
		if holder, err := l.Lock.Landing(f.Context()); err != nil || holder != nil {
			t.Errorf("%s: %+v lands, %v", row.name, holder, err)
		}
		if refused {
			f.git("reset", "-q", "--hard", "@{upstream}")
		} else if f.hubLog("main")[0] != row.name {
			t.Errorf("%s is not on main", row.name)
		}
	}
}

// TestHubAway: what has to be fetched of a hub that is away fails as what has to be granted
// there does. Of a hub that is there, the fetch says why it failed.
func TestHubAway(t *testing.T) {
	t.Parallel()
	f := newHubFields(t, "A")[0]
	f.commit("by A", "A", "changed\n")
	gone := filepath.Join(t.TempDir(), "gone.git")
	for name, try := range map[string]func() error{
		"push": func() error { _, err := f.lander().Push(f.Context(), f.target(), lock.Wait{}); return err },
		"pull": func() error { _, err := f.lander().Pull(f.Context(), f.target()); return err },
	} {
		f.git("remote", "set-url", "origin", gone)
		var away *refstore.HubError
		if err := try(); !errors.As(err, &away) || away.InDoubt || !strings.Contains(err.Error(), gone) {
			t.Errorf("%s: %T %v", name, err, err)
		}
		f.git("remote", "set-url", "origin", f.hub)
		fetched := filepath.Join(f.repo().GitDir, "FETCH_HEAD")
		_ = os.Remove(fetched)
		if err := os.Mkdir(fetched, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := try(); err == nil || errors.As(err, &away) || !strings.HasPrefix(err.Error(), "fetch from origin: ") {
			t.Errorf("%s: %T %v", name, err, err)
		}
		if err := os.Remove(fetched); err != nil {
			t.Fatal(err)
		}
	}
	if s := f.session(); s.Status != bus.Running {
		t.Errorf("%+v", s)
	}
}

// TestHubFence: a push waits for the clone that verifies for the target, and lands
// nothing without that; a branch that moved meanwhile is fetched again.
func TestHubFence(t *testing.T) {
	t.Parallel()
	fields := newHubFields(t, "A", "B")
	a, b := fields[0], fields[1]
	a.commit("by A", "fresh", "A\n")
	b.commit("by B", "new", "B\n")
	lease, _, err := b.lander().Lock.Verifier("origin/main").Acquire(t.Context(), "B", lock.Wait{})
	if err != nil {
		t.Fatal(err)
	}
	var held *lock.PushHeldError
	if _, err := a.counted(a.lander(), 0); !errors.As(err, &held) || held.Holder.Session != "B" {
		t.Errorf("while B verifies: %v", err)
	}
	if log := a.hubLog("main"); len(log) != 1 {
		t.Errorf("main has %q", log)
	}
	if err := lease.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	l := b.lander()
	overtaken := false
	l.Gate = func(context.Context, string, string, string) error {
		if !overtaken {
			overtaken = true
			if _, err := a.counted(a.lander(), time.Minute); err != nil {
				t.Error(err)
			}
		}
		return nil
	}
	if _, err := b.counted(l, time.Minute); err != nil {
		t.Fatal(err)
	}
	a.linear("by A", "by B")
}

// TestHubLine: of clones that wait, the one that came first lands first, however seldom it
// looks at the hub. Nobody is left in line.
func TestHubLine(t *testing.T) {
	t.Parallel()
	fields := newHubFields(t, "A", "B", "C")
	a, b, c := fields[0], fields[1], fields[2]
	lease, _, err := a.lander().Lock.Verifier("origin/main").Acquire(t.Context(), "A", lock.Wait{})
	if err != nil {
		t.Fatal(err)
	}
	b.interval, c.interval = 2*time.Second, 100*time.Millisecond
	inLine := func() string {
		if landGit(t, a.hub, "for-each-ref", lock.TurnsRef) == "" {
			return ""
		}
		return landGit(t, a.hub, "ls-tree", "-r", "--name-only", lock.TurnsRef)
	}
	landed := make(chan error, 2)
	for _, f := range []*hubField{b, c} {
		f.commit("by "+f.id, f.id, "changed\n")
		go func() {
			_, err := f.lander().Push(t.Context(), f.target(), lock.Wait{Timeout: time.Minute})
			landed <- err
		}()
		for deadline := time.Now().Add(30 * time.Second); !strings.Contains(inLine(), "/"+f.clone); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s is not in line: %s", f.id, inLine())
			}
		}
	}
	if err := lease.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(<-landed, <-landed); err != nil {
		t.Fatal(err)
	}
	if log := a.hubLog("main"); len(log) < 2 || log[0] != "by C" || log[1] != "by B" {
		t.Errorf("main has %q", log)
	}
	if left := inLine(); left != "" {
		t.Errorf("in line are still\n%s", left)
	}
}

// TestHubLineAgain: who was passed over, and waits still, gets in line again.
func TestHubLineAgain(t *testing.T) {
	t.Parallel()
	fields := newHubFields(t, "A", "B")
	a, b := fields[0], fields[1]
	waiting := &train{Lander: b.lander(), target: b.target()}
	place := func() string {
		if err := waiting.enterLine(t.Context()); err != nil {
			t.Fatal(err)
		}
		return landGit(t, a.hub, "ls-tree", "-r", lock.TurnsRef)
	}
	first := place()
	if again := place(); !strings.Contains(first, "/b") || again != first {
		t.Errorf("in line was\n%s\nand is\n%s", first, again)
	}
	passing := waiting.verifier()
	defer passing.Close()
	if err := b.bus().Update(t.Context(), "B", func(tx *refstore.Tx, _ string) error { return passing.LeaveIn(tx) }); err != nil {
		t.Fatal(err)
	}
	if again := place(); !strings.Contains(again, "/b") {
		t.Errorf("in line is %q", again)
	}
}

// TestHubLoser: a clone that finds three times that another has landed first gets in line,
// and the other waits for it.
func TestHubLoser(t *testing.T) {
	t.Parallel()
	fields := newHubFields(t, "A", "B")
	a, b := fields[0], fields[1]
	b.commit("by B", "new", "B\n")
	l := b.lander()
	first, waited := 0, false
	l.Gate = func(context.Context, string, string, string) error {
		if waited || first > lineTries {
			return nil
		}
		a.commit("by A", "fresh", strings.Repeat("A\n", first+1))
		_, err := a.lander().Push(t.Context(), a.target(), lock.Wait{})
		var held *lock.PushHeldError
		switch {
		case err == nil:
			first++
		case errors.As(err, &held) && held.Next && held.Holder.Session == "B":
			waited = true
		default:
			t.Error(err)
		}
		return nil
	}
	if _, err := l.Push(t.Context(), b.target(), lock.Wait{Timeout: time.Minute}); err != nil {
		t.Fatal(err)
	}
	if first != lineTries || !waited {
		t.Errorf("A was first %d times, and waited: %v", first, waited)
	}
	if _, err := a.lander().Push(t.Context(), a.target(), lock.Wait{}); err != nil {
		t.Error(err)
	}
}

// TestHubLost: a clone whose turn to verify was taken over lands nothing by it.
func TestHubLost(t *testing.T) {
	t.Parallel()
	f := newHubFields(t, "A")[0]
	f.commit("by A", "A", "A\n")
	l := f.lander()
	l.Verify = "true"
	stolen := 0
	l.Gate = func(ctx context.Context, _, _, _ string) error {
		if stolen++; stolen != 2 { // the gate is asked once more after the command
			return nil
		}
		other := f.bus()
		return other.Update(ctx, f.id, func(tx *refstore.Tx, by string) error {
			table, err := tx.Table(lock.LocksRef)
			if err != nil {
				return err
			}
			path := "conductor/origin%2Fmain"
			content, err := table.Get(path)
			if err != nil {
				return err
			}
			text := strings.Replace(string(content), "epoch = 1\n", "epoch = 2\n", 1)
			if text == string(content) {
				t.Errorf("the lock is\n%s", content)
			}
			if err := table.Put(path, []byte(text)); err != nil {
				return err
			}
			_, err = tx.Record(lock.LocksRef, refstore.Entry{Body: "conductor for origin/main: taken over"})
			return err
		})
	}
	_, err := f.counted(l, 0)
	var held *lock.PushHeldError
	if !errors.As(err, &held) {
		t.Errorf("the push gave %v", err)
	}
	if log := f.hubLog("main"); len(log) != 1 {
		t.Errorf("main has %q", log)
	}
}

// TestHubConductor: with a hub, who lands what waits in a clone has the conductor's lock in
// a table that is on no hub, and that is checked as the others are.
func TestHubConductor(t *testing.T) {
	t.Parallel()
	f := newHubFields(t, "A")[0]
	f.commit("by A", "A", "A\n")
	l := f.lander()
	const path = "conductor/origin%2Fmain"
	asked := false
	l.Gate = func(ctx context.Context, _, _, _ string) error {
		asked = true
		if holder, err := l.Lock.Landing(ctx); err != nil || holder == nil || holder.Session != "A" {
			t.Errorf("%+v lands, %v", holder, err)
		}
		if text := f.git("cat-file", "blob", lock.ConductorsRef+":"+path); !strings.Contains(text, "state = 'held'") {
			t.Errorf("the conductor's lock is\n%s", text)
		}
		return nil
	}
	if _, err := f.counted(l, time.Minute); err != nil || !asked {
		t.Fatalf("the gate was asked %v: %v", asked, err)
	}
	there := landGit(t, f.hub, "for-each-ref", "--format=%(refname)", "refs/swarm")
	if !strings.Contains(there, lock.LocksRef) || strings.Contains(there, lock.ConductorsRef) {
		t.Errorf("on the hub are\n%s", there)
	}
	if log := f.git("log", "--format=%s", lock.LocksRef); strings.Contains(log, "conductor") {
		t.Errorf("the log of all clones' locks is\n%s", log)
	}
	b := f.bus()
	if faults, _, err := lock.Fsck(t.Context(), b); err != nil || len(faults) > 0 {
		t.Errorf("%v, %v", faults, err)
	}
	err := b.Update(t.Context(), "A", func(tx *refstore.Tx, _ string) error {
		table, err := tx.Table(lock.ConductorsRef)
		if err != nil {
			return err
		}
		content, err := table.Get(path)
		if err != nil {
			return err
		}
		text := regexp.MustCompile(`epoch = \d+`).ReplaceAll(content, []byte("epoch = 99"))
		if err := table.Put(path, text); err != nil {
			return err
		}
		_, err = tx.Record(lock.ConductorsRef, refstore.Entry{Body: "conductor for origin/main: taken over"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	faults, _, err := lock.Fsck(t.Context(), b)
	var damaged *refstore.DamagedError
	if err != nil || len(faults) != 1 || !errors.As(faults[0], &damaged) || damaged.Ref != lock.ConductorsRef {
		t.Errorf("%v, %v", faults, err)
	}
}
