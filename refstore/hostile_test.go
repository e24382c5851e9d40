package refstore

import (
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore/internal/refs"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// hostileRefs are one ref of each vocabulary, and one that FORMAT.md does not know.
var hostileRefs = []string{
	"refs/swarm/context", "refs/swarm/inbox/B", "refs/swarm/seen/A", "refs/swarm/sessions", "refs/swarm/claims",
	"refs/swarm/locks", "refs/swarm/reviews", "refs/swarm/collisions", "refs/swarm/unknown",
}

// hostileChain is a chain as a remote could have it: raw commits, the oldest first.
// In each, TREE stands for the empty tree, and PARENT for the commit before.
type hostileChain struct {
	*testing.T
	store *Store
	raw   map[object.Hash]object.Object
	tip   object.Hash
}

func (h *hostileChain) add(text string) {
	h.Helper()
	algo := h.store.repo.Algo
	text = strings.ReplaceAll(strings.ReplaceAll(text, "TREE", string(algo.EmptyTree())), "PARENT", string(h.tip))
	o := algo.NewObject(object.Commit, []byte(text))
	if err := h.store.reader.(*refs.Files).Write(bg, []object.Object{o}); err != nil {
		h.Fatal(err)
	}
	h.raw[o.ID], h.tip = o, o.ID
}

// writtenAgain has a transaction write the entry where it was read: as its session,
// by who committed it, at its time, on top of what it stands on.
func (h *hostileChain) writtenAgain(ref string, e, below *Entry) (object.Object, error) {
	h.Helper()
	c, err := h.store.repo.Algo.DecodeCommit(h.raw[e.ID].Content)
	if err != nil {
		h.Fatal(err)
	}
	tx := &Tx{store: h.store, by: e.Author, at: e.At, who: person{c.Committer.Name, c.Committer.Email, c.Author.Email}}
	at := &chain{ref: ref, prev: c.Parent(), tip: c.Parent(), last: below, tree: c.Tree}
	shape, _ := shapeOf(ref)
	again := *e
	switch {
	case e.Repair(): // whose number is for the repair to say
		tx.put(at, again, c.Tree)
	default:
		if below == nil && e.Number > 1 { // on top of what cannot be read
			at.last = &Entry{Number: e.Number - 1}
		}
		if _, err := tx.extend(at, again, c.Tree, shape == CursorShape); err != nil {
			return object.Object{}, err
		}
	}
	return tx.objects[len(tx.objects)-1], nil
}

// FuzzHostileChain: whatever is read of a chain that a hostile remote has, without a
// word, a transaction would have written to the byte.
func FuzzHostileChain(f *testing.F) {
	commit := func(parent, author, message string) string {
		return "tree TREE\n" + parent + "author " + author + " <a@example.com> 1767323045 +0000\ncommitter Tess <t@example.com> 1767323045 +0000\n\n" + message
	}
	const parent = "parent PARENT\n"
	first := map[string]string{
		"refs/swarm/context":    "[decision] one\n\nNumber: 1\nLabel: decision\nFormat: 1\n",
		"refs/swarm/inbox/B":    "[message] hi\n\nNumber: 1\nLabel: message\nFormat: 1\n",
		"refs/swarm/seen/A":     "seen\n\nNumber: 1\nContext: 0\nInbox: 0\nRead: none\nFormat: 1\n",
		"refs/swarm/sessions":   "register A\n\nNumber: 1\nFormat: 1\n",
		"refs/swarm/claims":     "claim x\n\nNumber: 1\nEpoch: 1\nFormat: 1\n",
		"refs/swarm/locks":      "lock\n\nNumber: 1\nFormat: 1\n",
		"refs/swarm/reviews":    "[request] 1\n\nNumber: 1\nLabel: request\nReviews: 1\nFormat: 1\n",
		"refs/swarm/collisions": "none\n\nNumber: 1\nFormat: 1\n",
		"refs/swarm/unknown":    "x\n\nNumber: 1\nMood: good\nFormat: 1\n",
	}
	for i, ref := range hostileRefs {
		sound := commit("", "A", first[ref])
		second := strings.Replace(first[ref], "Number: 1", "Number: 2", 1)
		f.Add(byte(i), sound, commit(parent, "A", second))
		f.Add(byte(i), sound, commit(parent, "C/evil", second))
		f.Add(byte(i), sound, commit(parent+parent, "A", second))
		f.Add(byte(i), sound, commit(parent, "A", strings.Replace(second, "Number: 2", "Number: 9007199254740991", 1)))
		f.Add(byte(i), sound, commit(parent, "A", strings.Replace(second, "Format", "Escaped: nul\nFormat", 1)))
		f.Add(byte(i), sound, strings.Replace(commit(parent, "A", second), "\n\n", "\nencoding latin1\n\n", 1))
		f.Add(byte(i), sound, strings.Replace(commit(parent, "A", second), "Tess", "Tess (--session)", 1))
		f.Add(byte(i), sound, strings.Replace(commit(parent, "A", second), "+0000", "-0000", 2))
		f.Add(byte(i), "tree TREE\n\n", commit(parent, "A", strings.Replace(second, "Number: 2", "Number: 2\nLabel: repair", 1)))
	}
	s := newRepo(f).open(Options{})
	f.Fuzz(func(t *testing.T, which byte, older, newer string) {
		ref := hostileRefs[int(which)%len(hostileRefs)]
		h := &hostileChain{T: t, store: s, raw: map[object.Hash]object.Object{}}
		h.add(older)
		h.add(newer)
		var read []*Entry
		_, err := s.Walk(bg, ref, h.tip, "", func(e *Entry) bool { read = append(read, e); return true })
		s.SetAside()
		if err != nil {
			return // told
		}
		for i, e := range read {
			var below *Entry
			if i+1 < len(read) {
				below = read[i+1]
			}
			again, err := h.writtenAgain(ref, e, below)
			if err != nil || again.ID != e.ID {
				t.Errorf("%s: %q is read, and would be written as %q, %v", ref, h.raw[e.ID].Content, again.Content, err)
			}
			if year := e.At.UTC().Year(); year < 1970 || year > 9999 || e.At.Nanosecond() != 0 {
				t.Errorf("%s: %q is of the time %s", ref, h.raw[e.ID].Content, e.At.Format(time.RFC3339Nano))
			}
		}
	})
}
