package refstore

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/object"
)

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

// A later git swarm may sign what it writes on the hub: this one reads it, and builds upon it.
// What is signed and not as git swarm writes it is damaged as ever.
func TestHubSigned(t *testing.T) {
	const begin, end = "\ngpgsig -----BEGIN PGP SIGNATURE-----\n ", "\n =abcd\n -----END PGP SIGNATURE-----"
	for name, c := range map[string]struct {
		sign func(content string) string
		bad  bool
	}{
		"PGP":       {sign: func(s string) string { return strings.Replace(s, "\n\n", begin+end+"\n\n", 1) }},
		"SHA-256":   {sign: func(s string) string { return strings.Replace(s, "\n\n", "\ngpgsig-sha256 x\n y\n\n", 1) }},
		"two":       {sign: func(s string) string { return strings.Replace(s, "\n\n", begin+end+begin+end+"\n\n", 1) }, bad: true},
		"elsewhere": {sign: func(s string) string { return strings.Replace(s, "\nauthor", begin+end+"\nauthor", 1) }, bad: true},
		"more":      {sign: func(s string) string { return strings.Replace(s, "\n\n", begin+end+"\nmood good\n\n", 1) }, bad: true},
		"folded": {sign: func(s string) string {
			return strings.Replace(strings.Replace(s, "\ncommitter", "\n x\ncommitter", 1), "\n\n", begin+end+"\n\n", 1)
		}, bad: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newFakeHub(9)
			_, sa := h.clone(t, "desk")
			b, sb := h.clone(t, "lap")
			mustPut(t, sa, "refs/swarm/locks", "push", "x")
			if err := say(sa, "A", "said"); err != nil {
				t.Fatal(err)
			}
			for _, ref := range []string{"locks", "from/desk"} {
				plain := h.objects[h.refs[ref]]
				signed := sa.repo.Algo.NewObject(object.Commit, []byte(c.sign(string(plain.Content))))
				h.objects[signed.ID] = signed
				h.refs[ref] = signed.ID
			}
			err := sb.Refresh(bg, true)
			var damaged *HubDamagedError
			if errors.As(err, &damaged) != c.bad || err != nil && !c.bad {
				t.Fatalf("fetched: %v", err)
			}
			if c.bad {
				return
			}
			if got := bodies(t, sb, "refs/swarm/context"); !slices.Equal(got, []string{"said"}) {
				t.Errorf("said is %q", got)
			}
			if before, err := take(sb, "B", "push", "y", ""); err != nil || before != "x" {
				t.Errorf("upon it: %q, %v", before, err)
			}
			if b.Git("rev-parse", "refs/swarm/locks") != string(h.refs["locks"]) {
				t.Error("the locks are not the hub's")
			}
			checkWhole(t, sb)
		})
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
