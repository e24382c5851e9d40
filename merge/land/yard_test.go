package land

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/lock/queue"
)

// yard is a ground whose sessions all wait while gate is the conductor for main.
type yard struct {
	*ground
	fields []*field
	gate   *lock.Lease
	runs   string // a file with a line for each run of the verify command
}

// newYard makes a ground with that many sessions, "a", "b", …, each with a commit to
// land, and one more that is the conductor.
func newYard(t *testing.T, n int) *yard {
	t.Helper()
	var ids []string
	for i := range n {
		ids = append(ids, string(rune('a'+i)))
	}
	g, fields := newGround(t, append(ids, "gate")...)
	y := &yard{ground: g, fields: fields[:n], runs: filepath.Join(t.TempDir(), "runs")}
	for _, f := range y.fields {
		f.commit("by "+f.id, f.id, "changed\n")
	}
	lease, _, err := fields[n].conductor().Acquire(t.Context(), "gate", lock.Wait{})
	if err != nil {
		t.Fatal(err)
	}
	y.gate = lease
	return y
}

// ending is what became of a push.
type ending struct {
	landed *Landed
	err    error
}

// push has all sessions push with that verify command, one after the other into the
// queue, and lets them go once all wait; set is told of each lander before. It returns
// what became of each.
func (y *yard) push(verify string, set ...func(*Lander)) map[string]ending {
	y.Helper()
	ends := map[string]ending{}
	var all sync.WaitGroup
	var mu sync.Mutex
	for i, f := range y.fields {
		l := f.lander()
		if verify != "" {
			l.Verify = "echo run >> '" + y.runs + "'; " + verify
		}
		for _, set := range set {
			set(l)
		}
		target := f.target()
		all.Go(func() {
			landed, err := l.Push(context.Background(), target, lock.Wait{Timeout: time.Minute})
			mu.Lock()
			defer mu.Unlock()
			ends[f.id] = ending{landed, err}
		})
		y.await(i + 1)
	}
	if err := y.gate.Release(context.Background()); err != nil {
		y.Fatal(err)
	}
	all.Wait()
	return ends
}

// await waits until n entries are in the queue.
func (y *yard) await(n int) {
	y.Helper()
	for range 1500 {
		entries, err := queue.Entries(context.Background(), y.fields[0].bus())
		if err != nil {
			y.Fatal(err)
		}
		if len(entries) == n {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	y.Fatal("the queue does not fill")
}

func (y *yard) verified() int {
	content, _ := os.ReadFile(y.runs)
	return strings.Count(string(content), "run")
}

// countPushes counts the pushes that the remote takes from now on.
func (y *yard) countPushes() func() int {
	y.Helper()
	file := filepath.Join(y.TempDir(), "pushes")
	y.hook(y.hub, "post-receive", "echo push >> '"+file+"'")
	return func() int {
		content, _ := os.ReadFile(file)
		return strings.Count(string(content), "push")
	}
}

// settled checks that nothing is left in the queue, and that each session's branch is
// where its work has landed.
func (y *yard) settled(ends map[string]ending) {
	y.Helper()
	for _, f := range y.fields {
		f.tidy()
		f.tidyVerify()
		if end, ok := ends[f.id]; ok && end.err == nil && (end.landed.Stayed != nil || end.landed.Late != nil || f.head() != end.landed.After) {
			y.Errorf("%s: %+v", f.id, end.landed)
		}
	}
	if entries, err := queue.Entries(context.Background(), y.fields[0].bus()); err != nil || len(entries) > 0 {
		y.Errorf("in the queue: %d, %v", len(entries), err)
	}
	if faults, _, err := queue.Fsck(context.Background(), y.fields[0].bus()); err != nil || len(faults) > 0 {
		y.Errorf("fsck: %v, %v", faults, err)
	}
}

func subjects(ids ...string) (all []string) {
	for _, id := range ids {
		all = append(all, "by "+id)
	}
	return all
}
