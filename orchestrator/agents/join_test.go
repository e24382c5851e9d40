package agents

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// world is a repository with one commit on main, in a folder whose name a shell
// would take for a pattern.
type world struct {
	*refstoretest.Repo
	repo *repo.Repo
	bus  *bus.Bus
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Repo: refstoretest.Init(t, filepath.Join(t.TempDir(), "a[p"), "-b", "main")}
	w.Git("config", "user.name", "T")
	w.Git("config", "user.email", "t@example.com")
	w.Git("commit", "-q", "--allow-empty", "-m", "start")
	w.repo = w.discover(w.Dir)
	w.bus = bus.New(refstore.Open(w.repo, refstore.Options{}))
	t.Cleanup(func() { _ = w.bus.Store().Close() })
	return w
}

func (w *world) discover(dir string) *repo.Repo {
	w.Helper()
	r, err := repo.Discover(os.Environ(), dir)
	w.Must(err)
	return r
}

// agent is one with that id that may join.
func (w *world) agent(id string) *Agent {
	return &Agent{
		Kind: "claude", ID: id, Repo: w.repo, Bus: w.bus, StaleAfter: func() time.Duration { return time.Hour }, Now: time.Now,
		MayJoin: func(*repo.Repo) (bool, error) { return true, nil },
	}
}

func (w *world) sessions() []bus.Session {
	w.Helper()
	all, err := w.bus.Sessions(w.Context())
	w.Must(err)
	return all
}

// TestJoinOnce: hooks of one agent that run at once join as one session.
func TestJoinOnce(t *testing.T) {
	w := newWorld(t)
	var hooks sync.WaitGroup
	for range 8 {
		hooks.Go(func() {
			if id, err := w.agent("one").Identify(t.Context()); err != nil || id != "main" {
				t.Errorf("%q, %v", id, err)
			}
		})
	}
	hooks.Wait()
	if all := w.sessions(); len(all) != 1 {
		t.Errorf("there are %+v", all)
	}
	if id := In(w.repo).Session("one"); id != "main" {
		t.Errorf("the record says %q", id)
	}
}

// TestJoinRefused: where nobody may join nothing is written, and a worktree whose
// session was deleted gets no other one.
func TestJoinRefused(t *testing.T) {
	w := newWorld(t)
	before := w.Snapshot()
	a := w.agent("one")
	a.MayJoin = func(*repo.Repo) (bool, error) { return false, nil }
	if _, err := a.Identify(t.Context()); !errors.Is(err, ErrNoInit) {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(filepath.Join(w.repo.CommonDir, "swarm")); !os.IsNotExist(err) || w.Snapshot() != before {
		t.Errorf("something was written (%v): %s", err, w.Snapshot())
	}
	if _, err := w.agent("").Identify(t.Context()); !errors.Is(err, errNoID) {
		t.Errorf("without any id: %v", err)
	}
	w.Must(os.WriteFile(w.repo.SessionFile(), []byte("gone\n"), 0o666))
	if _, err := w.agent("one").Identify(t.Context()); !errors.Is(err, ErrDeleted) {
		t.Errorf("%v", err)
	}
	if all := w.sessions(); len(all) > 0 {
		t.Errorf("there are %+v", all)
	}
}

// TestBecome: what an agent was told as one session does not count as another.
func TestBecome(t *testing.T) {
	w := newWorld(t)
	_, err := w.bus.Register(t.Context(), []bus.Registration{{ID: "A", Workstream: "a"}, {ID: "B", Workstream: "b"}})
	w.Must(err)
	a := w.agent("one")
	a.Named = "A"
	if _, err := a.Identify(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.Must(a.Update(t.Context(), func(r *Record) { r.Named, r.Reviews = []string{"x"}, []int{1} }))
	a.Named = "a"
	if id, err := a.Identify(t.Context()); err != nil || id != "A" || len(a.Record.Reviews) != 1 {
		t.Errorf("the same again: %s, %+v, %v", id, a.Record, err)
	}
	a.Named = "B"
	if id, err := a.Identify(t.Context()); err != nil || id != "B" || len(a.Record.Named)+len(a.Record.Reviews) > 0 {
		t.Errorf("%s, %+v, %v", id, a.Record, err)
	}
}

// TestOldRecords: records that are of no more use are deleted, those of agents that
// are still there are not.
func TestOldRecords(t *testing.T) {
	all, now := Agents{t.TempDir()}, time.Now()
	here := Record{Session: "A", PID: os.Getpid(), Process: processMark(os.Getpid())}
	ended := here
	ended.Ended = true
	for id, r := range map[string]Record{"old": ended, "unknown": {Session: "A"}, "lives": here, "recent": ended} {
		if err := all.save(id, &r); err != nil {
			t.Fatal(err)
		}
		if id != "recent" {
			past := now.Add(-keepRecords - time.Hour)
			if err := os.Chtimes(all.path(id), past, past); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range 2 {
		if got := all.of("A", now); len(got) != 2 {
			t.Errorf("%d are known", len(got))
		}
	}
	for id, want := range map[string]bool{"old": false, "unknown": false, "lives": true, "recent": true} {
		if got := all.Load(id) != nil; got != want {
			t.Errorf("%s is there: %v", id, got)
		}
	}
}

// TestCheckouts: the linked worktrees with an identity, and the main checkout, with
// what they have checked out.
func TestCheckouts(t *testing.T) {
	w := newWorld(t)
	w.Git("worktree", "add", "-q", "-b", "feat/a", "../linked")
	w.Git("worktree", "add", "-q", "--detach", "../detached")
	w.Git("worktree", "add", "-q", "../nobody")
	linked := filepath.Join(filepath.Dir(w.Dir), "linked")
	for dir, id := range map[string]string{w.Dir: "M", linked: "A", filepath.Join(filepath.Dir(w.Dir), "detached"): "D"} {
		w.Must(os.WriteFile(w.discover(dir).SessionFile(), []byte(id+"\n"), 0o666))
	}
	heads := Heads(w.repo)
	if len(heads) != 3 || heads["M"] != "refs/heads/main" || heads["A"] != "refs/heads/feat/a" || heads["D"] != w.Git("rev-parse", "main") {
		t.Errorf("%q", heads)
	}
	if all := Checkouts(w.repo); len(all) != 3 || all[2].Session != "M" || all[2].DotGit() != "" {
		t.Errorf("%+v", all)
	}
	if path, err := FindWorktree(w.repo, "a"); err != nil || path != linked {
		t.Errorf("%q, %v", path, err)
	}
	w.Must(os.RemoveAll(linked))
	for _, id := range []string{"A", "M", "nobody"} {
		if path, err := FindWorktree(w.repo, id); !errors.Is(err, ErrNoWorktree) {
			t.Errorf("%s: %q, %v", id, path, err)
		}
	}
}
