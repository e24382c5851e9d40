package refstore

import (
	"slices"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/object"
)

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
