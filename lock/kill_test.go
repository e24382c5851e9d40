package lock

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// Processes claim and take the push lock without a pause, and are killed at any
// moment. Whatever was acknowledged is there, and whoever comes next waits at
// most a moment, for a claim and for the push lock.
func TestKill(t *testing.T) {
	kills := 9
	if refstoretest.Long() {
		kills = 400
	}
	s := newSwarm(t, racers...)
	stop := s.spoil(ClaimsRef, LocksRef)
	b := s.open(refstore.Options{})
	running := make([]*worker, 3)
	var said []string
	longest := time.Duration(0)
	for n := range kills + len(running) {
		i := n % len(running)
		if w := running[i]; w != nil {
			for range 1 + rand.IntN(6) {
				said = append(said, w.line(t))
			}
			time.Sleep(time.Duration(rand.IntN(5000)) * time.Microsecond) // anywhere in what it does next
			said = append(said, w.kill()...)
			longest = max(longest, s.next(t, b, n))
		}
		if n < kills {
			running[i] = s.worker("both", racers[i], fmt.Sprint(n))
		}
	}
	stop() // git fsck does not stand packs that gc takes away meanwhile
	s.hasAll(t, said)
	t.Logf("%d kills, %d acknowledged, the next waited at most %s", kills, len(said), longest)
}

// kill ends it at once, and returns what it had said by then.
func (w *worker) kill() (said []string) {
	_ = w.Process.Kill()
	for w.lines.Scan() {
		said = append(said, w.lines.Text())
	}
	_ = w.Wait()
	return said
}

// next is another session's claim and push, and how long the slower of them took.
func (s *swarm) next(t *testing.T, b *bus.Bus, n int) time.Duration {
	t.Helper()
	start := time.Now()
	if _, err := NewClaims(b, time.Hour, false).Grant(bg, "H", Request{Paths: []string{fmt.Sprint("h/", n)}}); err != nil {
		t.Fatal(err)
	}
	claimed := time.Since(start)
	start = time.Now()
	g, _, err := NewPushLock(b, time.Hour).Acquire(bg, "H", Wait{Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	pushed := time.Since(start)
	release(t, g)
	if slower := max(claimed, pushed); slower > soon {
		t.Errorf("after a kill, a claim took %s and the push lock %s", claimed, pushed)
	}
	return max(claimed, pushed)
}

// hasAll looks for what was acknowledged, in the state and in the histories.
func (s *swarm) hasAll(t *testing.T, said []string) {
	t.Helper()
	there := map[string]int{}
	for _, c := range s.claims() {
		there["claim "+c]++
	}
	for _, e := range s.pushHistory() {
		if e.state == stateHeld {
			there[fmt.Sprintf("push %s#%d", e.by, e.epoch)]++
		}
	}
	for _, line := range said {
		if there[line] != 1 {
			t.Errorf("%q was acknowledged and is there %d times", line, there[line])
		}
	}
	last := 0
	for _, e := range s.pushHistory() {
		if e.state == stateHeld && e.epoch != last+1 || e.state == stateFree && e.epoch != last {
			t.Errorf("epoch %d, %s, after %d", e.epoch, e.subject, last)
		}
		last = e.epoch
	}
	s.healthy()
	s.noLocks(t)
}

// noLocks fails the test if a lock file was left behind.
func (s *swarm) noLocks(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(s.Dir, ".git", "refs", "swarm"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".lock") && !strings.Contains(path, "other-") {
			t.Errorf("left behind: %s", path)
		}
		return nil // git may take away what it has packed
	})
	s.Must(err)
}

func workBoth(b *bus.Bus, by string, args []string) error {
	c, p := NewClaims(b, time.Hour, false), NewPushLock(b, time.Hour)
	for i := 0; ; i++ {
		granted, err := c.Grant(bg, by, Request{Paths: []string{fmt.Sprintf("p/%s/%s/%d", by, args[0], i)}})
		if err != nil {
			return err
		}
		fmt.Println("claim " + inShort(granted)[0])
		g, _, err := p.Acquire(bg, by, Wait{Timeout: time.Minute})
		if err != nil {
			return err
		}
		fmt.Printf("push %s#%d\n", by, g.epoch)
		if err := g.Release(bg); err != nil {
			return err
		}
	}
}
