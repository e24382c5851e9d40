package lock

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/hub"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// hubSwarms are two clones of a hub, with session A in the first and B in the second.
type hubSwarms struct {
	hub  *refstoretest.Repo
	a, b *swarm
}

func newHubSwarms(t *testing.T) *hubSwarms {
	t.Helper()
	w := &hubSwarms{hub: refstoretest.NewRepo(t, "--bare")}
	for id, s := range map[string]**swarm{"A": &w.a, "B": &w.b} {
		clone := &swarm{Repo: refstoretest.NewRepo(t), clock: refstoretest.NewClock()}
		clone.Git("config", "user.name", "clone of "+id)
		clone.Git("remote", "add", "origin", w.hub.Dir)
		clone.bus = clone.openHub("clone-"+map[string]string{"A": "a", "B": "b"}[id], 0)
		clone.Claims = NewClaims(clone.bus, staleAfter, false)
		if _, err := clone.bus.Connect(bg); err != nil {
			t.Fatal(err)
		}
		if _, err := clone.bus.Register(bg, []bus.Registration{{ID: id, Workstream: "w" + id}}); err != nil {
			t.Fatal(err)
		}
		*s = clone
	}
	w.meet()
	return w
}

// openHub is a process of the clone, which is so patient with the hub.
func (s *swarm) openHub(clone string, patience time.Duration) *bus.Bus {
	s.Helper()
	b := s.open(refstore.Options{})
	remote := &hub.Remote{Repo: b.Store().Repo(), Name: "origin", Prefix: "refs/swarm/", Timeout: 30 * time.Second}
	return s.open(refstore.Options{Now: s.clock.Now, Hub: remote, Clone: clone, HubInterval: time.Nanosecond, HubPatience: patience})
}

// meet has both clones deliver and fetch all there is.
func (w *hubSwarms) meet() {
	w.a.Helper()
	for range 2 {
		for _, s := range []*swarm{w.a, w.b} {
			s.Must(errors.Join(s.bus.Refresh(bg, time.Hour, true), Deliver(bg, s.bus, nothingElse)))
		}
	}
}

// nothingElse joins a delivery.
func nothingElse(*refstore.Tx, []string) error { return nil }

// away takes the hub away until the function returned is called.
func (w *hubSwarms) away() (back func()) {
	w.a.Helper()
	w.a.Must(os.Rename(w.hub.Dir, w.hub.Dir+".away"))
	return func() { w.a.Must(os.Rename(w.hub.Dir+".away", w.hub.Dir)) }
}

func (w *hubSwarms) want(want ...string) {
	w.a.Helper()
	w.meet()
	w.a.want(want...)
	w.b.want(want...)
	w.a.healthy()
	w.b.healthy()
}

// TestQueuedRelease: what is released while the hub is away is held here no more, and by
// nobody once it is reached; also the process that said so need not be there.
func TestQueuedRelease(t *testing.T) {
	t.Parallel()
	w := newHubSwarms(t)
	w.a.grant("A", "src/one", "src/two", "three")
	back := w.away()
	queued, err := w.a.Claims.Release(bg, "A", []string{"src/one"})
	if err != nil || !queued {
		t.Fatal(queued, err)
	}
	w.a.want("src/two A#1", "three A#1")
	held, err := w.a.Held(bg, "A", Held{})
	if err != nil || !slices.Equal(held.Paths, []string{"src/two", "three"}) {
		t.Errorf("A holds %q, %v", held.Paths, err)
	}
	if known, err := w.a.Held(bg, "A", Held{held.Tip, []string{"src/one", "src/two", "three"}}); err != nil || !slices.Equal(known.Paths, held.Paths) {
		t.Errorf("A, as known before, holds %q, %v", known.Paths, err)
	}
	if holders, err := w.a.Holders(bg, []string{"src/one", "three"}); err != nil || len(holders) != 1 {
		t.Errorf("held are %v, %v", holders, err)
	}
	if paths, err := w.a.Paths(bg); err != nil || slices.Contains(paths, "src/one") {
		t.Errorf("claimed are %q, %v", paths, err)
	}
	var gone *NotHolderError
	if _, err := w.a.Claims.Release(bg, "A", []string{"src/one"}); !errors.As(err, &gone) || gone.Holder != "" {
		t.Errorf("released again: %v", err)
	}
	all, queued, err := w.a.Claims.ReleaseAll(bg, "A")
	if err != nil || !queued || !slices.Equal(all, []string{"src/two", "three"}) {
		t.Fatal(all, queued, err)
	}
	w.a.healthy()
	back()
	w.want()
	if log := w.b.Git("log", "-1", "--format=%an", ClaimsRef); log != "A" {
		t.Errorf("the release is %s's", log)
	}
	if released, done, err := Queued(bg, w.a.bus); err != nil || released+done > 0 {
		t.Errorf("queued are %d and %d, %v", released, done, err)
	}
}

