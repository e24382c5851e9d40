package refstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore/object"
)

// adoptTables is what the tests know of the refs: a session is called A-2 whose id the hub
// has, and its row goes there under that name.
func adoptTables(by string) Adopting {
	const sessions = "refs/swarm/sessions"
	return Adopting{
		By: by,
		Plan: func(a *Adoption) error {
			mine, err := a.Mine(sessions)
			if err != nil {
				return err
			}
			theirs, err := a.Theirs(sessions)
			if err != nil {
				return err
			}
			ids, err := mine.Names("")
			for _, id := range ids {
				if _, err := theirs.Get(id); err == nil {
					a.Renamed[id] = id + "-2"
				}
			}
			return err
		},
		Share: func(tx *Tx, a *Adoption) error {
			mine, err := a.Mine(sessions)
			if err != nil {
				return err
			}
			table, err := tx.Table(sessions)
			if err != nil {
				return err
			}
			ids, err := mine.Names("")
			if err != nil {
				return err
			}
			for _, id := range ids {
				if err := table.Put(a.Name(id), []byte("lap")); err != nil {
					return err
				}
				if a.Renamed[id] != "" {
					if _, err := tx.Append("refs/swarm/inbox/"+a.Name(id), Entry{Label: "message", Body: "you are " + a.Name(id)}); err != nil {
						return err
					}
				}
			}
			_, err = tx.Record(sessions, Entry{Body: "adopted"})
			return err
		},
		Keep: func(tx *Tx, a *Adoption, position Position) error {
			n, id := position("refs/swarm/inbox/A", 2)
			return tx.ReplaceAt("refs/swarm/seen/"+a.Name("A"), a.Name("A"), tx.At(), Entry{Body: "seen", Fields: []Field{{"Context", "none"}, {"Inbox", fmt.Sprintf("%d %s", n, id)}, {"Read", "none"}}})
		},
	}
}

// swarmOfItsOwn is a repository without a hub: A and B talk, A has read two messages.
func swarmOfItsOwn(t testing.TB) *gitRepo {
	r := newRepo(t, "--bare")
	r.Git("config", "user.name", "lap")
	r.Git("config", "user.email", "lap@example.com")
	s := r.open(Options{})
	mustPut(t, s, "refs/swarm/sessions", "A", "here")
	mustPut(t, s, "refs/swarm/sessions", "B", "here")
	for i, by := range []string{"B", "B", "A", "B"} {
		if err := say(s, by, fmt.Sprintf("own %d", i)); err != nil {
			t.Fatal(err)
		}
		err := s.Update(bg, by, func(tx *Tx) error {
			if by == "A" {
				_, err := tx.Append("refs/swarm/inbox/B", Entry{Label: "reply", Body: "yes", Fields: []Field{{"In-Reply-To", "2"}}})
				return err
			}
			_, err := tx.Append("refs/swarm/inbox/A", Entry{Label: "message", Body: fmt.Sprintf("ask %d", i)})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// A repository that joins a hub with a swarm of its own, and is killed at any point of
// that, has joined when the command is run again: all that was said on either side is in
// each clone, once and in its writer's order, and nothing of another session of that name
// is in an inbox.
func TestAdoptKilled(t *testing.T) {
	for _, point := range []string{"never", "planned", "staged", "push", "pushed", "logged", "written", "locked", "renamed", "kept", "swapped", "integrated"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			step := 4 // how much further than the last the next visit is
			if os.Getenv("SWARM_RACE") == "long" {
				step = 0
			}
			for skip := 0; testAdoptKilled(t, point, skip, false); skip += 1 + skip*step {
			}
		})
	}
}

// The same where git is asked for everything.
func TestAdoptThroughGit(t *testing.T) {
	t.Parallel()
	testAdoptKilled(t, "never", 0, true)
	testAdoptKilled(t, "swapped", 0, true)
}

func testAdoptKilled(t *testing.T, point string, skip int, throughGit bool) (died bool) {
	h := newFakeHub(3)
	h.throughGit = throughGit
	desk := otherSwarm(t, h)
	r := swarmOfItsOwn(t)
	left := skip
	func() {
		defer func() { died = recover() != nil }()
		s := h.open(t, r, "lap", Options{Failpoint: func(p string) {
			if p == point {
				if left--; left < 0 {
					panic("killed")
				}
			}
		}})
		if _, err := s.Adopt(bg, adoptTables("orchestrator")); err != nil {
			t.Error(err)
		}
	}()
	if died {
		if err := say(r.open(Options{}), "B", "too early"); !errors.Is(err, ErrAdopting) {
			t.Errorf("between the two: %v", err)
		}
		if err := say(desk, "A", "meanwhile"); err != nil {
			t.Fatal(err)
		}
	}
	lap := h.open(t, r, "lap", Options{})
	a, err := lap.Adopt(bg, adoptTables("orchestrator"))
	if err != nil {
		t.Fatalf("again: %v", err)
	}
	checkJoined(t, h, desk, r, lap, a)
	return died
}

// Where the answer to its push is lost, the hub is asked whether the repository has joined:
// that is unknown only where it cannot be asked, or has not, for the push may be on its way.
func TestAdoptCut(t *testing.T) {
	for name, fate := range map[string]int{"lost": isLost, "unanswered": isUnanswered, "away": isUnansweredThenAway, "late": isLate} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newFakeHub(6)
			desk := otherSwarm(t, h)
			r := swarmOfItsOwn(t)
			lap := h.open(t, r, "lap", Options{})
			h.fate, h.pushes, h.fetches = fate, 0, 0
			a, err := lap.Adopt(bg, adoptTables("orchestrator"))
			if h.pushes != 1 || h.fetches != 2 {
				t.Errorf("%d pushes and %d fetches", h.pushes, h.fetches)
			}
			if unknown := fate == isLost || fate == isUnansweredThenAway; unknown {
				var away *HubError
				if !errors.As(err, &away) || !away.InDoubt {
					t.Errorf("it ends with %v", err)
				}
				h.away = false
				a, err = lap.Adopt(bg, adoptTables("orchestrator"))
			}
			if err != nil {
				t.Fatal(err)
			}
			checkJoined(t, h, desk, r, lap, a)
		})
	}
}

