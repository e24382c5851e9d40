package refstore

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore/object"
)

// spoilers are git's own processes that run beside the writers, each without a
// pause, until stop is called.
type spoilers struct {
	t      testing.TB
	dir    string
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
	rounds atomic.Int64
}

func newSpoilers(t testing.TB, dir string) *spoilers {
	ctx, cancel := context.WithCancel(bg)
	s := &spoilers{t: t, dir: dir, ctx: ctx, cancel: cancel}
	t.Cleanup(s.stop)
	return s
}

// loop runs step until stop; with once, it has run at least once.
func (s *spoilers) loop(step func()) {
	s.wg.Go(func() {
		for {
			step()
			s.rounds.Add(1)
			if s.ctx.Err() != nil {
				return
			}
		}
	})
}

func (s *spoilers) stop() {
	s.cancel()
	s.wg.Wait()
}

// may runs a git command that may lose a race for a lock; never fails the test.
func (s *spoilers) may(args ...string) { _, _ = tryGit(s.dir, args...) }

// must runs a git command that nothing may disturb.
func (s *spoilers) must(args ...string) string {
	out, err := tryGit(s.dir, args...)
	if err != nil {
		s.t.Errorf("git %s: %v", strings.Join(args, " "), err)
	}
	return strings.TrimSpace(out)
}

// spoil starts all of them. They pack and collect; write other refs beside ours;
// move ours to where they are, under git's own lock; and read ours.
func (s *spoilers) spoil(refs ...string) {
	s.loop(func() { s.may("pack-refs", "--all") })
	s.loop(func() { s.may("gc", "-q", "--prune=now") })
	main := s.must("rev-parse", "main")
	n := 0
	s.loop(func() {
		n++
		for _, ref := range []string{fmt.Sprint("refs/swarm/other-", n%7), fmt.Sprint("refs/heads/b", n%5)} {
			s.may("update-ref", ref, main)
		}
		s.may("update-ref", "-d", fmt.Sprint("refs/heads/b", n%3))
	})
	s.loop(func() {
		for _, ref := range refs {
			tip := s.must("rev-parse", "--verify", "-q", ref)
			s.may("-c", "core.warnAmbiguousRefs=false", "update-ref", ref, tip, tip)
		}
	})
}

var raceRefs = []string{"refs/swarm/context", "refs/notes/swarm/reviews", "refs/swarm/inbox/B"}

// raceKinds are how the processes write: all in process, all through git, or
// half of them so.
var raceKinds = map[string][]string{"files": {"files"}, "git": {"git"}, "mixed": {"files", "git"}}

func raceSize(kind string) (processes, each int) {
	processes, each = 4, map[string]int{"files": 25, "git": 4, "mixed": 5}[kind]
	if long() {
		processes, each = 8, each*25
	}
	return processes, each
}

// Processes append to the same journals, several at a time, while git tidies up
// and writes: each acknowledged entry is there exactly once, in all the journals
// in the same order, which is one that real time permits.
func TestRaceAppend(t *testing.T) {
	for kind, backends := range raceKinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			r := linked(t)
			if err := appendAll(r.open(Options{}), "A", "first", raceRefs...); err != nil {
				t.Fatal(err)
			}
			acks := race(t, r, "append", kind, backends, raceRefs...)
			s := r.open(Options{})
			all := bodies(t, s, raceRefs[0])
			for _, ref := range raceRefs[1:] {
				if got := bodies(t, s, ref); !slices.Equal(got, all) {
					t.Errorf("%s has %d entries in another order than the %d of the first", ref, len(got), len(all))
				}
			}
			place := map[string]int{}
			for i, body := range all[1:] {
				if place[body] > 0 {
					t.Errorf("%s is there twice", body)
				}
				place[body] = i + 1
			}
			if len(acks) != len(all)-1 {
				t.Errorf("%d acknowledged, %d stored", len(acks), len(all)-1)
			}
			inRealTime(t, acks, func(a ack) int { return place[a.what] })
			r.clean()
		})
	}
}

