package review

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

func size(short int) int {
	if refstoretest.Long() {
		return short * 20
	}
	return short
}

// Sessions request at once, from processes of their own: each gets a number that
// nobody else has, in an order that real time permits, and all are there.
func TestRaceRequest(t *testing.T) {
	t.Parallel()
	s := newSwarm(t)
	s.request("A", "B")
	var workers []*refstoretest.Worker
	each := size(6)
	for _, by := range []string{"A", "B", "C"} {
		workers = append(workers, s.start("request", by, fmt.Sprint(each), "orchestrator"))
	}
	var acks []refstoretest.Ack
	for _, w := range workers {
		acks = append(acks, w.Done(t)...)
	}
	refstoretest.InRealTime(t, acks, func(a refstoretest.Ack) int {
		number, err := strconv.Atoi(a.What)
		s.Must(err)
		return number - 1 // the first was there before
	})
	if len(acks) != 3*each || len(s.inbox("orchestrator")) != 3*each {
		t.Errorf("%d acknowledged, %d told", len(acks), len(s.inbox("orchestrator")))
	}
	newest := map[string]int{}
	s.Must(s.List(bg, func(r *Review) bool {
		if old := newest[r.From]; old > 0 && s.get(old).State != Superseded {
			t.Errorf("#%d is not superseded", old)
		}
		newest[r.From] = r.Number
		return true
	}))
	for from, number := range newest {
		if r := s.get(number); r.State != Pending {
			t.Errorf("%s's #%d is %s", from, number, r.State)
		}
	}
	s.healthy()
}

// Reviewers answer at once, while git adds notes to other commits, copies notes
// in a rebase, and replaces the notes ref as if nobody else were there. No answer
// is lost.
func TestRaceVerdicts(t *testing.T) {
	t.Parallel()
	s := newSwarm(t)
	s.Git("config", "notes.rewriteRef", NotesRef)
	var numbers []string
	for i := range size(5) {
		s.Git("branch", fmt.Sprint("at", i), "feat")
		s.Git("checkout", "-q", fmt.Sprint("at", i))
		s.Git("commit", "-q", "--amend", "-m", fmt.Sprint("change ", i))
		r, err := FindRange(bg, s.bus.Store().Repo(), "HEAD", "refs/heads/main")
		s.Must(err)
		made, err := s.Request(bg, "A", RequestParams{To: []string{"B", "C"}, Range: r})
		s.Must(err)
		numbers = append(numbers, fmt.Sprint(made.Number))
	}
	git := func(args ...string) { _, _ = s.TryGit(args...) } // it may lose a race for a lock
	stop := refstoretest.Beside(t,
		func(n int) {
			git("notes", "--ref=swarm/reviews", "add", "-f", "-m", said1(2+n, Comment, "C").line(), []string{"main", "feat^"}[n%2])
		},
		func(n int) { git("commit", "-q", "--amend", "-m", fmt.Sprint("amended ", n)) },
		func(int) { git("pack-refs", "--all") },
	)
	var workers []*refstoretest.Worker
	for range 3 {
		for _, by := range []string{"B", "C"} {
			workers = append(workers, s.start("say", by, append([]string{"comment"}, numbers...)...))
		}
	}
	for _, w := range workers {
		if acks := w.Done(t); len(acks) != len(numbers) {
			t.Errorf("%d acknowledged of %d", len(acks), len(numbers))
		}
	}
	t.Logf("beside %d commands of git's", stop())
	s.Must(s.List(bg, func(r *Review) bool {
		seqs := map[int]int{}
		for _, e := range r.Events {
			seqs[e.Seq]++
		}
		if len(r.Events) != 7 || len(seqs) != 7 || seqs[7] != 1 {
			t.Errorf("#%d has %d events, numbered %v", r.Number, len(r.Events), seqs)
		}
		return true
	}))
	if got := len(s.inbox("A")); got != 6*len(numbers) {
		t.Errorf("A was told %d times", got)
	}
	s.healthy()
}

// A request races the verdicts on the one before it: what was acknowledged is
// there, the older one is superseded, and a verdict never moves to the newer one.
func TestRaceSupersede(t *testing.T) {
	t.Parallel()
	for range size(4) {
		s := newSwarm(t)
		s.request("A", "B", "C")
		b, c, a := s.start("say", "B", "approve", "1"), s.start("say", "C", "reject", "1"), s.start("request", "A", "1", "B,C")
		answers := len(b.Done(t)) + len(c.Done(t))
		if acks := a.Done(t); len(acks) != 1 || acks[0].What != "2" {
			t.Fatalf("%+v", acks)
		}
		one, two := s.get(1), s.get(2)
		if one.State != Superseded || one.Newer != 2 || len(one.Events) != 1+answers {
			t.Errorf("#1 is %s by #%d with %d events for %d answers", one.State, one.Newer, len(one.Events), answers)
		}
		if two.State != Pending || len(two.Events) != 1 {
			t.Errorf("#2 is %s with %d events", two.State, len(two.Events))
		}
		if got := len(s.inbox("A")); got != answers {
			t.Errorf("A was told %d times of %d answers", got, answers)
		}
		s.sound()
	}
}

// Readers see a review grow and never anything else.
func TestRaceRead(t *testing.T) {
	t.Parallel()
	s := newSwarm(t)
	s.request("A", "B")
	w := s.start("say", "B", append([]string{"comment"}, slices.Repeat([]string{"1"}, size(20))...)...)
	over := make(chan error, 1)
	go func() { over <- w.Wait() }()
	reader, last, reads := s.open(refstore.Options{}), 0, 0
	for running := true; running; reads++ {
		select {
		case err := <-over:
			s.Must(err)
			running = false
		default:
		}
		r, err := reader.Get(bg, 1)
		if err != nil || len(r.Events) < last || r.State != Pending {
			t.Fatalf("after %d events: %+v, %v", last, r, err)
		}
		last = len(r.Events)
	}
	if last != 1+size(20) {
		t.Errorf("%d events", last)
	}
	if texts := strings.Count(s.Git("notes", "--ref=swarm/reviews", "show", "feat"), `"B says"`); texts != size(20) {
		t.Errorf("%d in the note", texts)
	}
	t.Logf("%d reads", reads)
}
