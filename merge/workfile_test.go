package merge

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/merge/heal"
)

// conflicting stops git in a merge in which ours changes line 1 of each file and
// theirs line 2, which heals.
func conflicting(t *testing.T, attributes string, names ...string) *checkout {
	t.Helper()
	c := newCheckout(t)
	c.Git("config", "filter.dots.smudge", "tr 89 :.")
	c.Git("config", "filter.dots.clean", "tr :. 89")
	c.Write(".gitattributes", attributes)
	save := func(subject string, lines map[int]string) {
		for _, name := range names {
			c.Write(name, nine(lines))
		}
		c.Commit(subject)
	}
	save("base", nil)
	c.Git("branch", "topic")
	save("ours", map[int]string{1: "A"})
	c.Git("checkout", "-q", "topic")
	save("theirs", map[int]string{2: "B"})
	c.Git("checkout", "-q", "main")
	c.stop("merge")
	return c
}

var both = nine(map[int]string{1: "A", 2: "B"})

// unmergedPaths are the files that the index has in conflict.
func (c *checkout) unmergedPaths() []string {
	c.Helper()
	return strings.Fields(c.Git("diff", "--name-only", "--diff-filter=U"))
}

// TestHealChanged: a file that somebody has changed, removed or replaced since git
// stopped is not touched; its neighbour heals.
func TestHealChanged(t *testing.T) {
	t.Parallel()
	for what, change := range map[string]func(c *checkout, path string) error{
		"edited":   func(c *checkout, path string) error { return os.WriteFile(path, []byte(c.read("f")+"more\n"), 0o666) },
		"resolved": func(c *checkout, path string) error { return os.WriteFile(path, []byte(nine(nil)), 0o666) },
		"removed":  func(c *checkout, path string) error { return os.Remove(path) },
		"a link": func(c *checkout, path string) error { // to what git left
			if err := os.Rename(path, path+".left"); err != nil {
				return err
			}
			return os.Symlink("f.left", path)
		},
		"a folder": func(c *checkout, path string) error {
			_ = os.Remove(path)
			return os.Mkdir(path, 0o777)
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			c := conflicting(t, "", "f", "g")
			path := filepath.Join(c.Dir, "f")
			c.Must(change(c, path))
			before, _ := os.ReadFile(path)
			files, err := c.heal(heal.Options{}, true, nil)
			if err != nil || len(files) != 2 || files[0].Whole || files[0].Reason() != "changed in the work tree since git stopped" || !files[1].Whole {
				t.Fatalf("%+v, %v", files, err)
			}
			if info, err := os.Lstat(path); what == "a link" && (err != nil || info.Mode().Type() != os.ModeSymlink) {
				t.Errorf("the link is gone: %v", err)
			}
			if after, _ := os.ReadFile(path); string(after) != string(before) || !slices.Equal(c.unmergedPaths(), []string{"f"}) {
				t.Errorf("it was %q and is %q; in conflict: %q", before, after, c.unmergedPaths())
			}
		})
	}
}

// TestHealKilled: where a heal was killed after it wrote a file and before it
// staged it, the next one stages it.
func TestHealKilled(t *testing.T) {
	t.Parallel()
	c := conflicting(t, "", "f")
	c.Write("f", both)
	files, err := c.heal(heal.Options{}, false, nil)
	if err != nil || len(files) != 1 || !files[0].Whole || len(c.unmergedPaths()) > 0 || c.read("f") != both {
		t.Errorf("%+v, %v; in conflict: %q, the file is %q", files, err, c.unmergedPaths(), c.read("f"))
	}
}