// TestQueuedBusy: what is given back while the hub is another's for too long is queued as
// with one that is away.
func TestQueuedBusy(t *testing.T) {
	t.Parallel()
	w := newHubSwarms(t)
	w.a.grant("A", "one", "two")
	hurried := w.a.openHub("clone-a", 50*time.Millisecond)
	unlock, err := file.TryLockPath(filepath.Join(hurried.Store().Repo().CommonDir, "swarm", "hub"))
	if err != nil {
		t.Fatal(err)
	}
	done := bus.Done
	if err := hurried.SetStatus(bg, "A", "A", bus.Change{Status: &done}, nil); !errors.Is(err, refstore.ErrBusy) || !Away(hurried, err) {
		t.Errorf("a session is done with %v, as if the hub were there", err)
	}
	if queued, err := NewClaims(hurried, staleAfter, false).Release(bg, "A", []string{"one"}); err != nil || !queued {
		t.Errorf("a release is queued: %v, %v", queued, err)
	}
	w.a.want("two A#1")
	unlock()
	w.want("two A#1")
}

// TestQueuedReleaseFence: a release that was queued frees no claim that was granted
// since, neither another session's nor the same one's.
func TestQueuedReleaseFence(t *testing.T) {
	t.Parallel()
	w := newHubSwarms(t)
	w.a.grant("A", "taken", "again", "moved")
	w.meet()
	back := w.away()
	if _, err := w.a.Claims.Release(bg, "A", []string{"taken", "again", "moved"}); err != nil {
		t.Fatal(err)
	}
	back()
	// From another clone A is silent for twice the time after which it is stale.
	w.b.clock.Advance(3 * staleAfter)
	if _, err := w.b.Grant(bg, "B", Request{Paths: []string{"taken"}, Takeover: true}); err != nil {
		t.Fatal(err)
	}
	w.a.grant("A", "again")
	w.want("again A#3", "taken B#2")
}

// TestHubLocked: where git was killed on the hub, and its lock file keeps a ref from being
// moved, it is that which is told, not that other clones were first.
func TestHubLocked(t *testing.T) {
	t.Parallel()
	w := newHubSwarms(t)
	w.a.grant("A", "one")
	w.meet()
	left := filepath.Join(w.hub.Dir, "refs", "swarm", "claims.lock")
	w.a.Must(os.WriteFile(left, nil, 0o666))
	hurried := NewClaims(w.a.openHub("clone-a", 2*time.Second), staleAfter, false)
	_, err := hurried.Grant(bg, "A", Request{Paths: []string{"two"}})
	var locked *refstore.HubLockedError
	if !errors.As(err, &locked) || !strings.Contains(locked.Why, "refs/swarm/claims.lock': File exists") || locked.Tries < 1 || !errors.Is(err, refstore.ErrBusy) {
		t.Errorf("%T %v", err, err)
	}
	if queued, err := hurried.Release(bg, "A", []string{"one"}); err != nil || !queued {
		t.Errorf("a release is queued: %v, %v", queued, err)
	}
	w.a.Must(os.Remove(left))
	w.want()
}

