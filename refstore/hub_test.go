package refstore

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore/object"
)

func mustRefresh(t testing.TB, stores ...*Store) {
	t.Helper()
	for _, s := range stores {
		if err := s.Refresh(bg, true); err != nil {
			t.Fatal(err)
		}
	}
}

// What one clone publishes is in every clone, once, under one name; what it shares
// is everywhere the same commit.
func TestHubTwoClones(t *testing.T) {
	h := newFakeHub(1)
	a, sa := h.clone(t, "desk")
	b, sb := h.clone(t, "lap")
	if err := say(sa, "A", "first"); err != nil {
		t.Fatal(err)
	}
	mustRefresh(t, sb)
	if err := say(sb, "B", "second"); err != nil {
		t.Fatal(err)
	}
	if before, err := take(sb, "B", "push", "x", "A"); err != nil || before != "" {
		t.Fatalf("%q, %v", before, err)
	}
	if before, err := take(sa, "A", "push", "y", ""); err != nil || before != "x" {
		t.Fatalf("a clone that has not fetched saw %q, %v", before, err)
	}
	mustRefresh(t, sa, sb)
	for _, s := range []*Store{sa, sb} {
		if got := bodies(t, s, "refs/swarm/context"); !slices.Equal(got, []string{"first", "second"}) {
			t.Errorf("%s: %q", s.Clone(), got)
		}
		if got := bodies(t, s, "refs/swarm/inbox/A"); !slices.Equal(got, []string{"x"}) {
			t.Errorf("%s: %q", s.Clone(), got)
		}
	}
	for _, ref := range []string{"refs/swarm/locks", "refs/swarm/meta"} {
		if a.tip(ref) == "" || a.tip(ref) != b.tip(ref) {
			t.Errorf("%s is %s and %s", ref, a.tip(ref), b.tip(ref))
		}
	}
	e, err := sa.Find(bg, "refs/swarm/context", 2)
	if err != nil || e.Origin != "lap.2" || e.Author != "B" {
		t.Errorf("%+v, %v", e, err)
	}
	a.Git("fsck", "--strict")
	b.Git("fsck", "--strict")
}

// Round trips: a published entry is one push, a shared change one, or three calls
// where another clone was first; what is fetched already costs nothing.
func TestHubRoundTrips(t *testing.T) {
	h := newFakeHub(2)
	a, sa := h.clone(t, "desk")
	_, sb := h.clone(t, "lap")
	count := func(what string, fetches, pushes int, do func() error) {
		t.Helper()
		h.fetches, h.pushes = 0, 0
		if err := do(); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if h.fetches != fetches || h.pushes != pushes {
			t.Errorf("%s: %d fetches and %d pushes, not %d and %d", what, h.fetches, h.pushes, fetches, pushes)
		}
	}
	one := func(s *Store) func() error {
		return func() error { _, err := take(s, "A", "push", "x", "B"); return err }
	}
	mustRefresh(t, sa)
	count("publish", 0, 1, func() error { return say(sa, "A", "x") })
	count("a shared change", 0, 1, one(sa))
	count("a lost race", 1, 2, one(sb))
	count("after a lost race the fetch comes first", 1, 1, one(sb))
	count("a change that is none", 1, 0, func() error {
		return sb.Update(bg, "A", func(tx *Tx) error { _, err := tx.Table("refs/swarm/locks"); return err })
	})
	var tips []object.Hash
	for n := range 3 {
		tips = append(tips, object.Hash(a.Git("commit-tree", a.Feed("", "mktree"), "-m", fmt.Sprint(n))))
	}
	land := func(s *Store, old, next object.Hash) func() error {
		return func() error {
			return s.Update(bg, "A", func(tx *Tx) error {
				if err := tx.Along("refs/heads/main", old, next); err != nil {
					return err
				}
				table, err := tx.Table("refs/swarm/locks")
				if err != nil {
					return err
				}
				if err := table.Put("push", []byte(next)); err != nil {
					return err
				}
				_, err = tx.Record("refs/swarm/locks", Entry{Body: "landed"})
				return err
			})
		}
	}
	mustRefresh(t, sa)
	count("a branch moves along", 0, 1, land(sa, "", tips[0]))
	count("another clone publishes and takes", 1, 3, func() error { return errors.Join(one(sb)(), say(sb, "B", "y")) })
	count("a branch moves along after a lost race", 1, 2, land(sa, tips[0], tips[1]))
	if h.refs["refs/heads/main"] != tips[1] {
		t.Error("main is not where it was moved")
	}
	before := h.refs["locks"]
	if err := land(sa, tips[0], tips[2])(); !errors.Is(err, ErrBranchMoved) {
		t.Errorf("a branch that has moved: %v", err)
	}
	if h.refs["locks"] != before || h.refs["refs/heads/main"] != tips[1] {
		t.Error("one moved without the other")
	}
	count("refresh within the interval", 0, 0, func() error { return sb.Refresh(bg, false) })
	count("refresh beyond it", 1, 0, func() error { return sa.Refresh(bg, true) })
}

