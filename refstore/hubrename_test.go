package refstore

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// copyOf is another copy of the clone's repository.
func copyOf(t *testing.T, r *gitRepo) *gitRepo {
	t.Helper()
	twin := *r.Repo
	twin.Dir = filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(twin.Dir, os.DirFS(r.Dir)); err != nil {
		t.Fatal(err)
	}
	c := &gitRepo{Repo: &twin}
	c.Git("config", "user.name", "copy")
	return c
}

// A copied clone that finds what it did not write under its name takes another one, and
// what it had not delivered is in every clone, once, in its order; who replies to it
// names it as the others know it.
func TestHubCopied(t *testing.T) {
	h := newFakeHub(6)
	c, sc := h.clone(t, "desk")
	_, other := h.clone(t, "lap")
	if err := say(sc, "A", "before"); err != nil {
		t.Fatal(err)
	}
	d := copyOf(t, c)
	renamed := ""
	sd := h.open(t, d, "desk", Options{Renamed: func(clone string) { renamed = clone }})
	old := h.open(t, d, "desk", Options{}) // a process that goes on under the old name
	if err := say(sc, "A", "the first goes on"); err != nil {
		t.Fatal(err)
	}
	h.away = true
	for _, what := range []string{"message", "reply"} {
		err := sd.Update(bg, "B", func(tx *Tx) error {
			e := Entry{Label: what, Body: what}
			if what == "reply" {
				e.Fields = []Field{{fieldReply, "desk.3"}}
			}
			_, err := tx.Append("refs/swarm/inbox/C", e)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	h.away = false
	var away *HubError
	if err := sd.HubTrouble(); !errors.As(err, &away) {
		t.Errorf("away: %v", err)
	}
	mustRefresh(t, sd)
	var is *RenamedError
	if err := sd.HubTrouble(); !errors.As(err, &is) || *is != (RenamedError{"desk", "desk-2"}) || renamed != "desk-2" || sd.Clone() != "desk-2" {
		t.Errorf("the copy says %v, and is %s", err, sd.Clone())
	}
	if err := say(old, "B", "said by another process"); err != nil || old.Clone() != "desk-2" {
		t.Errorf("%v, as %s", err, old.Clone())
	}
	if before, err := take(sd, "B", "push", "x", "C"); err != nil || before != "" {
		t.Errorf("a shared change of the copy: %q, %v", before, err)
	}
	third := copyOf(t, c)
	st := h.open(t, third, "desk", Options{})
	if err := say(st, "D", "of a third"); err != nil || st.Clone() != "desk" {
		t.Error(err)
	}
	mustRefresh(t, sc, sd, st, other)
	mustRefresh(t, sc, sd, st, other)
	if st.Clone() == "desk" == (sc.Clone() == "desk") {
		t.Errorf("two are %s and %s", sc.Clone(), st.Clone())
	}
	want := []string{"before", "of a third", "said by another process", "the first goes on"}
	for _, s := range []*Store{sc, sd, st, other} {
		got := bodies(t, s, "refs/swarm/context")
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s has %q", s.Clone(), got)
		}
		if got := bodies(t, s, "refs/swarm/inbox/C"); !slices.Equal(got, []string{"message", "reply", "x"}) {
			t.Errorf("%s: C has %q", s.Clone(), got)
		}
		checkWhole(t, s)
	}
	if e, err := other.Find(bg, "refs/swarm/inbox/C", 2); err != nil || e.Origin != "desk-2.3" || e.Field(fieldReply) != "desk-2.2" {
		t.Errorf("%+v, %v", e, err)
	}
	if h.refs["from/desk"] == "" || h.refs["from/desk-2"] == "" || h.refs["from/desk-3"] == "" {
		t.Errorf("on the hub are %v", h.refs)
	}
}

// A copy that is killed at any point on the way to its new name has one in the end, and
// has said everything once.
func TestHubCopiedKilled(t *testing.T) {
	for _, point := range []string{"push", "pushed", "logged", "written", "renamed", "kept"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			h := newFakeHub(6)
			c, sc := h.clone(t, "desk")
			d := copyOf(t, c)
			if err := say(sc, "A", "first"); err != nil {
				t.Fatal(err)
			}
			h.away = true
			said := []string{"first"}
			for n := range 3 {
				said = append(said, fmt.Sprint(n))
				if err := say(h.open(t, d, "desk", Options{}), "B", said[n+1]); err != nil {
					t.Fatal(err)
				}
			}
			h.away = false
			for skip := 0; ; skip++ {
				left, died := skip, false
				s := h.open(t, d, "desk", Options{Failpoint: func(p string) {
					if p == point {
						if left--; left < 0 {
							panic("killed")
						}
					}
				}})
				func() {
					defer func() { died = recover() != nil }()
					_ = s.Refresh(bg, true)
				}()
				_ = s.Close() // the kernel gives up a killed process's locks
				if !died {
					break
				}
			}
			s := h.open(t, d, "desk", Options{})
			mustRefresh(t, s, sc)
			mustRefresh(t, s, sc)
			if _, there := h.refs["from/desk-3"]; there || s.Clone() != "desk-2" {
				t.Errorf("it is %s; on the hub are %v", s.Clone(), h.refs)
			}
			for _, s := range []*Store{s, sc} {
				got := bodies(t, s, "refs/swarm/context")
				slices.Sort(got)
				want := slices.Sorted(slices.Values(said))
				if !slices.Equal(got, want) {
					t.Errorf("%s has %q", s.Clone(), got)
				}
				checkWhole(t, s)
			}
		})
	}
}

// What a rename that was killed at its very end has left behind is no other copy's start:
// a copy of the renamed clone takes the next name.
func TestHubCopiedAgain(t *testing.T) {
	h := newFakeHub(6)
	c, sc := h.clone(t, "desk")
	d := copyOf(t, c)
	if err := say(sc, "A", "first"); err != nil {
		t.Fatal(err)
	}
	var left []byte
	sd := h.open(t, d, "desk", Options{})
	sd.opts.Failpoint = func(point string) {
		if content, err := os.ReadFile(sd.hubFile("hub-renaming")); point == "kept" && err == nil {
			left = content
		}
	}
	mustRefresh(t, sd)
	if len(left) == 0 || sd.Clone() != "desk-2" {
		t.Fatalf("%s has left %q", sd.Clone(), left)
	}
	if err := os.WriteFile(sd.hubFile("hub-renaming"), left, 0o666); err != nil {
		t.Fatal(err)
	}
	e := copyOf(t, d)
	if err := say(sd, "B", "the second goes on"); err != nil {
		t.Fatal(err)
	}
	se := h.open(t, e, "desk-2", Options{})
	mustRefresh(t, se, sc)
	if se.Clone() != "desk-3" {
		t.Errorf("the copy of the copy is %s", se.Clone())
	}
	for _, s := range []*Store{sc, sd, se} {
		mustRefresh(t, s)
		if got := bodies(t, s, "refs/swarm/context"); !slices.Equal(got, []string{"first", "the second goes on"}) {
			t.Errorf("%s has %q", s.Clone(), got)
		}
	}
}
