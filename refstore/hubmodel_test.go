package refstore

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Model check: clones write at once through a hub that drops, delays, doubles and
// cuts. Every acknowledged change is in the one history once, upon what it saw and
// in an order that real time permits, and in no history if it was refused; every
// acknowledged entry is in every clone, once, in its writer's order.
func TestHubModel(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			checkHubModel(t, seed)
		})
	}
}

type hubOp struct {
	word        string
	before      string
	began, done time.Time
	err         error
}

func checkHubModel(t *testing.T, seed uint64) {
	const clones, each, together = 3, 14, 2 // in each clone so many processes take
	h := newFakeHub(seed)
	h.slow = 5 * time.Millisecond
	var stores []*Store
	var repos []*gitRepo
	for i := range clones {
		r, s := h.clone(t, fmt.Sprintf("c%d", i))
		stores, repos = append(stores, s), append(repos, r)
	}
	h.faults = true
	ops := make([][]hubOp, clones*(1+together))
	said := make([][]string, clones)
	finished := make(chan int)
	for i, s := range stores {
		go func() {
			defer func() { finished <- i }()
			for n := range each {
				word := fmt.Sprintf("c%d-%d", i, n)
				if n%3 == 0 {
					if err := say(s, "A", word); err != nil {
						t.Error(err)
					}
					said[i] = append(said[i], word)
					continue
				}
				op := hubOp{word: word, began: time.Now()}
				op.before, op.err = take(s, "A", "push", word, "B")
				op.done = time.Now()
				ops[i] = append(ops[i], op)
			}
		}()
		for j := range together {
			mine := &ops[clones+i*together+j]
			s := h.open(t, repos[i], fmt.Sprintf("c%d", i), Options{})
			go func() {
				defer func() { finished <- i }()
				for n := range each / 4 {
					op := hubOp{word: fmt.Sprintf("p%d-%d-%d", i, j, n), began: time.Now()}
					op.before, op.err = take(s, "A", "push", op.word, "B")
					op.done = time.Now()
					*mine = append(*mine, op)
				}
			}()
		}
	}
	for range clones * (1 + together) {
		<-finished
	}
	h.Lock()
	h.faults = false
	h.deliverLate()
	h.Unlock()
	mustRefresh(t, stores...) // delivers all
	mustRefresh(t, stores...) // and brings it
	history := bodies(t, stores[0], "refs/swarm/locks")
	at := map[string]int{}
	for i, word := range history {
		if at[word]++; at[word] > 1 {
			t.Errorf("%s was made twice", word)
		}
		at[word] = i + 1
	}
	var all []hubOp
	acknowledged := 0
	for _, clone := range ops {
		for _, op := range clone {
			var away *HubError
			switch n := at[op.word]; {
			case op.err == nil && n == 0:
				t.Errorf("%s was acknowledged, and is not there", op.word)
			case op.err == nil:
				acknowledged++
				if op.before != strings.Join(history[:n-1], " ") {
					t.Errorf("%s was made upon %q", op.word, op.before)
				}
			case errors.As(op.err, &away) && away.InDoubt:
			case n > 0:
				t.Errorf("%s was refused (%v), and is there", op.word, op.err)
			}
			if at[op.word] > 0 {
				all = append(all, op)
			}
		}
	}
	if acknowledged < clones*each/4 {
		t.Errorf("only %d were acknowledged", acknowledged)
	}
	for _, a := range all {
		for _, b := range all {
			if a.done.Before(b.began) && at[a.word] > at[b.word] && a.err == nil {
				t.Errorf("%s was done before %s began, and comes after it", a.word, b.word)
			}
		}
	}
	for _, s := range stores {
		if got := bodies(t, s, "refs/swarm/locks"); !slices.Equal(got, history) {
			t.Errorf("%s has another history", s.Clone())
		}
		told := bodies(t, s, "refs/swarm/inbox/B")
		slices.Sort(told)
		want := slices.Sorted(slices.Values(history))
		if !slices.Equal(told, want) {
			t.Errorf("%s: B was told of %q, not %q", s.Clone(), told, want)
		}
		context := bodies(t, s, "refs/swarm/context")
		for i := range said {
			own := slices.DeleteFunc(slices.Clone(context), func(w string) bool { return !strings.HasPrefix(w, fmt.Sprintf("c%d-", i)) })
			if !slices.Equal(own, said[i]) {
				t.Errorf("%s has of c%d %q, not %q", s.Clone(), i, own, said[i])
			}
		}
		checkWhole(t, s)
	}
}