// otherSwarm is a hub's only clone, whose session A has said something.
func otherSwarm(t *testing.T, h *fakeHub) (desk *Store) {
	t.Helper()
	_, desk = h.clone(t, "desk")
	mustPut(t, desk, "refs/swarm/sessions", "A", "desk")
	if err := say(desk, "A", "hub 0"); err != nil {
		t.Fatal(err)
	}
	if err := desk.Update(bg, "A", func(tx *Tx) error {
		_, err := tx.Append("refs/swarm/inbox/A", Entry{Label: "message", Body: "note to self"})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return desk
}

// checkJoined has swarmOfItsOwn go on as a clone of otherSwarm's hub, and sees that both
// have all that was said.
func checkJoined(t *testing.T, h *fakeHub, desk *Store, r *gitRepo, lap *Store, a *Adoption) {
	t.Helper()
	if a.Name("A") != "A-2" || a.Name("B") != "B" || len(a.Moved) > 0 {
		t.Errorf("it is %+v", a)
	}
	if err := lap.Adopted(); err != nil {
		t.Fatal(err)
	}
	if err := say(lap, "B", "joined"); err != nil {
		t.Fatal(err)
	}
	mustRefresh(t, desk, lap)
	mustRefresh(t, lap, desk)
	for ref, own := range map[string][]string{
		"refs/swarm/context":   {"own 0", "own 1", "own 2", "own 3", "joined"},
		"refs/swarm/inbox/A-2": {"ask 0", "ask 1", "ask 3", "you are A-2"},
		"refs/swarm/inbox/B":   {"yes"},
		"refs/swarm/inbox/A":   {"note to self"},
	} {
		mine, theirs := bodies(t, lap, ref), bodies(t, desk, ref)
		for _, all := range [][]string{mine, theirs} {
			if got := slices.DeleteFunc(slices.Clone(all), func(body string) bool { return !slices.Contains(own, body) }); !slices.Equal(got, own) {
				t.Errorf("%s has %q of %q", ref, got, own)
			}
		}
		if slices.Sort(mine); !slices.Equal(mine, slices.Sorted(slices.Values(theirs))) {
			t.Errorf("%s: %q here, %q there", ref, mine, theirs)
		}
	}
	if table, _ := lap.Table(bg, "refs/swarm/sessions"); table != nil {
		if names, err := table.Names(""); err != nil || strings.Join(names, " ") != "A A-2 B" {
			t.Errorf("sessions %q, %v", names, err)
		}
	}
	if r.tip("refs/swarm/sessions") != h.refs["sessions"] {
		t.Error("the sessions here are not the hub's")
	}
	checkAdopted(t, r, lap, a)
	checkWhole(t, lap)
	checkWhole(t, desk)
}

// Neither joining nor saying what it would do waits without end for another command of the
// clone that is at the hub.
func TestAdoptBusy(t *testing.T) {
	h := newFakeHub(4)
	h.clone(t, "desk")
	r := swarmOfItsOwn(t)
	turn, err := h.open(t, r, "lap", Options{}).hubTurn(bg)
	if err != nil {
		t.Fatal(err)
	}
	defer turn.end()
	s := h.open(t, r, "lap", Options{HubPatience: 50 * time.Millisecond})
	for what, adopt := range map[string]func(context.Context, Adopting) (*Adoption, error){"plan": s.PlanAdoption, "adopt": s.Adopt} {
		told := make(chan error, 1)
		go func() {
			_, err := adopt(bg, adoptTables("orchestrator"))
			told <- err
		}()
		select {
		case err := <-told:
			if !errors.Is(err, ErrBusy) {
				t.Errorf("%s: %v", what, err)
			}
		case <-time.After(20 * time.Second):
			t.Errorf("%s still waits", what)
		}
	}
}

// What an older version, which does not know that the clone has begun to join, writes in
// between is kept, and named.
func TestAdoptOlder(t *testing.T) {
	h := newFakeHub(5)
	_, desk := h.clone(t, "desk")
	mustPut(t, desk, "refs/swarm/sessions", "A", "desk")
	r := swarmOfItsOwn(t)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("it was not killed")
			}
		}()
		_, _ = h.open(t, r, "lap", Options{Failpoint: func(p string) {
			if p == "pushed" {
				panic("killed")
			}
		}}).Adopt(bg, adoptTables("orchestrator"))
	}()
	lap := h.open(t, r, "lap", Options{})
	older := r.open(Options{})
	if err := os.Rename(older.adoptingFile(), older.adoptingFile()+".unknown"); err != nil {
		t.Fatal(err)
	}
	if err := say(older, "B", "of an older version"); err != nil {
		t.Fatal(err)
	}
	moved := r.tip("refs/swarm/context")
	if err := os.Rename(older.adoptingFile()+".unknown", older.adoptingFile()); err != nil {
		t.Fatal(err)
	}
	a, err := lap.Adopt(bg, adoptTables("orchestrator"))
	if err != nil || !slices.Equal(a.Moved, []string{"refs/swarm/context"}) {
		t.Fatalf("%+v, %v", a, err)
	}
	if kept := r.tip(a.Kept() + "swarm/context"); kept != moved {
		t.Errorf("%s is kept, not %s", kept, moved)
	}
	mustRefresh(t, desk, lap)
	for _, s := range []*Store{lap, desk} {
		if all := bodies(t, s, "refs/swarm/context"); !slices.Contains(all, "own 3") || slices.Contains(all, "of an older version") {
			t.Errorf("%q", all)
		}
	}
	checkWhole(t, lap)
}

