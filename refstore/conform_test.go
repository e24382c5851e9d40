package refstore

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore/internal/refs"
	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// The conformance suite: whatever the repository and the backend, a store does
// the same. All cases share a repository, each with refs of its own; at the end
// nothing is left behind and git finds no fault. By default kinds that are much like
// others have a third of the cases each, in turn; with SWARM_RACE=long they have all.
func TestConformance(t *testing.T) {
	eachStore(t, func(t *testing.T, r *gitRepo, opts Options, skip func(i int) bool) {
		for i, c := range []struct {
			name string
			test func(t *testing.T, r *gitRepo, opts Options)
		}{
			{"journal", testJournal},
			{"bodies", testBodies},
			{"cursor", testCursor},
			{"pin", testPin},
			{"table", testTable},
			{"stale", testStale},
			{"create", testCreate},
			{"all or none", testAllOrNone},
			{"own build error", testBuildError},
			{"moved meanwhile", testMovedMeanwhile},
			{"foreign lock", testForeignLock},
			{"folders and files", testFoldersAndFiles},
			{"damage", testDamage},
			{"while git tidies up", testTidying},
			{"listing", testListing},
			{"others' refs", testOthersRefs},
			{"git reads it", testGitReads},
			{"replaced objects", testReplaced},
		} {
			if skip(i) {
				continue
			}
			t.Run(c.name, func(t *testing.T) {
				sub := &gitRepo{Repo: &refstoretest.Repo{TB: t, Dir: r.Dir}}
				c.test(t, sub, opts)
				if left := sub.litter(); left != nil {
					t.Errorf("left behind: %v", left)
				}
			})
		}
		r.clean()
	})
}

