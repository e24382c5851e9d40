package task

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// TestRace: processes take tasks with random dependencies, finish them, give them back,
// fail, or are killed with them, while git tidies up. Their history, which the ref has,
// is one that a single process could have made: no task is given twice at a time, none
// before what it comes after, all land once, and what was acknowledged is there, in an
// order that real time permits.
func TestRace(t *testing.T) {
	processes, count := 4, 40
	if refstoretest.Long() {
		processes, count = 16, 500
	}
	var ids []string
	for i := range 8 * processes {
		ids = append(ids, fmt.Sprintf("S%d", i))
	}
	s := newSwarm(t, ids...)
	tasks := make([]New, count)
	for i := range tasks {
		tasks[i] = New{Title: "task", Priority: rand.N(5)}
		for range rand.N(4) {
			if i > 0 {
				tasks[i].AfterNew = append(tasks[i].AfterNew, rand.N(i))
			}
		}
	}
	_, err := s.Add(bg, bus.Orchestrator, tasks, s.main())
	s.Must(err)
	stop := refstoretest.Beside(t,
		func(int) { _, _ = s.TryGit("pack-refs", "--all") },
		func(int) { _, _ = s.TryGit("gc", "-q", "--prune=now") })
	acks := s.race(ids, processes)
	stop()
	r := &replay{T: t, state: map[int]State{}, holder: map[int]string{}, after: map[int][]int{}}
	all, err := s.List(bg)
	s.Must(err)
	for _, task := range all {
		r.after[task.Number], r.state[task.Number] = task.After, Ready
		if task.State != Landed {
			t.Errorf("#%d is %s", task.Number, task.State)
		}
	}
	s.replay(r, acks)
	s.healthy()
}

// race keeps that many processes at work until all of them are done: each that died is
// followed by another session.
func (s *swarm) race(ids []string, processes int) map[string][]refstoretest.Ack {
	pids := s.TempDir()
	var mu sync.Mutex
	var all sync.WaitGroup
	acks := map[string][]refstoretest.Ack{}
	next := processes
	var run func(id string)
	run = func(id string) {
		w := refstoretest.Start(s.Repo, "work", s.Dir, id, pids)
		all.Go(func() {
			said, killed := w.Ended(s.Repo)
			mu.Lock()
			defer mu.Unlock()
			acks[id] = said
			if killed && next < len(ids) {
				next++
				run(ids[next-1])
			}
		})
	}
	mu.Lock()
	for _, id := range ids[:processes] {
		run(id)
	}
	mu.Unlock()
	all.Wait()
	return acks
}

// replay is the tasks as they should be after each entry of the diary.
type replay struct {
	*testing.T
	state  map[int]State
	holder map[int]string
	after  map[int][]int
	free   []bool         // after each entry, whether a task was ready
	place  map[string]int // of what the diary says, in which entry
}

func (r *replay) ready(n int) bool {
	return r.state[n] == Ready && !slices.ContainsFunc(r.after[n], func(a int) bool { return r.state[a] != Landed })
}

func (r *replay) anyReady() bool {
	for n := range r.state {
		if r.ready(n) {
			return true
		}
	}
	return false
}

// replay reads the diary from its beginning, and holds what was acknowledged against it.
func (s *swarm) replay(r *replay, acks map[string][]refstoretest.Ack) {
	var entries []*refstore.Entry
	s.Must(s.Entries(bg, func(e *refstore.Entry) bool { entries = append(entries, e); return true }))
	slices.Reverse(entries)
	r.place = map[string]int{}
	r.free = []bool{r.anyReady()}
	for i, e := range entries[1:] {
		for line := range strings.Lines(e.Body) {
			r.line(strings.TrimSpace(line), e, i+1)
		}
		r.free = append(r.free, r.anyReady())
	}
	var placed []refstoretest.Ack
	where := map[string]int{}
	for id, said := range acks {
		for _, a := range said {
			if a.What == "none" {
				continue
			}
			key := id + " " + a.What
			at, ok := r.place[key]
			if !ok {
				r.Errorf("%s was told of %s, of which the diary says nothing", id, a.What)
				continue
			}
			a.What, where[key] = key, at
			placed = append(placed, a)
		}
	}
	slices.SortFunc(placed, func(a, b refstoretest.Ack) int { return where[a.What] - where[b.What] })
	rank := map[string]int{}
	for i, a := range placed {
		rank[a.What] = i + 1
	}
	refstoretest.InRealTime(r, placed, func(a refstoretest.Ack) int { return rank[a.What] })
	for id, said := range acks {
		for _, a := range said {
			if a.What == "none" && !r.noneReady(a, placed, where) {
				r.Errorf("%s was told that no task is ready while one was at every moment", id)
			}
		}
	}
	if len(placed) < len(r.state) {
		r.Errorf("only %d operations were acknowledged", len(placed))
	}
}

// noneReady reports whether no task was ready at a moment within the call.
func (r *replay) noneReady(a refstoretest.Ack, placed []refstoretest.Ack, where map[string]int) bool {
	first, last := 0, len(r.free)-1
	for _, o := range placed {
		if o.End < a.Start {
			first = max(first, where[o.What])
		}
		if o.Start > a.End {
			last = min(last, where[o.What]-1)
		}
	}
	return first > last || slices.Contains(r.free[first:last+1], false)
}

// line applies a line of the diary.
func (r *replay) line(line string, e *refstore.Entry, at int) {
	number, said, _ := strings.Cut(strings.TrimPrefix(line, "#"), " ")
	n, err := strconv.Atoi(number)
	if err != nil || !strings.HasPrefix(line, "#") {
		return
	}
	switch {
	case strings.HasPrefix(said, "taken by "+e.Author):
		// What a session that is gone had is given back in the same entry, below.
		if !r.ready(n) && !strings.Contains(e.Body, fmt.Sprintf("\n#%d given back", n)) || !r.ready(n) && r.state[n] != Taken {
			r.Errorf("entry %d gives #%d, which is %s", e.Number, n, r.state[n])
		}
		r.state[n], r.holder[n] = Taken, e.Author
		r.place[fmt.Sprintf("%s take:%d:%s", e.Author, n, e.Field(fieldEpoch))] = at
	case strings.HasPrefix(said, "done by "), strings.HasPrefix(said, "failed, by "), strings.HasPrefix(said, "given back by "):
		if r.state[n] != Taken || r.holder[n] != e.Author {
			r.Errorf("entry %d: %s finishes #%d, which is %s of %s", e.Number, e.Author, n, r.state[n], r.holder[n])
		}
		r.state[n], r.holder[n] = Ready, ""
		if strings.HasPrefix(said, "done by ") {
			r.state[n] = Landed
			r.place[fmt.Sprintf("%s done:%d", e.Author, n)] = at
		} else if strings.HasPrefix(said, "failed") {
			r.state[n] = Failed
		}
	case strings.HasPrefix(said, "given back:"):
		if r.holder[n] != e.Author { // else it was taken by the same entry
			r.state[n], r.holder[n] = Ready, ""
		}
	case strings.HasPrefix(said, "reopened by "):
		r.state[n] = Ready
	}
}