// checkAdopted looks at what is this clone's own.
func checkAdopted(t *testing.T, r *gitRepo, s *Store, a *Adoption) {
	t.Helper()
	e, err := s.Entry(bg, "refs/swarm/seen/A-2", r.tip("refs/swarm/seen/A-2"))
	if err != nil {
		t.Fatal(err)
	}
	number, id, _ := strings.Cut(e.Field("Inbox"), " ")
	at, err := s.Entry(bg, "refs/swarm/inbox/A-2", object.Hash(id))
	if err != nil || number != "2" || at.Body != "ask 1" || at.Author != "B" {
		t.Errorf("the cursor is at %s, %+v, %v", number, at, err)
	}
	last, err := s.Find(bg, "refs/swarm/inbox/B", 1)
	if err != nil || last.Author != "A-2" || !IsOrigin(last.Field("In-Reply-To")) {
		t.Errorf("the reply is %+v, %v", last, err)
	}
	kept, err := s.Refs(bg, a.Kept())
	if err != nil || len(kept) != 4 { // sessions, context, and two inboxes
		t.Errorf("kept: %v, %v", kept, err)
	}
	for _, name := range []string{"hub-adopting"} {
		if _, err := os.Lstat(s.hubFile(name)); err == nil {
			t.Errorf("%s is still there", name)
		}
	}
}
