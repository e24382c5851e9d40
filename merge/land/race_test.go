package land

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/lock"
)

// TestLandManyGoroutines: sessions in worktrees of one repository push at once,
// again and again. Everything lands, once, in one line.
func TestLandManyGoroutines(t *testing.T) {
	t.Parallel()
	g, fields := newGround(t, "A", "B", "C", "D")
	const rounds = 3
	var all sync.WaitGroup
	for _, f := range fields {
		all.Go(func() {
			for i := range rounds {
				f.commit(fmt.Sprintf("%s %d", f.id, i), f.id, fmt.Sprintf("%d\n", i))
				if landed, err := f.tryPush(); err != nil || landed.Stayed != nil {
					t.Errorf("%s: %+v, %v", f.id, landed, err)
				}
			}
		})
	}
	all.Wait()
	var want []string
	for _, f := range fields {
		for i := range rounds {
			want = append(want, fmt.Sprintf("%s %d", f.id, i))
		}
	}
	g.linear(want...)
	inOrder(t, g.hubLog("main"), fields)
}

// TestLandManyProcesses: the same with a process for each push. Whoever has the lock
// is held by the remote until the others wait for the lock and plain git,
// which needs none, has moved the target.
func TestLandManyProcesses(t *testing.T) {
	t.Parallel()
	g, fields := newGround(t, "A", "B", "C", "G")
	fields, plain := fields[:3], fields[3]
	const rounds = 2
	var want []string
	for i := range rounds {
		dir := t.TempDir()
		g.hook(g.hub, "pre-receive", `test -z "$`+LandingEnv+`" || { `+waitFor(dir)+"\n}")
		var pushes []*landing
		for _, f := range fields {
			subject := fmt.Sprintf("%s %d", f.id, i)
			f.commit(subject, f.id, subject+"\n")
			want = append(want, subject)
			pushes = append(pushes, f.landing("push", dir).start())
		}
		awaitFile(t, filepath.Join(dir, "begun"))
		awaitWaiting(t, dir, len(fields)-1)
		want = append(want, plain.pushPlain(fmt.Sprintf("G %d", i)))
		touch(t, filepath.Join(dir, "go"))
		for j, push := range pushes {
			if err := push.Wait(); err != nil {
				t.Errorf("%s: %v", fields[j].id, err)
			}
		}
	}
	g.linear(want...)
	inOrder(t, g.hubLog("main"), fields)
	for _, f := range fields {
		f.tidy()
		if status := f.git("status", "--porcelain"); status != "" {
			t.Errorf("%s: %s", f.id, status)
		}
	}
}

// awaitWaiting waits until n landings wait for the lock.
func awaitWaiting(t *testing.T, dir string, n int) {
	t.Helper()
	for range 1500 {
		if waiting, _ := filepath.Glob(filepath.Join(dir, "waiting-*")); len(waiting) == n {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("the landings never met")
}

// pushPlain lands a commit as people do, by pull --rebase and push until it works.
func (f *field) pushPlain(subject string) string {
	f.Helper()
	f.commit(subject, f.id, subject+"\n")
	for range 50 {
		f.git("pull", "-q", "--rebase", "origin", "main")
		if _, err := tryLandGit(f.dir, "push", "-q", "origin", "HEAD:main"); err == nil {
			return subject
		}
	}
	f.Error("plain git never got through")
	return subject
}

// inOrder checks that each session's commits landed in the order in which it
// made them.
func inOrder(t *testing.T, log []string, fields []*field) {
	t.Helper()
	for _, f := range fields {
		var own []string
		for _, subject := range log {
			if strings.HasPrefix(subject, f.id+" ") {
				own = append(own, subject)
			}
		}
		slices.Reverse(own)
		if !slices.IsSorted(own) {
			t.Errorf("%s landed as %q", f.id, own)
		}
	}
}

// TestLandAfterWait: who waits for the conductor is told for whom, and lands what was
// checked out when it was put. What was committed since is rebased onto that.
func TestLandAfterWait(t *testing.T) {
	t.Parallel()
	a, b := oneField(t)
	lease, _, err := b.conductor().Acquire(t.Context(), "B", lock.Wait{})
	if err != nil {
		t.Fatal(err)
	}
	a.commit("before", "A", "before\n")
	var holders []string
	landed, err := a.lander().Push(t.Context(), a.target(), lock.Wait{Timeout: time.Minute, Waiting: func(holder string, _ time.Duration) {
		if holders = append(holders, holder); len(holders) == 1 {
			a.commit("meanwhile", "A", "meanwhile\n")
			if err := lease.Release(t.Context()); err != nil {
				t.Error(err)
			}
		}
	}})
	if err != nil || landed.Commits != 1 || landed.Stayed != nil {
		t.Fatalf("%+v, %v", landed, err)
	}
	if len(holders) == 0 || holders[0] != "B" {
		t.Errorf("it waited for %q", holders)
	}
	a.linear("before")
	if ahead := a.git("log", "--format=%s", landed.After+".."); ahead != "meanwhile" {
		t.Errorf("above what landed stands %q", ahead)
	}
}