// Model check of what one table decides and another one is changed by, as a verdict does of
// a landing: what is let through by a yes moves the table of verdicts, too. Through all
// faults, and where a fetch sees half of what was moved, nothing that was let through by a
// yes comes after that was taken back.
func TestHubModelTakenBack(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			checkTakenBack(t, seed)
		})
	}
}

func checkTakenBack(t *testing.T, seed uint64) {
	const verdicts, landings = "refs/swarm/reviews", "refs/swarm/locks"
	const clones, each = 3, 9
	h := newFakeHub(seed)
	h.slow, h.half = 5*time.Millisecond, true
	var stores []*Store
	for i := range clones {
		_, s := h.clone(t, fmt.Sprintf("c%d", i))
		stores = append(stores, s)
	}
	// change has the verdicts' log say something, with how often a yes was taken back by then.
	change := func(tx *Tx, format string, more int) error {
		table, err := tx.Table(verdicts)
		if err != nil {
			return err
		}
		taken, err := table.Get("taken")
		if err != nil && !errors.Is(err, ErrNotExist) {
			return err
		}
		n := len(taken) + more
		if err := table.Put("taken", bytes.Repeat([]byte{'x'}, n)); err != nil {
			return err
		}
		_, err = tx.Record(verdicts, Entry{Label: "comment", Body: fmt.Sprintf(format, n), Fields: []Field{Counter(fieldReviews, 1)}})
		return err
	}
	takeBack := func(tx *Tx) error { return change(tx, "taken back %d", 1) }
	land := func(tx *Tx) error {
		table, err := tx.ReadTable(verdicts)
		if err != nil {
			return err
		}
		taken, err := table.Get("taken")
		if err != nil && !errors.Is(err, ErrNotExist) {
			return err
		}
		if table, err = tx.Table(landings); err != nil {
			return err
		}
		said := fmt.Sprintf("landed by %d", len(taken))
		if err := table.Put("push", []byte(said)); err != nil {
			return err
		}
		if _, err = tx.Record(landings, Entry{Body: said}); err != nil {
			return err
		}
		return change(tx, "landed by %d", 0)
	}
	h.faults = true
	var working sync.WaitGroup
	for _, s := range stores {
		working.Go(func() {
			for n := range each {
				what := land
				if n%3 == 0 {
					what = takeBack
				}
				var away *HubError
				if err := s.Update(bg, "A", what); err != nil && !errors.As(err, &away) {
					t.Error(err)
				}
			}
		})
	}
	working.Wait()
	h.Lock()
	h.faults, h.half, h.hidden = false, false, nil
	h.deliverLate()
	h.Unlock()
	mustRefresh(t, stores...)
	taken := 0
	var landed []string
	for _, body := range bodies(t, stores[0], verdicts) {
		var n int
		if _, err := fmt.Sscanf(body, "taken back %d", &n); err == nil {
			if taken++; n != taken {
				t.Errorf("%q after %d", body, taken-1)
			}
		} else if landed = append(landed, body); body != fmt.Sprintf("landed by %d", taken) {
			t.Errorf("%q after it was taken back %d times", body, taken)
		}
	}
	if got := bodies(t, stores[0], landings); !slices.Equal(got, landed) {
		t.Errorf("landed are %q, and let through %q", got, landed)
	}
	if taken < clones*each/12 || len(landed) < clones*each/6 {
		t.Errorf("only %d and %d were made", taken, len(landed))
	}
	for _, s := range stores {
		checkWhole(t, s)
	}
}

// checkWhole holds all chains of a clone against the format.
func checkWhole(t *testing.T, s *Store) {
	t.Helper()
	for _, prefix := range []string{"refs/swarm/", TrackingPrefix} {
		refs, err := s.Refs(bg, prefix)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range refs {
			shape, known := shapeOf(r.Name)
			if !known {
				t.Errorf("what is %s?", r.Name)
			}
			faults, _, err := s.Check(bg, r.Name, shape, nil)
			if err != nil || len(faults) > 0 {
				t.Errorf("%s: %v %v", r.Name, faults, err)
			}
		}
	}
}