// TestQueuedDone: a session that is done while the hub is away is done once that is
// reached, unless something else is said of it by then.
func TestQueuedDone(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bus.Status{"delivered": bus.Done, "overtaken": bus.Blocked} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newHubSwarms(t)
			w.a.grant("A", "x")
			w.meet()
			back := w.away()
			none := func(*refstore.Tx) error { return nil }
			if released, err := QueueDone(bg, w.a.bus, "A", "A", "all of it", none); err != nil || !slices.Equal(released, []string{"x"}) {
				t.Fatal(released, err)
			}
			if released, done, err := Queued(bg, w.a.bus); err != nil || released != 1 || done != 1 {
				t.Errorf("%d are released and %d done, %v", released, done, err)
			}
			back()
			if want != bus.Done {
				w.b.Must(w.b.bus.SetStatus(bg, "B", "A", bus.Change{Status: &want}, nil))
			}
			w.want()
			for _, s := range []*swarm{w.a, w.b} {
				if a, err := s.bus.Session(bg, "A"); err != nil || a.Status != want || (a.Note == "all of it") != (want == bus.Done) {
					t.Errorf("A is %q (%q), %v", a.Status, a.Note, err)
				}
			}
		})
	}
}

// TestQueuedLock: a lock that is given up while the hub is away is free once that is
// reached, unless another has it by then.
func TestQueuedLock(t *testing.T) {
	t.Parallel()
	for _, taken := range []bool{false, true} {
		w := newHubSwarms(t)
		lock := PushLockOf(w.a.bus)
		lease, _, err := lock.Acquire(bg, "A", Wait{})
		if err != nil {
			t.Fatal(err)
		}
		w.meet()
		back := w.away()
		w.a.Must(lease.Release(bg))
		back()
		if taken {
			other := PushLockOf(w.b.bus)
			w.b.Must(w.b.bus.Update(bg, "B", func(tx *refstore.Tx, by string) error {
				return other.put(tx, "push lock: held by B, taken over from A", pushState{State: stateHeld, Session: by, Since: tx.At(), Epoch: 2})
			}))
		}
		w.want()
		holder, err := lock.Holder(bg)
		if err != nil || taken && (holder == nil || holder.Session != "B") || !taken && holder != nil {
			t.Errorf("taken %v: %+v holds it, %v", taken, holder, err)
		}
	}
}

// TestBringFence: once a session was moved to another clone, nothing more is granted to
// it in the one that it has left, whatever that has fetched; and what it gave back there
// before, with the hub away, frees nothing of what it holds since.
func TestBringFence(t *testing.T) {
	t.Parallel()
	w := newHubSwarms(t)
	w.a.grant("A", "one", "two")
	lease, _, err := PushLockOf(w.a.bus).Acquire(bg, "A", Wait{})
	if err != nil {
		t.Fatal(err)
	}
	lease.End()
	w.meet()
	back := w.away()
	if _, err := w.a.Claims.Release(bg, "A", []string{"one"}); err != nil {
		t.Fatal(err)
	}
	back()
	if from, err := w.b.bus.Bring(bg, "B", "A", Fence); err != nil || from != "clone-a" {
		t.Fatal(from, err)
	}
	w.b.grant("A", "one", "three") // it has the first already
	var elsewhere *bus.ElsewhereError
	for what, try := range map[string]func() error{
		"claim":   func() error { _, err := w.a.Grant(bg, "A", Request{Paths: []string{"late"}}); return err },
		"release": func() error { _, err := w.a.Claims.Release(bg, "A", []string{"two"}); return err },
		"renew":   func() error { return lease.Renew(bg) },
	} {
		if err := try(); !errors.As(err, &elsewhere) || elsewhere.Clone != "clone-b" {
			t.Errorf("%s in the clone that it has left gives %v", what, err)
		}
	}
	w.want("one A#2", "three A#3", "two A#2")
	if holder, err := PushLockOf(w.b.bus).Holder(bg); err != nil || holder != nil {
		t.Errorf("%+v holds the lock, %v", holder, err)
	}
}

