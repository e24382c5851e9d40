package merge

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/merge/heal"
)

// blob is a stage of a file.
func (f *field) blob(name string, stage int) []byte {
	return []byte(landOutput(f, "cat-file", "blob", fmt.Sprintf(":%d:%s", stage, name)))
}

// landOutput is what git says, to the byte.
func landOutput(f *field, args ...string) string {
	f.Helper()
	cmd := f.repo().GitParsed(f.Context(), args...)
	out, err := cmd.Output()
	if err != nil {
		f.Fatalf("git %v: %v", args, err)
	}
	return string(out)
}

// TestHealCheckout: of files that git left in conflict, in whichever style and by
// whichever command, each is written and staged as Heal has it, or is as it was.
func TestHealCheckout(t *testing.T) {
	t.Parallel()
	for i, c := range []struct{ style, verb string }{{"merge", "merge"}, {"diff3", "cherry-pick"}, {"zdiff3", "merge"}, {"merge", "stash"}, {"diff3", "am"}} {
		t.Run(c.style+" "+c.verb, func(t *testing.T) {
			f, names := crowd(t, uint64(i))
			f.git("config", "merge.conflictStyle", c.style)
			f.stop(c.verb)
			stages, files := f.git("ls-files", "--stage"), map[string]string{}
			for _, name := range names {
				files[name] = f.read(name)
			}
			opts, err := OptionsFor(f.repo(), heal.Wide)
			if err != nil {
				t.Fatal(err)
			}
			versions := map[string][3][]byte{}
			for _, name := range strings.Fields(f.git("diff", "--name-only", "--diff-filter=U")) {
				versions[name] = [3][]byte{f.blob(name, 1), f.blob(name, 2), f.blob(name, 3)}
			}
			all, err := HealCheckout(t.Context(), f.repo().GitParsed, opts, false, nil)
			if err != nil {
				t.Fatal(err)
			}
			healed := 0
			for _, h := range all {
				v := versions[h.Path]
				opts.Path = h.Path
				want := heal.Merge(v[0], v[1], v[2], opts)
				if h.Why != "" || h.Whole != (want.Conflicts == 0) {
					t.Errorf("%s: whole %v, %q; %d conflicts", h.Path, h.Whole, h.Why, want.Conflicts)
				}
				if !h.Whole {
					continue
				}
				healed++
				if !bytes.Equal([]byte(f.read(h.Path)), want.Text) || !bytes.Equal(f.blob(h.Path, 0), want.Text) {
					t.Errorf("%s: %q", h.Path, f.read(h.Path))
				}
				delete(files, h.Path)
				stages = without(stages, h.Path)
			}
			if len(all) != len(versions) || healed < 2 || healed == len(all) {
				t.Errorf("of %d files in conflict %d were seen and %d healed", len(versions), len(all), healed)
			}
			for name, text := range files {
				if f.read(name) != text {
					t.Errorf("%s was not healed, and has changed", name)
				}
			}
			now := f.git("ls-files", "--stage")
			for _, h := range all {
				if h.Whole {
					now = without(now, h.Path)
				}
			}
			if now != stages {
				t.Errorf("the index was\n%s\nand is\n%s", stages, now)
			}
			if others := f.git("ls-files", "--others"); others != "" {
				t.Errorf("left: %s", others)
			}
		})
	}
}

// stop brings topic's change to a halt in conflicts.
func (f *field) stop(verb string) {
	f.Helper()
	args := []string{verb, "topic"}
	switch verb {
	case "merge":
		args = []string{"merge", "-q", "topic"}
	case "stash":
		f.git("checkout", "-q", "-b", "pop", "topic~1")
		f.git("checkout", "-q", "topic", ".")
		f.git("stash", "-q")
		f.git("checkout", "-q", "feat/A")
		args = []string{"stash", "pop"}
	case "am":
		f.git("format-patch", "-q", "-1", "--output=../patch", "topic")
		args = []string{"am", "-q", "-3", "../patch"}
	}
	if out, err := tryLandGit(f.dir, args...); err == nil {
		f.Fatalf("git %s did not stop: %s", verb, out)
	}
}

// without drops a file's lines from those of git ls-files --stage.
func without(stages, name string) string {
	lines := slices.DeleteFunc(strings.Split(stages, "\n"), func(line string) bool { return strings.HasSuffix(line, "\t"+name) })
	return strings.Join(lines, "\n")
}

// TestHealCheckoutWants: only what is wanted is touched.
func TestHealCheckoutWants(t *testing.T) {
	t.Parallel()
	f, _ := crowd(t, 1)
	f.stop("merge")
	before := f.git("ls-files", "--unmerged")
	all, err := HealCheckout(t.Context(), f.repo().GitParsed, heal.Options{}, true, func(string) bool { return false })
	if err != nil || len(all) > 0 || f.git("ls-files", "--unmerged") != before {
		t.Errorf("%v, %v", all, err)
	}
}

// TestHealCheckoutMissing: an object that is gone fails, and nothing is written
// for its file.
func TestHealCheckoutMissing(t *testing.T) {
	t.Parallel()
	f, _ := crowd(t, 2)
	f.stop("merge")
	all, err := HealCheckout(t.Context(), f.repo().GitParsed, heal.Options{Level: heal.Off}, false, nil)
	if err != nil || len(all) < 2 {
		t.Fatal(all, err)
	}
	path := all[0].Path
	id := f.git("rev-parse", ":1:"+path)
	if err := os.Remove(f.app + "/.git/objects/" + id[:2] + "/" + id[2:]); err != nil {
		t.Fatal(err)
	}
	before := f.read(path)
	_, err = HealCheckout(t.Context(), f.repo().GitParsed, heal.Options{}, false, func(p string) bool { return p == path })
	if err == nil || !strings.Contains(err.Error(), id) || f.read(path) != before {
		t.Errorf("%v", err)
	}
}
