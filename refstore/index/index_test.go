package index

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/odb"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

func TestMain(m *testing.M) { refstoretest.Main(m, nil) }

// place is a repository with an index.
type place struct {
	*refstoretest.Repo
	objects *odb.DB
}

func newPlace(t *testing.T) place {
	t.Helper()
	p := place{Repo: &refstoretest.Repo{TB: t, Dir: t.TempDir()}}
	p.Git("init", "-q")
	p.objects = odb.Open(filepath.Join(p.Dir, ".git", "objects"), odb.Options{})
	t.Cleanup(func() { p.objects.Close() })
	return p
}

// staged is what Staged gives for the index as it is.
func (p place) staged(tree string) ([]Change, error) {
	p.TB.Helper()
	content, err := os.ReadFile(filepath.Join(p.Dir, ".git", "index"))
	if err != nil {
		p.TB.Fatal(err)
	}
	return Staged(content, object.SHA1, object.Hash(tree), func(id object.Hash) (object.Entries, error) {
		o, err := p.objects.Read(p.TB.Context(), id)
		if err != nil {
			return nil, err
		}
		return object.SHA1.DecodeTree(o.Content)
	})
}

// byGit is what git says.
func (p place) byGit(tree string) (all []Change) {
	p.TB.Helper()
	out := p.Git("diff", "--cached", "--name-status", "--no-renames", "--ignore-submodules=none", "-z", tree)
	for change := range slices.Chunk(strings.Split(strings.TrimSuffix(out, "\x00"), "\x00"), 2) {
		if len(change) == 2 {
			all = append(all, Change{change[1], change[0] == "D"})
		}
	}
	return all
}

// TestStaged: over random trees and what git makes of the index meanwhile, the files are
// those that git names.
func TestStaged(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	random := rand.New(rand.NewPCG(1, 2))
	names := []string{"a", "a-b", "a.b", "a0", "ab", "a/a", "a/b", "a/a/a", "a-b/c", "b/a.b", "b/a/b", "b/a0", "c/d/e/f", "c/d/e g", "ü/x"}
	blob := func() string {
		name := filepath.Join(p.Dir, ".git", "blob")
		if err := os.WriteFile(name, fmt.Append(nil, random.IntN(3)), 0o666); err != nil {
			t.Fatal(err)
		}
		return p.Git("hash-object", "-w", name)
	}
	blobs := []string{blob(), blob(), blob(), blob()}
	tree := p.Git("write-tree")
	trees := []string{tree}
	some := 0
	for i := range 60 {
		for range 1 + random.IntN(4) {
			name := names[random.IntN(len(names))]
			mode := []string{"100644", "100644", "100755", "120000", "160000"}[random.IntN(5)]
			switch random.IntN(5) {
			case 0:
				p.Git("update-index", "--force-remove", name)
			case 1:
				_, _ = p.TryGit("rm", "-q", "-r", "--cached", "--ignore-unmatch", strings.Split(name, "/")[0])
			default:
				p.Git("update-index", "--add", "--replace", "--cacheinfo", mode+","+blobs[random.IntN(len(blobs))]+","+name)
			}
		}
		switch {
		case i%4 == 0: // the index knows its folders' trees
			trees = append(trees, p.Git("write-tree"))
		case i%7 == 0:
			if err := os.WriteFile(filepath.Join(p.Dir, "meant"), nil, 0o666); err != nil {
				t.Fatal(err)
			}
			p.Git("add", "-N", "meant") // which needs version 3
		case i%7 == 3:
			p.Git("rm", "-q", "--cached", "--ignore-unmatch", "meant")
		}
		tree = trees[max(0, len(trees)-1-random.IntN(3))]
		got, err := p.staged(tree)
		want := p.byGit(tree)
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("round %d: %v (%v), git says %v", i, got, err, want)
		}
		some += len(want)
	}
	if some < 60 {
		t.Errorf("no more than %d changes in all", some)
	}
}

// TestStagedUnread: where only git can tell, that is said.
func TestStagedUnread(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	for _, name := range []string{"a", "d/b", "e/c"} {
		path := filepath.Join(p.Dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte("1\n"), 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	p.Git("add", ".")
	p.Git("commit", "-q", "-m", "start")
	tree := p.Git("rev-parse", "HEAD^{tree}")
	if got, err := p.staged(tree); err != nil || len(got) > 0 {
		t.Fatalf("%v (%v)", got, err)
	}
	index := filepath.Join(p.Dir, ".git", "index")
	plain, err := os.ReadFile(index)
	if err != nil {
		t.Fatal(err)
	}
	for what, make := range map[string]func(){
		"version 4":    func() { p.Git("update-index", "--index-version", "4") },
		"in two parts": func() { p.Git("update-index", "--split-index") },
		"folders":      func() { p.Git("sparse-checkout", "set", "--cone", "--sparse-index", "d") },
		"a conflict": func() {
			id := p.Git("rev-parse", "HEAD:a")
			p.Feed(fmt.Sprintf("0 %040d\ta\n100644 %[2]s 1\ta\n100644 %[2]s 2\ta\n", 0, id), "update-index", "--index-info")
		},
	} {
		if err := os.WriteFile(index, plain, 0o666); err != nil {
			t.Fatal(err)
		}
		make()
		if got, err := p.staged(tree); !errors.Is(err, ErrUnread) {
			t.Errorf("%s: %v (%v)", what, got, err)
		}
		_, _ = p.TryGit("sparse-checkout", "disable")
		_ = os.Remove(index)
	}
	for n := range plain { // cut short, or with another byte: no panic, and no endless loop
		for _, content := range [][]byte{plain[:n], flipped(plain, n)} {
			_, _ = Staged(content, object.SHA1, "", nil)
		}
	}
}

// flipped is b with another byte at one place.
func flipped(b []byte, at int) []byte {
	b = slices.Clone(b)
	b[at] ^= 0xff
	return b
}