// TestBringFenceFirst: it holds also where nothing was claimed and nobody has landed yet.
func TestBringFenceFirst(t *testing.T) {
	t.Parallel()
	for what, try := range map[string]func(*swarm) error{
		"claim": func(s *swarm) error { _, err := s.Grant(bg, "A", Request{Paths: []string{"late"}}); return err },
		"land": func(s *swarm) error {
			candidate := PushLockOf(s.bus).Candidate("A")
			defer candidate.Close()
			return s.bus.Update(bg, "A", candidate.PassIn)
		},
	} {
		w := newHubSwarms(t)
		if _, err := w.b.bus.Bring(bg, "B", "A", Fence); err != nil {
			t.Fatal(err)
		}
		var elsewhere *bus.ElsewhereError
		if err := try(w.a); !errors.As(err, &elsewhere) || elsewhere.Clone != "clone-b" {
			t.Errorf("%s in the clone that it has left gives %v", what, err)
		}
		lease, _, err := PushLockOf(w.b.bus).Acquire(bg, "A", Wait{})
		if err != nil {
			t.Fatal(err)
		}
		w.b.Must(lease.Release(bg))
		if faults, _, err := Fsck(bg, w.b.bus); err != nil || len(faults) > 0 {
			t.Errorf("fsck: %v, %v", faults, err)
		}
	}
}

// TestQueuedReleaseMoved: a session that was moved to another clone is told, once, what
// it has given back in the one that it has left, and holds, or is, still.
func TestQueuedReleaseMoved(t *testing.T) {
	t.Parallel()
	w := newHubSwarms(t)
	w.a.grant("A", "one", "two", "kept")
	w.meet()
	back := w.away()
	if _, err := w.a.Claims.Release(bg, "A", []string{"one", "two"}); err != nil {
		t.Fatal(err)
	}
	if _, err := QueueDone(bg, w.a.bus, "A", "A", "", func(*refstore.Tx) error { return nil }); err != nil {
		t.Fatal(err)
	}
	back()
	if _, err := w.b.bus.Bring(bg, "B", "A", Fence); err != nil {
		t.Fatal(err)
	}
	w.meet()
	w.want("kept A#2", "one A#2", "two A#2")
	const meanwhile = " in the clone 'clone-a' while its hub was out of reach; you have moved to another since, and "
	want := []string{"you gave back kept, one, two" + meanwhile + "you hold it still", "you were said to be done" + meanwhile + "you are not"}
	for _, s := range []*swarm{w.a, w.b} {
		box, err := s.bus.Inbox(bg, "A", true)
		var got []string
		for _, m := range box {
			got = append(got, m.Body)
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("A is told %q, want %q; %v", got, want, err)
		}
	}
}

