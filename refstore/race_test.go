package refstore

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// spoilers are git's own processes, to run beside the writers. They pack and
// collect; write other refs beside ours; move ours to where they are, under git's
// own lock; and read ours.
func (r *gitRepo) spoilers(refs ...string) []func(n int) {
	r.Helper()
	may := func(args ...string) { _, _ = r.TryGit(args...) } // it may lose a race for a lock
	main := r.Git("rev-parse", "main")
	return []func(int){
		func(int) { may("pack-refs", "--all") },
		func(int) { may("gc", "-q", "--prune=now") },
		func(n int) {
			n++
			for _, ref := range []string{fmt.Sprint("refs/swarm/other-", n%7), fmt.Sprint("refs/heads/b", n%5)} {
				may("update-ref", ref, main)
			}
			may("update-ref", "-d", fmt.Sprint("refs/heads/b", n%3))
		},
		func(int) {
			for _, ref := range refs {
				tip, err := r.TryGit("rev-parse", "--verify", "-q", ref) // which nothing may disturb
				if err != nil {
					r.Errorf("git rev-parse %s: %v", ref, err)
				}
				may("-c", "core.warnAmbiguousRefs=false", "update-ref", ref, tip, tip)
			}
		},
	}
}

var raceRefs = []string{"refs/swarm/try/context", "refs/notes/swarm/reviews", "refs/swarm/try/inbox/B"}

// raceKinds are how the processes write: all in process, all through git, or
// half of them so.
var raceKinds = map[string][]string{"files": {"files"}, "git": {"git"}, "mixed": {"files", "git"}}

func raceSize(kind string) (processes, each int) {
	processes, each = 4, map[string]int{"files": 25, "git": 4, "mixed": 5}[kind]
	if refstoretest.Long() {
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
			refstoretest.InRealTime(t, acks, func(a refstoretest.Ack) int { return place[a.What] })
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
			const ref = "refs/swarm/try/locks"
			mustPut(t, r.open(Options{}), ref, "count", "0")
			acks := race(t, r, "count", kind, backends, ref)
			value := func(a refstoretest.Ack) int { n, _ := strconv.Atoi(a.What); return n }
			refstoretest.InRealTime(t, acks, value)
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
func race(t *testing.T, r *gitRepo, work, kind string, backends []string, refs ...string) []refstoretest.Ack {
	stop := refstoretest.Beside(t, r.spoilers(refs...)...)
	processes, each := raceSize(kind)
	var workers []*refstoretest.Worker
	start := time.Now()
	for i := range processes {
		workers = append(workers, r.start(work, backends[i%len(backends)], fmt.Sprint("w", i), append([]string{strconv.Itoa(each)}, refs...)...))
	}
	var acks []refstoretest.Ack
	for _, w := range workers {
		acks = append(acks, w.Done(t)...)
	}
	took := time.Since(start)
	rounds := stop()
	t.Logf("%d transactions of %d processes in %v, beside %d rounds of git's own", len(acks), processes, took.Round(time.Millisecond), rounds)
	if len(acks) != processes*each {
		t.Errorf("%d acknowledged, not %d", len(acks), processes*each)
	}
	for _, line := range strings.Fields(r.Git("for-each-ref", "--format=%(refname)", "refs/swarm/other-*")) {
		r.Git("update-ref", "-d", line)
	}
	return acks
}

// Readers see a ref grow and never anything else, whatever git and writers do.
func TestRaceRead(t *testing.T) {
	r := plain(t)
	writer := r.open(Options{})
	ref := "refs/swarm/try/inbox/A"
	mustAppend(t, writer, ref, "first")
	steps := r.spoilers(ref)
	for _, throughGit := range []bool{false, false, true} {
		s := r.open(Options{ThroughGit: throughGit})
		last := 0
		steps = append(steps, func(int) {
			tips, err := s.Refs(bg, "refs/swarm/try/inbox/")
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
	stop := refstoretest.Beside(t, steps...)
	n := 60
	if refstoretest.Long() {
		n = 3000
	}
	for i := range n {
		mustAppend(t, writer, ref, fmt.Sprint(i))
	}
	stop()
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
