package odb

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/object"
)

func (r *repo) setAlternates(list string) {
	r.t.Helper()
	if err := os.WriteFile(r.objects()+"/info/alternates", []byte(list), 0o666); err != nil {
		r.t.Fatal(err)
	}
}

// clones that borrow, as git makes them, are read whole, packed or loose.
func TestBorrowingClones(t *testing.T) {
	r := newRepo(t)
	r.chain("refs/heads/main", 50)
	other := t.TempDir()
	for i, how := range [][]string{{"--shared"}, {"--reference", r.dir}} {
		c := &repo{t, filepath.Join(other, fmt.Sprint(i))}
		gitIn(t, "", nil, append(append([]string{"clone", "-q", "--bare"}, how...), "file://"+r.dir, c.dir)...)
		if how[0] == "--shared" {
			c.setAlternates(r.objects() + "\n")
		}
		d := c.open(Options{})
		c.sameAsGit(d)
		late := mustWrite(t, r.open(Options{}), object.Blob, []byte("loose in the alternate"))
		if o, err := d.Read(bg, late); err != nil || string(o.Content) != "loose in the alternate" {
			t.Fatal(err)
		}
		if !d.Has(late) || hasLoose(d, late) {
			t.Fatal("an alternate's loose object is not had, or counted as own")
		}
		mustWrite(t, d, object.Blob, []byte("loose in the alternate"))
		if !hasLoose(d, late) {
			t.Fatal("Write relied on the alternate")
		}
	}
}

// Every form of line that git reads, and none that it does not.
func TestAlternatesLines(t *testing.T) {
	r := newRepo(t)
	lender := newRepo(t)
	id := mustWrite(t, lender.open(Options{}), object.Blob, []byte("lent"))
	odd := filepath.Join(t.TempDir(), "tab\there")
	if err := os.Symlink(lender.objects(), odd); err != nil {
		t.Fatal(err)
	}
	relative, err := filepath.Rel(r.objects(), lender.objects())
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		lender.objects(), lender.objects() + "/", relative, "./" + relative,
		"# comment\n\n" + lender.objects() + "\n" + lender.objects(), odd,
		`"` + strings.ReplaceAll(odd, "\t", `\t`) + `"`, `"` + strings.ReplaceAll(odd, "\t", `\011`) + `"`,
		"#" + lender.objects(), " " + lender.objects(), "/nowhere", `"` + lender.objects(), r.objects(), lender.objects() + "\r",
	} {
		r.setAlternates(line + "\n")
		witness := gitCommand(r.dir, nil, "cat-file", "-e", string(id)).Run() == nil
		if has := r.open(Options{}).Has(id); has != witness {
			t.Errorf("%q: has %v, git %v", line, has, witness)
		}
	}
}

// Alternates of alternates are followed as deep as git follows them; loops do no harm.
func TestAlternatesNesting(t *testing.T) {
	var repos []*repo
	for i := range 9 {
		r := newRepo(t)
		if i > 0 {
			repos[i-1].setAlternates(r.objects() + "\n" + repos[0].objects() + "\n")
		}
		repos = append(repos, r)
	}
	repos[8].setAlternates(repos[0].objects() + "\n" + repos[8].objects() + "\n")
	d := repos[0].open(Options{})
	var had []bool
	for i, r := range repos {
		id := mustWrite(t, r.open(Options{}), object.Blob, fmt.Append(nil, i))
		witness := gitCommand(repos[0].dir, nil, "cat-file", "-e", string(id)).Run() == nil
		had = append(had, witness)
		if d.Has(id) != witness {
			t.Errorf("repository %d: git %v", i, witness)
		}
	}
	if !had[6] || had[7] {
		t.Fatalf("git follows otherwise than assumed: %v", had)
	}
	missing := object.SHA1.Sum(object.Blob, []byte("missing"))
	if _, err := d.Read(bg, missing); !errors.Is(err, ErrNotFound) {
		t.Fatal(err)
	}
}

// Alternates that come, change and go are noticed at the next miss.
func TestAlternatesChange(t *testing.T) {
	r := newRepo(t)
	d := r.open(Options{})
	for i := range 3 {
		lender := newRepo(t)
		id := mustWrite(t, lender.open(Options{}), object.Blob, fmt.Append(nil, i))
		if d.Has(id) {
			t.Fatal("not lent yet")
		}
		r.setAlternates(lender.objects())
		if _, err := d.Read(bg, id); err != nil {
			t.Fatal(err)
		}
	}
	os.Remove(r.objects() + "/info/alternates")
	if d.Has(object.SHA1.EmptyTree()) || len(d.stores) != 1 {
		t.Fatal("an alternate stayed")
	}
}

func FuzzAlternates(f *testing.F) {
	f.Add("/a\n# b\n\"c\\t\"\n\n")
	f.Fuzz(func(t *testing.T, list string) {
		if slices.Contains(parseAlternates(list), "") {
			t.Fatal("an empty path")
		}
	})
}
