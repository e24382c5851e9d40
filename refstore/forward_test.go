package refstore

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/object"
)

// wantForward holds Forward against Walk, and returns the numbers that it visits.
func wantForward(t *testing.T, s *Store, tip object.Hash) (numbers []int) {
	t.Helper()
	var there, back []object.Hash
	_, err := s.Walk(bg, benchRef, tip, "", func(e *Entry) bool { back = append(back, e.ID); return true })
	if err != nil {
		t.Fatal(err)
	}
	walked := s.SetAside()
	err = s.Forward(bg, benchRef, tip, func(e *Entry) bool {
		there, numbers = append(there, e.ID), append(numbers, e.Number)
		return true
	})
	if slices.Reverse(back); err != nil || !slices.Equal(there, back) {
		t.Fatalf("%d entries, and %d backwards: %v", len(there), len(back), err)
	}
	if left := s.SetAside(); len(left) != len(walked) {
		t.Errorf("set aside: %v, and backwards %v", left, walked)
	}
	return numbers
}

// Forward is Walk the other way round: without a list, where it makes one, with it, and
// with one that does not fit.
func TestForward(t *testing.T) {
	for _, n := range []int{1, 7, listEvery - 1, listEvery, 2*listBlock + 1} {
		r, s := longChain(t, n)
		for range 2 {
			if got := wantForward(t, s, r.tip(benchRef)); len(got) != n || got[0] != 1 || got[n-1] != n {
				t.Errorf("of %d: %v", n, got)
			}
			if _, err := os.Stat(r.path(numbersFile)); (err == nil) != (n >= listEvery) {
				t.Errorf("of %d, the list: %v", n, err)
			}
		}
		r.fastImport("a story", n+1, n+3, 0)
		wantForward(t, s, r.tip(benchRef))
		wantForward(t, s, r.tip(benchRef+"~3")) // what is beyond is not visited, listed or not
	}
	for name, spoil := range spoiled {
		t.Run(name, func(t *testing.T) {
			r, s := longChain(t, 2*listEvery)
			wantForward(t, s, r.tip(benchRef))
			spoil(r)
			for range 2 {
				wantForward(t, s, r.tip(benchRef))
			}
		})
	}
}

// The loop may end early, and so may the caller.
func TestForwardStops(t *testing.T) {
	r, s := longChain(t, 4*listBlock)
	ctx, cancel := context.WithCancel(bg)
	for _, last := range []int{1, listBlock, 4 * listBlock} {
		n := 0
		for range 2 { // without a list, and with it
			n = 0
			if err := s.Forward(bg, benchRef, r.tip(benchRef), func(*Entry) bool { n++; return n < last }); err != nil || n != last {
				t.Errorf("%d visited, want %d: %v", n, last, err)
			}
		}
	}
	if err := s.Forward(ctx, benchRef, r.tip(benchRef), func(*Entry) bool { cancel(); return true }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Damage is left out and told, whether it was there when the list was made or came
// later; below a commit that is gone only the list can go on.
func TestForwardDamage(t *testing.T) {
	r, s := longChain(t, listEvery+20)
	bad := r.Git("commit-tree", "-p", benchRef, "-m", "no entry", benchRef+"^{tree}")
	r.Git("update-ref", benchRef, bad)
	r.fastImport("a story", listEvery+22, 2*listEvery+50, 0)
	if got := wantForward(t, s, r.tip(benchRef)); len(got) != 2*listEvery+49 {
		t.Errorf("%d visited", len(got))
	}
	if _, err := os.Stat(r.path(numbersFile)); err == nil {
		t.Error("damage is listed")
	}

	r, s = longChain(t, 2*listEvery)
	wantForward(t, s, r.tip(benchRef))
	gone := r.tip(benchRef + "~100")
	r.loosen()
	r.Must(os.Remove(r.path("objects", string(gone[:2]), string(gone[2:]))))
	s = r.open(Options{})
	n := 0
	err := s.Forward(bg, benchRef, r.tip(benchRef), func(*Entry) bool { n++; return true })
	if left := s.SetAside(); err != nil || n != 2*listEvery-1 || len(left) != 1 || left[0].ID != gone {
		t.Errorf("%d visited, %v set aside: %v", n, left, err)
	}
}

// What a repair set aside is left out, with a list as without.
func TestForwardRepaired(t *testing.T) {
	r, s := longChain(t, listEvery+20)
	r.Git("update-ref", benchRef, r.Git("commit-tree", "-p", benchRef, "-m", "no entry", benchRef+"^{tree}"))
	r.fastImport("a story", listEvery+22, listEvery+30, 0)
	if did, err := s.Repair(bg, "A", Chain{Ref: benchRef}, true); err != nil || did == nil {
		t.Fatal(did, err)
	}
	next := wantForward(t, s, r.tip(benchRef))
	r.fastImport("a story", next[len(next)-1]+1, next[len(next)-1]+2*listEvery, 0)
	for range 2 {
		wantForward(t, s, r.tip(benchRef))
	}
	if _, err := os.Stat(r.path(numbersFile)); err != nil {
		t.Error(err)
	}
}

// loosen makes all packed objects loose.
func (r *gitRepo) loosen() {
	r.Helper()
	packs, err := filepath.Glob(r.path("objects", "pack", "*.pack"))
	r.Must(err)
	for _, pack := range packs {
		content, err := os.ReadFile(pack)
		r.Must(err)
		for _, suffix := range []string{".pack", ".idx", ".rev"} {
			if err := os.Remove(strings.TrimSuffix(pack, ".pack") + suffix); err != nil && suffix != ".rev" {
				r.Fatal(err)
			}
		}
		r.Feed(string(content), "unpack-objects", "-q")
	}
}