// TestHealPartial: with Partial, what heals in a file is written and the rest stays
// in conflict; without, the file stays as git left it. A second call finds the
// first one's file as it left it.
func TestHealPartial(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	c.Write("f", nine(nil))
	c.Commit("base")
	c.Git("branch", "topic")
	c.Write("f", nine(map[int]string{1: "A", 9: "A"}))
	c.Commit("ours")
	c.Git("checkout", "-q", "topic")
	c.Write("f", nine(map[int]string{2: "B", 9: "B"}))
	c.Commit("theirs")
	c.Git("checkout", "-q", "main")
	c.stop("merge")
	left := c.read("f")
	for _, partial := range []bool{false, true, true} {
		files, err := c.heal(heal.Options{}, partial, nil)
		if err != nil || len(files) != 1 || files[0].Whole || files[0].Reason() != "the edits overlap" || !slices.Equal(files[0].Rules(), []string{"neighbours"}) {
			t.Fatalf("%+v, %v", files, err)
		}
		text := c.read("f")
		if !partial && text != left {
			t.Errorf("without Partial it was written: %q", text)
		}
		if partial && (!strings.HasPrefix(text, "A\nB\n3\n") || strings.Count(text, "<<<<<<<") != 1) {
			t.Errorf("with Partial it is %q", text)
		}
		if !slices.Equal(c.unmergedPaths(), []string{"f"}) {
			t.Errorf("in conflict: %q", c.unmergedPaths())
		}
	}
}