// Processes increment one number: every value is reached once.
func TestRaceTable(t *testing.T) {
	for kind, backends := range raceKinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			r := plain(t)
			const ref = "refs/swarm/locks"
			mustPut(t, r.open(Options{}), ref, "count", "0")
			acks := race(t, r, "count", kind, backends, ref)
			value := func(a ack) int { n, _ := strconv.Atoi(a.what); return n }
			inRealTime(t, acks, value)
			table, err := r.open(Options{}).Table(bg, ref)
			if err != nil {
				t.Fatal(err)
			}
			if content, err := table.Get("count"); err != nil || string(content) != strconv.Itoa(len(acks)) {
				t.Errorf("count is %s after %d: %v", content, len(acks), err)
			}
			n := 0
			if err := table.Below("by", func(string, []byte) bool { n++; return true }); err != nil || n != len(acks) {
				t.Errorf("%d paths for %d: %v", n, len(acks), err)
			}
			r.clean()
		})
	}
}

// race runs the workers beside the spoilers and returns what they acknowledged.
func race(t *testing.T, r *gitRepo, work, kind string, backends []string, refs ...string) []ack {
	sp := newSpoilers(t, r.dir)
	sp.spoil(refs...)
	processes, each := raceSize(kind)
	var workers []*worker
	start := time.Now()
	for i := range processes {
		workers = append(workers, startWorker(t, work, r.dir, backends[i%len(backends)], fmt.Sprint("w", i), append([]string{strconv.Itoa(each)}, refs...)...))
	}
	var acks []ack
	for _, w := range workers {
		w.done(t)
		acks = append(acks, w.acks(t)...)
	}
	took := time.Since(start)
	sp.stop()
	t.Logf("%d transactions of %d processes in %v, beside %d rounds of git's own", len(acks), processes, took.Round(time.Millisecond), sp.rounds.Load())
	if len(acks) != processes*each {
		t.Errorf("%d acknowledged, not %d", len(acks), processes*each)
	}
	for _, line := range strings.Fields(r.git("for-each-ref", "--format=%(refname)", "refs/swarm/other-*")) {
		r.git("update-ref", "-d", line)
	}
	return acks
}

// inRealTime checks that an operation that was over before another began has an
// earlier place, and that all places are different: the operations took effect
// one by one, each at a moment between its start and its end.
func inRealTime(t *testing.T, acks []ack, place func(ack) int) {
	t.Helper()
	acks = slices.SortedFunc(slices.Values(acks), func(a, b ack) int { return place(a) - place(b) })
	var latest ack // of those placed so far, the one that began last
	for i, a := range acks {
		if place(a) != i+1 {
			t.Errorf("place %d is taken by %s, placed %d", i+1, a.what, place(a))
		}
		if a.end < latest.start {
			t.Errorf("%s was over before %s began, and comes after it", a.what, latest.what)
		}
		if a.start > latest.start {
			latest = a
		}
	}
}

// Readers see a ref grow and never anything else, whatever git and writers do.
func TestRaceRead(t *testing.T) {
	r := plain(t)
	writer := r.open(Options{})
	ref := "refs/swarm/inbox/A"
	mustAppend(t, writer, ref, "first")
	sp := newSpoilers(t, r.dir)
	sp.spoil(ref)
	for _, throughGit := range []bool{false, false, true} {
		s := r.open(Options{ThroughGit: throughGit})
		last := 0
		sp.loop(func() {
			tips, err := s.Refs(sp.ctx, "refs/swarm/inbox/")
			if sp.ctx.Err() != nil {
				return
			}
			if err != nil || len(tips) != 1 {
				t.Errorf("%v, %v", tips, err)
				return
			}
			tip, err := s.Tip(bg, ref)
			if err != nil || tip == "" {
				t.Errorf("tip %q, %v", tip, err)
				return
			}
			e, err := readSoon(s, ref, tip)
			if err != nil || e.Number < last {
				t.Errorf("entry %+v after number %d, %v", e, last, err)
				return
			}
			last = e.Number
		})
	}
	n := 60
	if long() {
		n = 3000
	}
	for i := range n {
		mustAppend(t, writer, ref, fmt.Sprint(i))
	}
	sp.stop()
	if got := len(bodies(t, r.open(Options{}), ref)); got != n+1 {
		t.Errorf("%d entries", got)
	}
}

// readSoon reads a commit whose transaction may still be under way: a git gc
// --prune=now may take its objects, and the writer is about to bring them back.
func readSoon(s *Store, ref string, id object.Hash) (e *Entry, err error) {
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); {
		if e, err = s.Entry(bg, ref, id); err == nil || !s.Pending() {
			return s.Entry(bg, ref, id)
		}
	}
	return e, err
}