// TestDeliverDone: who delivers hears of the sessions that are done by it, and of no
// other.
func TestDeliverDone(t *testing.T) {
	t.Parallel()
	w := newHubSwarms(t)
	back := w.away()
	for _, note := range []string{"first", "again"} {
		if _, err := QueueDone(bg, w.a.bus, "A", "A", note, func(*refstore.Tx) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	back()
	var done []string
	hear := func(_ *refstore.Tx, ids []string) error { done = ids; return nil }
	w.a.Must(Deliver(bg, w.a.bus, hear))
	if !slices.Equal(done, []string{"A"}) {
		t.Errorf("done by the delivery are %q", done)
	}
	back = w.away()
	if _, err := QueueDone(bg, w.a.bus, "A", "A", "another note", func(*refstore.Tx) error { return nil }); err != nil {
		t.Fatal(err)
	}
	back()
	w.a.Must(Deliver(bg, w.a.bus, hear))
	if len(done) > 0 {
		t.Errorf("done by the second delivery are %q", done)
	}
}

// TestDamagedReleases: all go on without a release that is damaged, and say so: the others
// are delivered, and claims are granted and released. Its claim stays held until it is
// released anew, and it stays until a repair.
func TestDamagedReleases(t *testing.T) {
	t.Parallel()
	const sound = "version = 1\nsession = 'A'\nepoch = 1\nwas = ''\nnote = ''\n"
	for name, c := range map[string]struct{ dir, path, content, says string }{
		"no TOML":             {"claims", "lost", "hello", "TOML"},
		"no epoch":            {"claims", "lost", strings.Replace(sound, "epoch = 1", "epoch = 0", 1), "epoch 0"},
		"no session":          {"claims", "lost", strings.Replace(sound, "'A'", "''", 1), "bad session id"},
		"a session's":         {"claims", "lost", strings.Replace(sound, "note = ''", "note = 'x'", 1), "a session's fields"},
		"an unknown lock":     {"locks", "pull", sound, "unknown release"},
		"an unknown kind":     {"tasks", "1", sound, "unknown release"},
		"a session that was":  {"sessions", "A", strings.Replace(sound, "epoch = 1", "epoch = 0", 1), "no object id"},
		"a session, an epoch": {"sessions", "A", strings.Replace(sound, "was = ''", "was = '"+strings.Repeat("a", 40)+"'", 1), "epoch 1 of a session"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newHubSwarms(t)
			w.a.grant("A", "gone", "lost")
			back := w.away()
			if _, err := w.a.Claims.Release(bg, "A", []string{"gone"}); err != nil {
				t.Fatal(err)
			}
			back()
			blob := w.a.Feed(c.content, "hash-object", "-w", "--stdin")
			entries := map[string]string{"claims": w.a.Git("ls-tree", ReleasesRef+":claims") + "\n"}
			entries[c.dir] += "100644 blob " + blob + "\t" + c.path + "\n"
			tree := ""
			for dir, lines := range entries {
				tree += "040000 tree " + w.a.Feed(lines, "mktree") + "\t" + dir + "\n"
			}
			w.a.commit(ReleasesRef, w.a.Feed(tree, "mktree"), "x\n\nNumber: 2\nFormat: 1\n", ReleasesRef)

			w.a.want("lost A#1")
			if released, done, err := Queued(bg, w.a.bus); released != 1 || done != 0 || err != nil {
				t.Errorf("queued are %d, %d, %v", released, done, err)
			}
			left := w.a.bus.Store().SetAside()
			if len(left) != 1 || !strings.Contains(left[0].Error(), c.says) {
				t.Errorf("left out is %v", left)
			}
			row := c.dir + "/" + c.path
			damaged := func() {
				t.Helper()
				faults, _, err := Fsck(bg, w.a.bus)
				if err != nil || len(faults) != 1 || !strings.Contains(faults[0].Error(), c.says) {
					t.Errorf("fsck finds %v, %v", faults, err)
				}
				if rows := w.a.Git("ls-tree", "-r", "--name-only", ReleasesRef); !strings.Contains(rows, row) {
					t.Errorf("of the releases are left %q", rows)
				}
			}
			damaged()
			w.a.Must(Deliver(bg, w.a.bus, nothingElse))
			damaged()
			if rows := w.a.Git("ls-tree", "-r", "--name-only", ReleasesRef); rows != row {
				t.Errorf("after the delivery there are %q", rows)
			}
			w.a.grant("A", "new")
			back = w.away()
			if _, err := w.a.Claims.Release(bg, "A", []string{"new"}); err != nil {
				t.Fatal(err)
			}
			back()
			w.a.Must(Deliver(bg, w.a.bus, nothingElse))
			damaged()
			w.a.want("lost A#1")
			if _, err := Repair(bg, w.a.bus, "A", true); err != nil {
				t.Fatal(err)
			}
			w.want("lost A#1")
			if _, err := w.a.Claims.Release(bg, "A", []string{"lost"}); err != nil {
				t.Error(err)
			}
			w.want()
		})
	}
}