// TestHealAttributes: .gitattributes decides which files are merged as text, and
// how long markers are.
func TestHealAttributes(t *testing.T) {
	t.Parallel()
	c := conflicting(t, "binary -merge\nmine merge=mine\nlong conflict-marker-size=12\ntext merge=text\n", "binary", "long", "mine", "text")
	files, err := c.heal(heal.Options{}, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, f := range files {
		got[f.Path] = f.Reason()
	}
	want := map[string]string{"binary": "not to be merged as text (.gitattributes)", "mine": "merge=mine (.gitattributes)", "long": "", "text": ""}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestHealKeepsMode: who may read and write a file stays, and so does that it runs.
func TestHealKeepsMode(t *testing.T) {
	t.Parallel()
	c := conflicting(t, "", "f", "run.sh")
	ids := strings.Fields(c.Git("rev-parse", ":1:run.sh", ":2:run.sh", ":3:run.sh"))
	var entries strings.Builder
	for i, id := range ids {
		fmt.Fprintf(&entries, "100755 %s %d\trun.sh\n", id, i+1)
	}
	c.Feed("0 "+strings.Repeat("0", 40)+"\trun.sh\n"+entries.String(), "update-index", "--index-info")
	for name, mode := range map[string]os.FileMode{"f": 0o640, "run.sh": 0o750} {
		c.Must(os.Chmod(filepath.Join(c.Dir, name), mode))
	}
	if files, err := c.heal(heal.Options{}, false, nil); err != nil || len(files) != 2 {
		t.Fatal(files, err)
	}
	for name, want := range map[string]os.FileMode{"f": 0o640, "run.sh": 0o750} {
		info, err := os.Stat(filepath.Join(c.Dir, name))
		c.Must(err)
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %o, want %o", name, info.Mode().Perm(), want)
		}
	}
	if got := c.Git("ls-files", "--stage", "run.sh"); !strings.HasPrefix(got, "100755 ") {
		t.Error(got)
	}
}

// TestHealScratch: in a scratch checkout folders may be missing, and what stands
// there is ours to replace.
func TestHealScratch(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	c.Must(os.Mkdir(filepath.Join(c.Dir, "in"), 0o777))
	c.Write("in/f", nine(nil))
	c.Commit("base")
	c.Git("branch", "topic")
	c.Write("in/f", nine(map[int]string{1: "A"}))
	c.Commit("ours")
	c.Git("checkout", "-q", "topic")
	c.Write("in/f", nine(map[int]string{2: "B"}))
	c.Commit("theirs")
	c.Git("checkout", "-q", "main")
	c.stop("merge")
	c.Must(os.RemoveAll(filepath.Join(c.Dir, "in")))
	own := Checkout{Git: c.repo().GitParsed, Scratch: true}
	files, err := own.Heal(t.Context(), nil)
	if err != nil || len(files) != 1 || !files[0].Whole || c.read("in/f") != both {
		t.Errorf("%+v, %v", files, err)
	}
}

// TestHealTooLarge: a version that is too large is not read into memory.
func TestHealTooLarge(t *testing.T) {
	t.Parallel()
	c := conflicting(t, "", "f")
	large := filepath.Join(t.TempDir(), "large")
	c.Must(os.WriteFile(large, nil, 0o666))
	c.Must(os.Truncate(large, maxBlob+1))
	id := c.Git("hash-object", "-w", large)
	c.Feed("0 "+strings.Repeat("0", 40)+"\tf\n"+
		fmt.Sprintf("100644 %s 1\tf\n100644 %s 2\tf\n100644 %s 3\tf\n", id, c.Git("rev-parse", ":2:f"), c.Git("rev-parse", ":3:f")), "update-index", "--index-info")
	files, err := c.heal(heal.Options{}, false, nil)
	if err != nil || len(files) != 1 || files[0].Whole || files[0].Reason() != "too large" {
		t.Errorf("%+v, %v", files, err)
	}
}

// TestRules: rules are named once, in order, and a merge by lines alone has a name.
func TestRules(t *testing.T) {
	h := Healed{Result: heal.Result{Regions: []heal.Region{{Rule: "words"}, {Why: heal.Overlap}, {Rule: "above"}, {Rule: "words"}}}}
	if got := h.Rules(); !slices.Equal(got, []string{"words", "above"}) || h.Reason() != "the edits overlap" {
		t.Errorf("%q, %q", got, h.Reason())
	}
	h = Healed{Whole: true}
	if got := h.Rules(); !slices.Equal(got, []string{"lines"}) || h.Reason() != "" {
		t.Errorf("%q, %q", got, h.Reason())
	}
	if got := (&Healed{Why: "a submodule"}).Rules(); len(got) > 0 {
		t.Errorf("%q", got)
	}
}

// TestHealKilledBeforeStaging: a heal that was killed between the file and the index is
// completed by the next, also where filters change what stands in the work tree.
func TestHealKilledBeforeStaging(t *testing.T) {
	t.Parallel()
	for _, attributes := range []string{"", "f text eol=crlf\n", "f filter=dots\n"} {
		c := conflicting(t, attributes, "f", "g")
		index := filepath.Join(c.Dir, ".git", "index")
		before, err := os.ReadFile(index)
		c.Must(err)
		if _, err := c.heal(heal.Options{}, false, nil); err != nil {
			t.Fatal(err)
		}
		want := c.Git("write-tree")
		c.Must(os.WriteFile(index, before, 0o666))
		files, err := c.heal(heal.Options{}, false, nil)
		if err != nil || len(files) != 2 || !files[0].Whole || !files[1].Whole {
			t.Errorf("%q: %+v, %v", attributes, files, err)
		}
		if left := c.unmergedPaths(); len(left) > 0 {
			t.Errorf("%q: in conflict: %q", attributes, left)
		} else if got := c.Git("write-tree"); got != want {
			t.Errorf("%q: tree %s, want %s", attributes, got, want)
		}
	}
}

// TestHealWritesElsewhere: while a file is written it stands in the folder Temp, and
// where that cannot be, nothing is lost.
func TestHealWritesElsewhere(t *testing.T) {
	t.Parallel()
	c := conflicting(t, "", "f", "g")
	checkout := Checkout{Git: c.repo().GitParsed, Temp: filepath.Join(c.Dir, "nowhere")}
	if _, err := checkout.Heal(t.Context(), nil); err == nil {
		t.Error("healed by way of a folder that is not there")
	}
	checkout.Temp = filepath.Join(c.Dir, ".git")
	files, err := checkout.Heal(t.Context(), nil)
	if err != nil || len(files) != 2 || !files[0].Whole || c.read("f") != both {
		t.Errorf("%+v, %v", files, err)
	}
}