// While the hub is away, what is published waits and is acknowledged; what is shared
// is refused.
func TestHubAway(t *testing.T) {
	h := newFakeHub(3)
	_, sa := h.clone(t, "desk")
	_, sb := h.clone(t, "lap")
	h.away = true
	for i := range 3 {
		if err := say(sa, "A", fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	if h.pushes > 3 { // two to connect
		t.Error("each entry has tried a hub that is known to be away")
	}
	var away *HubError
	if err := sa.HubTrouble(); !errors.As(err, &away) {
		t.Errorf("HubTrouble is %v", err)
	}
	if _, err := take(sa, "A", "push", "x", ""); !errors.As(err, &away) {
		t.Errorf("a shared change gives %v", err)
	}
	if waits, err := sa.waiting(bg); len(waits) != 3 || err != nil {
		t.Errorf("%d wait, %v", len(waits), err)
	}
	h.away = false
	mustRefresh(t, sa, sb)
	if got := bodies(t, sb, "refs/swarm/context"); !slices.Equal(got, []string{"0", "1", "2"}) {
		t.Errorf("lap has %q", got)
	}
}

// A swarm that is published takes along what was said before, with authors and times,
// and its own journals stay as they are.
func TestHubPublish(t *testing.T) {
	r := newRepo(t, "--bare")
	r.Git("config", "user.name", "desk")
	r.Git("config", "user.email", "desk@example.com")
	now := time.Unix(1_800_000_000, 0)
	alone := r.open(Options{Now: func() time.Time { now = now.Add(time.Second); return now }})
	for _, e := range []struct{ by, ref, label, body string }{
		{"A", "refs/swarm/context", "decision", "use UTC"},
		{"B", "refs/swarm/inbox/A", "message", "why?"},
		{"A", "refs/swarm/inbox/B", "reply", "because"},
		{"B", "refs/swarm/context", "warning", "slow"},
	} {
		if err := alone.Update(bg, e.by, func(tx *Tx) error {
			entry := Entry{Label: e.label, Body: e.body}
			if e.label == "reply" {
				entry.Fields = []Field{{fieldReply, "1"}}
			}
			_, err := tx.Append(e.ref, entry)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := put(alone, "refs/swarm/locks", "push", "free"); err != nil {
		t.Fatal(err)
	}
	before := r.tip("refs/swarm/context")
	h := newFakeHub(4)
	published, err := h.open(t, r, "desk", Options{}).Connect(bg, "orchestrator", func(*Tx) error { return nil })
	if err != nil || !published {
		t.Fatal(published, err)
	}
	if r.tip("refs/swarm/context") != before {
		t.Error("the context here was changed")
	}
	b, sb := h.clone(t, "lap")
	if got := bodies(t, sb, "refs/swarm/context"); !slices.Equal(got, []string{"use UTC", "slow"}) {
		t.Errorf("context: %q", got)
	}
	if b.tip("refs/swarm/locks") != r.tip("refs/swarm/locks") {
		t.Error("the locks were not published")
	}
	e, err := sb.Find(bg, "refs/swarm/inbox/B", 1)
	if err != nil || e.Author != "A" || e.Field(fieldReply) != "desk.3" || e.Origin != "desk.4" || e.At.Unix() != 1_800_000_003 {
		t.Errorf("%+v, %v", e, err)
	}
	_, err = h.open(t, newSwarm(t), "other", Options{}).Connect(bg, "orchestrator", func(*Tx) error { return nil })
	if !errors.Is(err, ErrOtherSwarm) {
		t.Errorf("a swarm of one's own joins: %v", err)
	}
	_, err = h.open(t, newRepo(t, "--bare"), "lap", Options{}).Connect(bg, "orchestrator", func(*Tx) error { return nil })
	if !errors.Is(err, ErrCloneTaken) {
		t.Errorf("a name that is taken: %v", err)
	}
}

// newSwarm is a repository with a swarm that was never published.
func newSwarm(t testing.TB) *gitRepo {
	r := newRepo(t, "--bare")
	r.Git("config", "user.name", "x")
	r.Git("config", "user.email", "x@example.com")
	if err := say(r.open(Options{}), "X", "mine"); err != nil {
		t.Fatal(err)
	}
	return r
}

// A clone whose directory was copied does not write under the same name; a hub that
// was moved back is noticed by what is shared, and gets back what is published.
func TestHubRewound(t *testing.T) {
	h := newFakeHub(5)
	a, sa := h.clone(t, "desk")
	b, sb := h.clone(t, "lap")
	if err := say(sa, "A", "one"); err != nil {
		t.Fatal(err)
	}
	if _, err := take(sa, "A", "push", "w", ""); err != nil {
		t.Fatal(err)
	}
	old := maps.Clone(h.refs)
	if _, err := take(sa, "A", "push", "x", ""); err != nil {
		t.Fatal(err)
	}
	if err := say(sa, "A", "two"); err != nil {
		t.Fatal(err)
	}
	mustRefresh(t, sb)
	h.refs = old
	var rewound *HubRewoundError
	for _, s := range []*Store{sa, sb, sa, sb} { // also once the clone has fetched what it was moved back to
		tip := a.tip("refs/swarm/locks")
		if _, err := take(s, "A", "push", "y", ""); !errors.As(err, &rewound) {
			t.Errorf("%s: a change upon a hub that was moved back: %v", s.Clone(), err)
		}
		if b.tip("refs/swarm/locks") != tip || h.refs["locks"] != old["locks"] {
			t.Error("something was moved")
		}
	}
	if err := say(sa, "A", "three"); err != nil {
		t.Fatal(err)
	}
	_ = sa.Refresh(bg, true)
	if h.refs["from/desk"] != a.tip("refs/swarm/from/desk") {
		t.Error("the hub did not get back what this clone has published")
	}
	delete(h.refs, "locks")
	for range 2 {
		if _, err := take(sa, "A", "push", "y", ""); !errors.As(err, &rewound) || h.refs["locks"] != "" {
			t.Errorf("a change upon a ref that was deleted on the hub: %v", err)
		}
	}
	h.refs["locks"] = a.tip("refs/swarm/locks") // somebody pushes it back
	if before, err := take(sa, "A", "push", "y", ""); err != nil || before != "w x" {
		t.Errorf("after that: %q, %v", before, err)
	}

	copied := newFakeHub(6)
	c, sc := copied.clone(t, "desk")
	d := &gitRepo{Repo: c.Repo}
	twin := *c.Repo
	twin.Dir = t.TempDir() + "/copy"
	d.Repo = &twin
	c.Git("clone", "-q", "--mirror", c.Dir, twin.Dir)
	d.Git("config", "user.name", "x")
	d.Git("config", "user.email", "x@example.com")
	sd := copied.open(t, d, "desk", Options{})
	if err := say(sc, "A", "mine"); err != nil {
		t.Fatal(err)
	}
	if err := say(sd, "A", "theirs"); err != nil {
		t.Fatal(err)
	}
	var is *CopiedError
	if err := sd.HubTrouble(); !errors.As(err, &is) {
		t.Errorf("the copy says %v", err)
	}
	_ = say(sd, "A", "once more")
	if _, err := take(sd, "A", "push", "x", ""); !errors.As(err, &is) {
		t.Errorf("a shared change of the copy: %v", err)
	}
	if copied.refs["from/desk"] != c.tip("refs/swarm/from/desk") {
		t.Error("the copy has written over the clone's entries")
	}
}

// What the hub has lost is put back where it has only lost it; where it has gone on
// without, the lost changes are named, and go when they are given up.
func TestHubRepair(t *testing.T) {
	h := newFakeHub(15)
	a, sa := h.clone(t, "desk")
	_, sb := h.clone(t, "lap")
	if _, err := take(sa, "A", "push", "w", "B"); err != nil {
		t.Fatal(err)
	}
	mustRefresh(t, sb)
	old := maps.Clone(h.refs)
	if _, err := take(sa, "A", "push", "x", "B"); err != nil {
		t.Fatal(err)
	}
	whole := maps.Clone(h.refs)
	h.refs = maps.Clone(old)
	done, err := sa.RepairHub(bg, false)
	if err != nil || len(done) != 2 || done[0].Back != 1 || done[1].Back != 1 {
		t.Errorf("%+v, %v", done, err)
	}
	if h.refs["locks"] != whole["locks"] || h.refs["told/desk"] != whole["told/desk"] {
		t.Error("the hub did not get back what it had")
	}
	if done, err = sa.RepairHub(bg, false); err != nil || len(done) > 0 {
		t.Errorf("once more: %+v, %v", done, err)
	}
	mustRefresh(t, sb)
	delete(h.refs, "told/desk") // which lap cannot put back
	if done, err = sb.RepairHub(bg, false); err != nil || len(done) != 1 || done[0].Owner != "desk" {
		t.Errorf("of another clone: %+v, %v", done, err)
	}
	h.refs["told/desk"] = whole["told/desk"]

	h.refs["locks"] = old["locks"]
	_, sc := h.clone(t, "third") // it never had what was lost
	if _, err := take(sc, "C", "push", "y", ""); err != nil {
		t.Fatal(err)
	}
	gone := h.refs["locks"]
	done, err = sa.RepairHub(bg, false)
	if err != nil || len(done) != 1 || len(done[0].Lost) != 1 || done[0].Lost[0].Body != "x" || h.refs["locks"] != gone {
		t.Errorf("gone on: %+v, %v", done, err)
	}
	var rewound *HubRewoundError
	if _, err := take(sa, "A", "push", "z", ""); !errors.As(err, &rewound) {
		t.Errorf("before it is given up: %v", err)
	}
	if _, err := sa.RepairHub(bg, true); err != nil || a.tip("refs/swarm/locks") != gone {
		t.Errorf("given up: %v", err)
	}
	if before, err := take(sa, "A", "push", "z", ""); err != nil || before != "w y" {
		t.Errorf("after that: %q, %v", before, err)
	}
}

// What git swarm does not write is not taken from the hub, nothing is built upon it,
// and the error says that it is there.
func TestHubForged(t *testing.T) {
	h := newFakeHub(8)
	a, sa := h.clone(t, "desk")
	if _, err := take(sa, "A", "push", "x", ""); err != nil {
		t.Fatal(err)
	}
	mine := a.tip("refs/swarm/locks")
	data, _, err := sa.commit(bg, "refs/swarm/locks", mine)
	if err != nil {
		t.Fatal(err)
	}
	data.Parents, data.Message = []object.Hash{mine}, "mine now\n"
	forged := sa.repo.Algo.NewObject(object.Commit, data.Encode())
	h.objects[forged.ID] = forged
	h.refs["locks"] = forged.ID
	var damaged *HubDamagedError
	for range 2 {
		if _, err := take(sa, "A", "push", "y", ""); !errors.As(err, &damaged) || damaged.Ref != "locks" {
			t.Errorf("a change upon it: %v", err)
		}
	}
	if _, err := sa.HubStatus(bg); !errors.As(err, &damaged) {
		t.Errorf("HubStatus says %v", err)
	}
	if h.refs["locks"] != forged.ID || a.tip("refs/swarm/locks") != mine {
		t.Error("something was moved")
	}
	if done, err := sa.RepairHub(bg, false); err != nil || len(done) != 1 || done[0].Removed != 1 || h.refs["locks"] != mine {
		t.Errorf("RepairHub: %+v, %v", done, err)
	}
	if before, err := take(sa, "A", "push", "y", ""); err != nil || before != "x" {
		t.Errorf("after it was put back: %q, %v", before, err)
	}
}

// What was fetched by a process that was killed before it took that over is taken over
// before anything is pushed: no ref of the hub is moved back.
func TestHubFetchedOnly(t *testing.T) {
	h := newFakeHub(7)
	a, sa := h.clone(t, "desk")
	b, sb := h.clone(t, "lap")
	if _, err := take(sa, "A", "push", "x", ""); err != nil {
		t.Fatal(err)
	}
	mustRefresh(t, sa, sb)
	if _, err := take(sb, "B", "push", "y", ""); err != nil {
		t.Fatal(err)
	}
	if err := sa.opts.Hub.Fetch(bg, nil); err != nil { // git outlives the command
		t.Fatal(err)
	}
	if before, err := take(sa, "A", "push", "z", ""); err != nil || before != "x y" {
		t.Errorf("the change saw %q, %v", before, err)
	}
	mustRefresh(t, sa, sb)
	if a.tip("refs/swarm/locks") != b.tip("refs/swarm/locks") || a.tip("refs/swarm/locks") != h.refs["locks"] {
		t.Error("the clones and the hub differ")
	}
}

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
	const clones, each = 3, 14
	h := newFakeHub(seed)
	var stores []*Store
	for i := range clones {
		_, s := h.clone(t, fmt.Sprintf("c%d", i))
		stores = append(stores, s)
	}
	h.faults = true
	ops := make([][]hubOp, clones)
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
	}
	for range clones {
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

// A clone that is killed at any point of a change on the hub, or of a delivery, finds
// everything acknowledged, once, when it goes on.
func TestHubKilled(t *testing.T) {
	for _, point := range []string{"push", "pushed", "logged", "written", "renamed", "kept"} {
		for _, kind := range []string{"shared", "published"} {
			t.Run(point+"/"+kind, func(t *testing.T) {
				t.Parallel()
				h := newFakeHub(9)
				r, s := h.clone(t, "desk")
				_, other := h.clone(t, "lap")
				do := func(s *Store) error {
					if kind == "published" {
						return say(s, "A", "x")
					}
					_, err := take(s, "A", "push", "x", "B")
					return err
				}
				for skip := 0; ; skip++ {
					left, died := skip, false
					func() {
						defer func() { died = recover() != nil }()
						_ = do(h.open(t, r, "desk", Options{Failpoint: func(p string) {
							if p == point {
								if left--; left < 0 {
									panic("killed")
								}
							}
						}}))
					}()
					// The kernel gives up a killed process's locks; here the process lives on.
					_ = s.Close()
					s = h.open(t, r, "desk", Options{})
					if !died {
						break
					}
				}
				mustRefresh(t, s, other)
				mustRefresh(t, s, other)
				ref := "refs/swarm/context"
				if kind == "shared" {
					ref = "refs/swarm/inbox/B"
					if r.tip("refs/swarm/locks") != object.Hash(h.refs["locks"]) {
						t.Error("the locks here are not the hub's")
					}
				}
				mine, theirs := bodies(t, s, ref), bodies(t, other, ref)
				if len(mine) == 0 || !slices.Equal(mine, theirs) {
					t.Errorf("%q here, %q there", mine, theirs)
				}
				checkWhole(t, s)
				checkWhole(t, other)
			})
		}
	}
}