// Numbers count from 1, across transactions, and within one.
func testJournal(t *testing.T, r *gitRepo, opts Options) {
	const ref = "refs/swarm/journal"
	now := time.Date(2030, 1, 2, 3, 4, 5, 678, time.FixedZone("", 2*3600))
	opts.Now = func() time.Time { return now }
	s := r.open(opts)
	first := mustAppend(t, s, ref, "one")
	err := s.Update(bg, "B", func(tx *Tx) error {
		for _, body := range []string{"two", "three"} {
			if _, err := tx.Append(ref, Entry{Body: body, Label: "note", Fields: []Field{{"In-Reply-To", "1"}, {"To", "A, B"}}}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	again := r.open(opts)
	if got := bodies(t, again, ref); !slices.Equal(got, []string{"one", "two", "three"}) {
		t.Errorf("bodies %q", got)
	}
	e, err := again.Find(bg, ref, 2)
	if err != nil {
		t.Fatal(err)
	}
	if e.Author != "B" || e.Number != 2 || e.Label != "note" || e.Field("To") != "A, B" || !e.At.Equal(now.Truncate(time.Second)) {
		t.Errorf("read %+v", e)
	}
	if one, err := again.Entry(bg, ref, first.ID); err != nil || one.Number != 1 || one.Author != "A" {
		t.Errorf("Entry: %+v, %v", one, err)
	}
	for _, n := range []int{0, 4, -1} {
		if _, err := again.Find(bg, ref, n); !errors.Is(err, ErrNotExist) {
			t.Errorf("Find %d: %v", n, err)
		}
	}
	if got := r.Git("log", "--format=%an <%ae>|%cn <%ce>|%ad", "--date=raw", "-1", ref); got != "B <tess@example.com>|Tess T. Er <tess@example.com>|1893546245 +0200" {
		t.Errorf("git log: %s", got)
	}
}

// A pin keeps a commit until it is deleted, loose or packed; one that is not there is
// deleted already, and another ref is no pin.
func testPin(t *testing.T, r *gitRepo, opts Options) {
	const pin, other = PinPrefix + "A.landing", PinPrefix + "A.other"
	s := r.open(opts)
	base := object.Hash(r.Git("commit-tree", "-m", "base", r.Git("write-tree")))
	tip := object.Hash(r.Git("commit-tree", "-p", string(base), "-m", "tip", string(base)+"^{tree}"))
	for _, pack := range []bool{false, true} {
		for _, ref := range []string{pin, other} {
			if err := s.Pin(bg, "A", ref, tip, base); err != nil {
				t.Fatal(err)
			}
		}
		if pack {
			r.Git("pack-refs", "--all")
		}
		if err := s.Unpin(bg, pin, tip); err != nil {
			t.Fatal(err)
		}
		if got := r.Git("for-each-ref", "--format=%(refname) %(objectname)", PinPrefix); got != other+" "+string(tip) {
			t.Errorf("left: %q", got)
		}
	}
	if err := s.Unpin(bg, pin, ""); err != nil {
		t.Error(err)
	}
	if err := s.Unpin(bg, "refs/heads/main", ""); err == nil {
		t.Error("a branch was taken for a pin")
	}
	if err := s.Unpin(bg, other, base); err != nil || r.Git("for-each-ref", PinPrefix) == "" {
		t.Errorf("a pin at another commit was deleted (%v)", err)
	}
	if err := s.Unpin(bg, other, ""); err != nil || r.Git("for-each-ref", PinPrefix) != "" {
		t.Errorf("a pin was not deleted (%v)", err)
	}
	tree := r.Git("rev-parse", string(tip)+"^{tree}")
	gone := strings.Repeat("1", len(tree))
	half := object.Hash(r.Feed(strings.Replace(r.Git("cat-file", "commit", string(tip)), tree, gone, 1)+"\n", "hash-object", "--literally", "-t", "commit", "-w", "--stdin"))
	if err := s.Pin(bg, "A", pin, half, base); err == nil || r.Git("for-each-ref", PinPrefix) != "" {
		t.Errorf("what git gc had taken was pinned (%v)", err)
	}
}

// oddBodies are texts that a format could trip over.
func oddBodies() []string {
	return []string{
		"", "\n", "\n\n", " ", "a", "a\n", "a\n\n", "\n\na", "a\r\nb\r", "\ta\v\f\b\x1b[31m",
		"a\x00b", "\x00", "\\0", "\\\x00\\", "\\\\0\x00",
		"[note] a", "[note]", "Number: 7\nFormat: 1\n", "x\n\nNumber: 7\nLabel: note\nFormat: 1\n", "x\n\nNumber: 1\nFormat: 1",
		"\n\nFormat: 2\n", "Escaped: nul", "# comment\n", "-----BEGIN PGP SIGNATURE-----\n", "tree 0\nparent 1", "… 🐝 \u2028\u0085",
		strings.Repeat("0123456789abcde\n", 1<<16), strings.Repeat("\x00\\", 1<<10),
	}
}

// Every body comes back to the byte, with and without a label, and forges nothing.
func testBodies(t *testing.T, r *gitRepo, opts Options) {
	const ref = "refs/swarm/bodies"
	s := r.open(opts)
	var labels []string
	err := s.Update(bg, "A", func(tx *Tx) error {
		labels = nil
		for _, body := range oddBodies() {
			for _, label := range []string{"", "note"} {
				if _, err := tx.Append(ref, Entry{Body: body, Label: label}); err != nil {
					return fmt.Errorf("%.40q: %w", body, err)
				}
				labels = append(labels, label)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	tip, _ := s.Tip(bg, ref)
	n := len(labels)
	_, err = s.Walk(bg, ref, tip, "", func(e *Entry) bool {
		n--
		if want := oddBodies()[n/2]; e.Body != want || e.Label != labels[n] || e.Number != n+1 || e.Fields != nil {
			t.Errorf("%d: %.60q came back as %.60q, label %q, fields %q", n, want, e.Body, e.Label, e.Fields)
		}
		return true
	})
	if err != nil || n != 0 {
		t.Errorf("%d not read, %v", n, err)
	}
	for _, bad := range []Entry{
		{Body: "\xff"},
		{Label: "a\nb"},
		{Label: "a]b"},
		{Fields: []Field{{"Number", "1"}}},
		{Fields: []Field{{"A", ""}}},
		{Fields: []Field{{"A", "x\ny"}}},
		{Fields: []Field{{"", "x"}}},
		{Fields: []Field{{"A\x00", "x"}}},
		{Fields: []Field{{"\xff", "x"}}},
		{Fields: []Field{{"A", "\xff"}}},
	} {
		err := s.Update(bg, "A", func(tx *Tx) error { _, err := tx.Append(ref, bad); return err })
		if err == nil {
			t.Errorf("%+v was stored", bad)
		}
	}
	for _, by := range []string{"", "a<b", "a.", " a", "a\n", "\xff"} {
		if _, err := appendTo(s, by, ref, "x"); err == nil {
			t.Errorf("author %q was stored", by)
		}
	}
}

// A cursor is one commit, whose number goes on.
func testCursor(t *testing.T, r *gitRepo, opts Options) {
	const ref = "refs/swarm/seen/A"
	for i := range 3 {
		s := r.open(opts)
		err := s.Update(bg, "A", func(tx *Tx) error {
			_, err := tx.Replace(ref, Entry{Body: fmt.Sprint("upto ", i), Fields: seenFields()})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		e, err := s.Entry(bg, ref, r.tip(ref))
		if err != nil || e.Number != i+1 || e.Body != fmt.Sprint("upto ", i) {
			t.Errorf("%+v, %v", e, err)
		}
		if n := r.Git("rev-list", "--count", ref); n != "1" {
			t.Errorf("%s commits", n)
		}
	}
}

// A transaction applies to the tips that it read, or is run again.
func testStale(t *testing.T, r *gitRepo, opts Options) {
	const ref = "refs/swarm/stale"
	s, w := r.open(opts), r.open(Options{ThroughGit: true}).writerOf(t)
	mustAppend(t, s, ref, "one")
	tip := r.tip(ref)
	next := rawCommit(t, r, s, tip, "two", 2)
	queue := r.queue()
	other := object.Hash(strings.Repeat("1", len(tip)))
	for _, u := range []refs.Update{{Ref: ref, Prev: other, Next: next}, {Ref: ref, Prev: "", Next: next}, {Ref: "refs/swarm/stale-absent", Prev: tip, Next: next}} {
		for _, b := range []refs.Backend{s.writerOf(t), w} {
			if err := b.Swap(bg, queue, []refs.Update{u}); !errors.Is(err, refs.ErrChanged) {
				t.Errorf("swap of %s from %.8q: %v", u.Ref, u.Prev, err)
			}
			if got := r.tip(ref); got != tip || r.tip("refs/swarm/stale-absent") != "" {
				t.Errorf("a swap that was refused moved the ref to %s", got)
			}
		}
	}
	if err := s.writerOf(t).Swap(bg, queue, []refs.Update{{Ref: ref, Prev: tip, Next: next}}); err != nil || r.tip(ref) != next {
		t.Errorf("swap: %v", err)
	}
}

// A ref is created once.
func testCreate(t *testing.T, r *gitRepo, opts Options) {
	const ref = "refs/swarm/new/deep/er"
	s := r.open(opts)
	for range 2 {
		err := s.Update(bg, "A", func(tx *Tx) error {
			if there, err := tx.Exists(ref); there || err != nil {
				return err
			}
			_, err := tx.Append(ref, Entry{Body: "created"})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := bodies(t, s, ref); len(got) != 1 {
		t.Errorf("created %d times", len(got))
	}
	for _, bad := range []string{"refs/heads/x", "refs/swarm", "refs/swarm/", "refs/swarm//x", "refs/swarm/../x", "refs/swarm/x.lock", "refs/swarm/.x", "refs/swarm/a b", "refs/swarm/a\nb", "refs/swarm/x@{y", "HEAD"} {
		if _, err := appendTo(s, "A", bad, "x"); err == nil {
			t.Errorf("%q was written", bad)
		}
	}
}

// Several refs move all, or none if one of them cannot.
func testAllOrNone(t *testing.T, r *gitRepo, opts Options) {
	names := []string{"refs/swarm/many-b", "refs/notes/swarm/many", "refs/swarm/many-a"}
	s := r.open(opts)
	for range 2 {
		if err := appendAll(s, "A", "x", names...); err != nil {
			t.Fatal(err)
		}
	}
	tips, err := s.Tips(bg, names...)
	if err != nil {
		t.Fatal(err)
	}
	w, queue := s.writerOf(t), r.queue()
	for bad := range names {
		var updates []refs.Update
		for i, ref := range names {
			u := refs.Update{Ref: ref, Prev: tips[i], Next: rawCommit(t, r, s, tips[i], "y", 3)}
			if i == bad {
				u.Prev = u.Next
			}
			updates = append(updates, u)
		}
		if err := w.Swap(bg, queue, updates); !errors.Is(err, refs.ErrChanged) {
			t.Errorf("swap: %v", err)
		}
		if now, err := s.Tips(bg, names...); err != nil || !slices.Equal(now, tips) {
			t.Errorf("refs moved though %s could not: %v", names[bad], err)
		}
	}
}

// An error of the caller's function comes back as it is, and nothing is written.
func testBuildError(t *testing.T, r *gitRepo, opts Options) {
	const ref = "refs/swarm/build-error"
	mine := errors.New("mine")
	before := r.Git("count-objects")
	err := r.open(opts).Update(bg, "A", func(tx *Tx) error {
		if _, err := tx.Append(ref, Entry{Body: "x"}); err != nil {
			return err
		}
		return mine
	})
	if err != mine || r.tip(ref) != "" || r.Git("count-objects") != before {
		t.Errorf("error %v, tip %q", err, r.tip(ref))
	}
}

// git moves the ref between reading and swapping: the function runs again, on
// what is there now.
func testMovedMeanwhile(t *testing.T, r *gitRepo, opts Options) {
	const ref = "refs/swarm/moved"
	s := r.open(opts)
	mustAppend(t, s, ref, "one")
	runs := 0
	err := s.Update(bg, "A", func(tx *Tx) error {
		if _, err := tx.Append(ref, Entry{Body: "three"}); err != nil {
			return err
		}
		if runs++; runs == 1 {
			tip := r.tip(ref)
			r.Git("update-ref", ref, string(rawCommit(t, r, s, tip, "two", 2)), string(tip))
		}
		return nil
	})
	if got := bodies(t, s, ref); err != nil || runs != 2 || !slices.Equal(got, []string{"one", "two", "three"}) {
		t.Errorf("%d runs, %v, %q", runs, err, got)
	}
}
