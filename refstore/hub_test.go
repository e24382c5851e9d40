package refstore

import (
	"errors"
	"fmt"
	"os"
	"slices"
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
	for name, throughGit := range map[string]bool{"files": false, "git": true} {
		t.Run(name, func(t *testing.T) { testTwoClones(t, throughGit) })
	}
}

func testTwoClones(t *testing.T, throughGit bool) {
	h := newFakeHub(1)
	h.throughGit = throughGit
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

// Who may not push joins what is there, sees all of it, and asks again only once it has
// something to say: that is delivered when it may.
func TestHubReader(t *testing.T) {
	h := newFakeHub(10)
	_, desk := h.clone(t, "desk")
	if err := say(desk, "A", "there"); err != nil {
		t.Fatal(err)
	}
	h.readers = true
	r := newRepo(t, "--bare")
	r.Git("config", "user.name", "reader")
	r.Git("config", "user.email", "reader@example.com")
	var refused *RefusedError
	for range 2 { // the second changes nothing
		s := h.open(t, r, "reader", Options{})
		published, err := s.Connect(bg, "orchestrator", func(*Tx) error { return nil })
		if err != nil || published {
			t.Fatalf("published %v, %v", published, err)
		}
	}
	s := h.open(t, r, "reader", Options{HubInterval: time.Nanosecond})
	h.pushes, h.fetches = 0, 0
	if err := s.Refresh(bg, false); err != nil || h.pushes != 0 || h.fetches != 1 {
		t.Errorf("it looks by %d pushes and %d fetches: %v", h.pushes, h.fetches, err)
	}
	if got := bodies(t, s, "refs/swarm/context"); !slices.Equal(got, []string{"there"}) {
		t.Errorf("it sees %q", got)
	}
	if own := bodies(t, s, s.fromRef()); len(own) != 1 {
		t.Errorf("it has joined by %q", own)
	}
	if _, err := take(s, "R", "push", "x", ""); !errors.As(err, &refused) {
		t.Errorf("a change: %v", err)
	}
	if err := say(s, "R", "heard"); err != nil {
		t.Fatal(err)
	}
	if err := s.HubTrouble(); !errors.As(err, &refused) {
		t.Errorf("what it says: %v", err)
	}
	h.readers = false
	mustRefresh(t, s, desk)
	if got := bodies(t, desk, "refs/swarm/context"); !slices.Equal(got, []string{"there", "heard"}) {
		t.Errorf("the others see %q", got)
	}
	checkWhole(t, s)
	checkWhole(t, desk)
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

// A push that takes longer than a change waits for others is not cut short: whether it
// has arrived would not be known. It is no more than the last try.
func TestHubSlow(t *testing.T) {
	h := newFakeHub(9)
	r, _ := h.clone(t, "desk")
	_, sb := h.clone(t, "lap")
	const patience = 50 * time.Millisecond
	sa := h.open(t, r, "desk", Options{HubPatience: patience})
	h.slow = 2 * patience
	if _, err := take(sa, "A", "push", "x", ""); err != nil {
		t.Errorf("a slow push gives %v", err)
	}
	h.slow = 0
	if _, err := take(sb, "B", "other", "y", ""); err != nil {
		t.Fatal(err)
	}
	h.slow = 2 * patience
	h.pushes = 0
	if err := os.Remove(sa.hubFile("hub-past")); err != nil { // the last change was long ago
		t.Fatal(err)
	}
	_, err := take(sa, "A", "third", "z", "")
	var away *HubError
	if !errors.Is(err, ErrBusy) || errors.As(err, &away) || h.pushes != 1 {
		t.Errorf("a slow push that was beaten gives %v, after %d pushes", err, h.pushes)
	}
	h.slow, h.slower = 0, time.Minute // the next one fetches first
	if _, err = take(sa, "A", "third", "z", ""); !errors.Is(err, ErrBusy) || errors.As(err, &away) || sa.HubAway() {
		t.Errorf("a fetch that is cut short by patience gives %v", err)
	}
}

// Who loses races keeps nobody of the same clone from publishing meanwhile.
func TestHubLoserLetsPublish(t *testing.T) {
	h := newFakeHub(11)
	r, sa := h.clone(t, "desk")
	h.slow = 30 * time.Millisecond
	lost := make(chan bool)
	first, said := true, false
	h.beaten = func(updates []HubUpdate) bool {
		if updates[0].Ref == "from/desk" {
			said = true
			return false
		}
		if first {
			first = false
			close(lost)
		}
		return !said
	}
	done := make(chan error)
	go func() { _, err := take(sa, "A", "push", "x", ""); done <- err }()
	<-lost
	sb := h.open(t, r, "desk", Options{})
	if err := errors.Join(say(sb, "B", "meanwhile"), sb.HubTrouble()); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
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

// A clone whose commands make one shared change right after the other fetches before the second,
// as do those who lost to the first: they would never win otherwise.
func TestHubYields(t *testing.T) {
	h := newFakeHub(12)
	r, s := h.clone(t, "desk")
	h.slow = 200 * time.Millisecond
	for n, fetches := range []int{0, 0, 1} { // the last by another command
		if n == 2 {
			s = h.open(t, r, "desk", Options{})
		}
		h.fetches, h.pushes = 0, 0
		if _, err := take(s, "A", "push", fmt.Sprint(n), ""); err != nil {
			t.Fatal(err)
		}
		if h.fetches != fetches || h.pushes != 1 {
			t.Errorf("change %d: %d fetches, %d pushes", n, h.fetches, h.pushes)
		}
	}
}

// Clones whose sessions only look for news push no more often than their beats are due:
// 3 clones, with a beat in 5 minutes each, 36 times an hour, however many sessions look.
func TestHubIdle(t *testing.T) {
	h := newFakeHub(13)
	var stores []*Store
	for i := range 3 {
		_, s := h.clone(t, fmt.Sprintf("c%d", i))
		stores = append(stores, s)
	}
	mustRefresh(t, stores...)
	h.pushes, h.refused = 0, 0
	for range 60 { // minutes
		for _, s := range stores {
			for range 7 { // sessions
				if _, due := s.BeatDue(5 * time.Minute); !due {
					continue
				}
				s.Beaten()
				if err := s.Update(bg, "orchestrator", func(tx *Tx) error { return tx.Beat(map[string]time.Duration{"A": time.Second}) }); err != nil {
					t.Fatal(err)
				}
				mustRefresh(t, s)
			}
			path := s.hubFile("hub-beat")
			info, err := os.Stat(path)
			if err == nil {
				before := info.ModTime().Add(-time.Minute) // a minute passes
				err = os.Chtimes(path, before, before)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if h.pushes != 36 || h.refused != 0 {
		t.Errorf("%d pushes, %d refused", h.pushes, h.refused)
	}
}

// What was carried to the hub goes from there along with a later change: never by a push of
// its own, and not where the server refuses that, which is asked once a day.
func TestHubUncarry(t *testing.T) {
	for _, keeps := range []bool{false, true} {
		h := newFakeHub(31)
		h.keeps = keeps
		r, s := h.clone(t, "desk")
		_, other := h.clone(t, "lap")
		commit := object.Hash(r.Git("commit-tree", r.Feed("", "mktree"), "-m", "x"))
		change := func(also func(*Tx)) {
			t.Helper()
			if err := s.Update(bg, "A", func(tx *Tx) error {
				also(tx)
				_, err := tx.Record("refs/swarm/locks", Entry{Body: "x"})
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		const name, ref = "tips/A.offer", TrackingPrefix + "tips/A.offer"
		for n := range 2 {
			change(func(tx *Tx) { tx.Carry("A.offer", commit) })
			mustRefresh(t, other)
			if h.refs[name] != commit || r.tip(ref) != commit {
				t.Errorf("carried are %v", h.refs)
			}
			h.pushes, h.refused = 0, 0
			change(func(tx *Tx) { tx.Uncarry("A.offer") })
			if stays := h.refs[name] != ""; stays != keeps || stays != (r.tip(ref) != "") {
				t.Errorf("refuses %t: on the hub is %q, here %q", keeps, h.refs[name], r.tip(ref))
			}
			asked := 0
			if keeps && n == 0 {
				asked = 1
			}
			if h.pushes != 1+asked || h.refused != asked {
				t.Errorf("refuses %t, for the %d. time: %d pushes, %d refused", keeps, n+1, h.pushes, h.refused)
			}
		}
		if !keeps {
			mustRefresh(t, other)
			checkWhole(t, s)
			checkWhole(t, other)
		}
	}
}
