package refstore

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestTableManyPaths: many paths in one folder are put and deleted without a copy of the
// folder for each, and a visit may take away what it is shown.
func TestTableManyPaths(t *testing.T) {
	const paths = 5000
	table := newRepo(t).open(Options{}).newTable(bg, "refs/swarm/table", "")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, n := range rand.New(rand.NewPCG(1, 2)).Perm(paths) {
		if err := table.Put(fmt.Sprintf("src/%d", n), nil); err != nil {
			t.Fatal(err)
		}
	}
	visited := 0
	err := table.Below("src", func(path string, _ []byte) bool {
		visited++
		return table.Delete(path) == nil
	})
	runtime.ReadMemStats(&after)
	if names, err2 := table.Names(""); err != nil || err2 != nil || visited != paths || len(names) != 0 {
		t.Errorf("%d of %d were visited, %q is left: %v, %v", visited, paths, names, err, err2)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 100<<20 {
		t.Errorf("that took %d MB", used>>20)
	}
}

// oddNames are paths that are unusual, and allowed.
var oddNames = []string{
	"a", "b.c", "b/x", "b-d", "b0", " ", "a b/c\td", "ü/🐝", "\xff\xfe", "-", "*", ".gitattributes", "x.lock", "...", ".a", "CON",
	"new\nline", "\"quoted\"", strings.Repeat("deep/", 50) + "end", strings.Repeat("n", 255), "refs/heads/main", "HEAD", "~", "c/.gitignore",
}

// A table does what a map does, across commits, and git reads each state.
func testTable(t *testing.T, r *gitRepo, opts Options) {
	const ref = "refs/swarm/table"
	model := map[string]string{}
	err := r.open(opts).Update(bg, "A", func(tx *Tx) error {
		table, err := tx.Table(ref)
		for _, name := range oddNames {
			if err == nil {
				err = table.Put(name, []byte("= "+name))
			}
			model[name] = "= " + name
		}
		if err == nil {
			_, err = tx.Record(ref, Entry{Body: "odd names"})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	sameTable(t, r, opts, ref, model)
	rng := rand.New(rand.NewPCG(1, 2))
	for range 4 {
		before, was := r.tableNow(t, opts, ref), maps.Clone(model)
		if err := r.open(opts).Update(bg, "A", func(tx *Tx) error { return randomChanges(t, tx, ref, model, rng) }); err != nil {
			t.Fatal(err)
		}
		sameTable(t, r, opts, ref, model)
		sameChanges(t, r.tableNow(t, opts, ref), before, was, model)
	}
	err = r.open(opts).Update(bg, "A", func(tx *Tx) error {
		table, err := tx.Table(ref)
		for name := range model {
			err = errors.Join(err, table.Delete(name))
		}
		_, err2 := tx.Record(ref, Entry{Body: "all gone"})
		return errors.Join(err, err2)
	})
	if err != nil {
		t.Fatal(err)
	}
	sameTable(t, r, opts, ref, nil)
	if tree := r.Git("rev-parse", ref+"^{tree}"); tree != string(r.object("tree", nil)) {
		t.Errorf("folders are left: %s", r.Git("ls-tree", "-r", "-t", ref))
	}
}

// randomChanges stages puts and deletes that the model allows, refuses the
// others, and records them in two commits.
func randomChanges(t *testing.T, tx *Tx, ref string, model map[string]string, rng *rand.Rand) error {
	table, err := tx.Table(ref)
	if err != nil {
		return err
	}
	for i := range 60 {
		parts := make([]string, 1+rng.IntN(4))
		for j := range parts {
			parts[j] = string("pqr"[rng.IntN(3)])
		}
		path := strings.Join(parts, "/")
		above, below := "", false
		for name := range model {
			below = below || strings.HasPrefix(name, path+"/")
			if strings.HasPrefix(path, name+"/") {
				above = name
			}
		}
		if got, err := table.Above(path); got != above || err != nil {
			t.Errorf("Above(%q) is %q, %v, not %q", path, got, err, above)
		}
		if _, there := model[path]; there && rng.IntN(2) == 0 {
			if err := table.Delete(path); err != nil {
				t.Errorf("Delete(%q): %v", path, err)
			}
			delete(model, path)
		} else if content := fmt.Sprint(path, i); above == "" && !below {
			if err := table.Put(path, []byte(content)); err != nil {
				t.Errorf("Put(%q): %v", path, err)
			}
			model[path] = content
		} else if table.Put(path, nil) == nil || table.Delete(path) == nil {
			t.Errorf("%q was put where %q stands, or something below", path, above)
		}
		if i == 30 {
			if _, err := tx.Record(ref, Entry{Body: "half"}); err != nil {
				return err
			}
		}
	}
	sameAsModel(t, table, model)
	_, err = tx.Record(ref, Entry{Body: "random"})
	return err
}

func sameTable(t *testing.T, r *gitRepo, opts Options, ref string, model map[string]string) {
	t.Helper()
	table, err := r.open(opts).Table(bg, ref)
	if err != nil {
		t.Fatal(err)
	}
	sameAsModel(t, table, model)
	out := r.Git("ls-tree", "-r", "-z", "--name-only", "--full-tree", ref)
	names := strings.FieldsFunc(out, func(c rune) bool { return c == 0 })
	slices.Sort(names)
	if want := slices.Sorted(maps.Keys(model)); !slices.Equal(names, want) {
		t.Errorf("git lists %q, not %q", names, want)
	}
}

func (r *gitRepo) tableNow(t *testing.T, opts Options, ref string) *Table {
	t.Helper()
	table, err := r.open(opts).Table(bg, ref)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// sameChanges holds Changed to leading from one model to the other, and to not
// naming what is the same.
func sameChanges(t *testing.T, now, before *Table, was, model map[string]string) {
	t.Helper()
	got := maps.Clone(was)
	err := now.Changed(before, func(path string, content []byte) error {
		if old, there := was[path]; there == (content != nil) && old == string(content) {
			t.Errorf("%q is named, and the same", path)
		}
		delete(got, path)
		if content != nil {
			got[path] = string(content)
		}
		return nil
	})
	if err != nil || !maps.Equal(got, model) {
		t.Errorf("Changed leads to %q, not %q: %v", got, model, err)
	}
	stop := errors.New("stop")
	if err := now.Changed(before, func(string, []byte) error { return stop }); err != stop && !maps.Equal(was, model) {
		t.Errorf("it did not stop: %v", err)
	}
}

// sameAsModel compares what every reading method says with the model.
func sameAsModel(t *testing.T, table *Table, model map[string]string) {
	t.Helper()
	got := map[string]string{}
	if err := table.Below("", func(path string, content []byte) bool { got[path] = string(content); return true }); err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(got, model) {
		t.Errorf("Below gives %d: %q, not %d: %q", len(got), got, len(model), model)
	}
	for _, path := range append(slices.Collect(maps.Keys(model)), "p", "p/q", "absent", "b", "b/", "/b", "") {
		content, err := table.Get(path)
		want, there := model[path]
		if (err == nil) != there || string(content) != want || (err != nil && !errors.Is(err, ErrNotExist)) {
			t.Errorf("Get(%q): %q, %v", path, content, err)
		}
	}
	for _, path := range []string{"", "p", "p/q", "b", "deep/deep"} {
		below, prefix, children := map[string]bool{}, path+"/", map[string]bool{}
		if path == "" {
			prefix = ""
		}
		for name := range model {
			if rest, ok := strings.CutPrefix(name, prefix); ok {
				first, _, _ := strings.Cut(rest, "/")
				children[first] = true
				below[name] = true
			} else if name == path {
				below[name] = true
			}
		}
		n := 0
		err := table.Below(path, func(p string, _ []byte) bool { n++; return below[p] })
		names, err2 := table.Names(path)
		slices.Sort(names)
		if err != nil || err2 != nil || n != len(below) || !slices.Equal(names, slices.Sorted(maps.Keys(children))) {
			t.Errorf("below %q: %d of %d, names %q, %v, %v", path, n, len(below), names, err, err2)
		}
	}
}

// Names that git would not have in a tree are refused, and a visit can be cut short.
func TestTableRefuses(t *testing.T) {
	r := plain(t)
	s := r.open(Options{})
	for _, bad := range []string{"", "/", "a//b", "/a", "a/", ".", "a/..", "../a", ".git", "a/.GIT/config", "git~1", "a\x00b"} {
		if err := put(s, "refs/swarm/t", bad, "x"); err == nil {
			t.Errorf("%q was put", bad)
		}
	}
	for _, name := range []string{"a", "b/c", "d"} {
		mustPut(t, s, "refs/swarm/t", name, name)
	}
	table, err := s.Table(bg, "refs/swarm/t")
	if err != nil {
		t.Fatal(err)
	}
	for stop := 1; stop <= 3; stop++ {
		n := 0
		if err := table.Below("", func(string, []byte) bool { n++; return n < stop }); err != nil || n != stop {
			t.Errorf("visited %d, not %d: %v", n, stop, err)
		}
	}
	if err := s.Update(bg, "A", func(tx *Tx) error {
		table, err := tx.Table("refs/swarm/t")
		return errors.Join(err, table.Delete("absent"))
	}); !errors.Is(err, ErrNotExist) {
		t.Errorf("Delete of nothing: %v", err)
	}
	r.clean()
}

// A tree that we would not write is damage, and it says where.
func TestTableDamage(t *testing.T) {
	r := plain(t)
	s := r.open(Options{})
	mustPut(t, s, "refs/swarm/t", "a/b", "x")
	blob := r.Git("rev-parse", "refs/swarm/t:a/b")
	for name, line := range map[string]string{
		"executable": "100755 blob " + blob + "\tx", "link": "120000 blob " + blob + "\tx", "submodule": "160000 commit " + r.Git("rev-parse", "main") + "\tx",
		"missing blob": "100644 blob " + strings.Repeat("a", 40) + "\tx", "missing tree": "040000 tree " + strings.Repeat("a", 40) + "\tx",
	} {
		tree := r.mktree(line)
		commit := fmt.Appendf(nil, "tree %s\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\n\nx\n\nNumber: 1\nFormat: 1\n", tree)
		table, err := s.TableAt(bg, "refs/swarm/t", r.object("commit", commit))
		if err != nil {
			t.Fatal(err)
		}
		err = table.Below("", func(string, []byte) bool { return true })
		damagedAs(t, name, err, "refs/swarm/t")
	}
}

// A table with as many paths as sessions have ever claimed at once is read whole, where
// many have the same content.
func TestTableOfMany(t *testing.T) {
	r := plain(t)
	const ref, folders, files = "refs/swarm/collisions", 100, 500
	var in strings.Builder
	fmt.Fprint(&in, "blob\nmark :1\ndata 1\nx\nblob\nmark :2\ndata 1\ny\n")
	fmt.Fprintf(&in, "commit %s\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\ndata <<END\n%sEND\n", ref, (&Entry{Body: "1 collisions", Number: 1}).message())
	for i := range folders {
		for n := range files {
			fmt.Fprintf(&in, "M 100644 :%d %02d/%03d\n", n%2+1, i, n)
		}
		fmt.Fprintf(&in, "M 100644 inline %02d/own\ndata <<END\n%d\nEND\n", i, i)
	}
	r.Feed(in.String(), "fast-import", "--quiet")
	s := r.open(Options{})
	table, err := s.Table(bg, ref)
	if err != nil {
		t.Fatal(err)
	}
	paths, wrong := 0, 0
	err = table.Below("", func(path string, content []byte) bool {
		paths++
		if n, err := strconv.Atoi(path[3:]); err == nil && string(content) != string("xy"[n%2]) {
			wrong++
		}
		return true
	})
	if err != nil || paths != folders*(files+1) || wrong > 0 || len(s.SetAside()) > 0 {
		t.Errorf("%v: %d paths, %d with another's content, %v", err, paths, wrong, s.SetAside())
	}
	if n := len(table.root.below); n > 0 {
		t.Errorf("%d folders are kept after a walk that only read", n)
	}
}
