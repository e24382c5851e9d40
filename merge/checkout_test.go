package merge

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/merge/heal"
)

// TestCheckoutHeal: of files that git left in conflict, in whichever style and by
// whichever command, each is written and staged as heal.Merge has it, or is as it was.
func TestCheckoutHeal(t *testing.T) {
	t.Parallel()
	for i, tc := range []struct{ style, verb string }{{"merge", "merge"}, {"diff3", "cherry-pick"}, {"zdiff3", "merge"}, {"merge", "stash"}, {"diff3", "am"}} {
		t.Run(tc.style+" "+tc.verb, func(t *testing.T) {
			c, names := crowd(t, uint64(i))
			c.Git("config", "merge.conflictStyle", tc.style)
			c.stop(tc.verb)
			stages, files := c.Git("ls-files", "--stage"), map[string]string{}
			for _, name := range names {
				files[name] = c.read(name)
			}
			opts, err := OptionsFor(c.repo(), heal.Wide)
			if err != nil {
				t.Fatal(err)
			}
			versions := map[string][3][]byte{}
			for _, name := range strings.Fields(c.Git("diff", "--name-only", "--diff-filter=U")) {
				versions[name] = [3][]byte{c.blob(name, 1), c.blob(name, 2), c.blob(name, 3)}
			}
			all, err := c.heal(opts, false, nil)
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
				if !bytes.Equal([]byte(c.read(h.Path)), want.Text) || !bytes.Equal(c.blob(h.Path, 0), want.Text) {
					t.Errorf("%s: %q", h.Path, c.read(h.Path))
				}
				delete(files, h.Path)
				stages = without(stages, h.Path)
			}
			if len(all) != len(versions) || healed < 2 || healed == len(all) {
				t.Errorf("of %d files in conflict %d were seen and %d healed", len(versions), len(all), healed)
			}
			for name, text := range files {
				if c.read(name) != text {
					t.Errorf("%s was not healed, and has changed", name)
				}
			}
			now := c.Git("ls-files", "--stage")
			for _, h := range all {
				if h.Whole {
					now = without(now, h.Path)
				}
			}
			if now != stages {
				t.Errorf("the index was\n%s\nand is\n%s", stages, now)
			}
			if others := c.Git("ls-files", "--others"); others != "" {
				t.Errorf("left: %s", others)
			}
		})
	}
}

func (c *checkout) heal(opts heal.Options, partial bool, want func(path string) bool) ([]Healed, error) {
	stopped := Checkout{Git: c.repo().GitParsed, Options: opts, Partial: partial}
	return stopped.Heal(c.Context(), want)
}

// stop brings topic's change to a halt in conflicts.
func (c *checkout) stop(verb string) {
	c.Helper()
	args := []string{verb, "topic"}
	switch verb {
	case "merge":
		args = []string{"merge", "-q", "topic"}
	case "stash":
		c.Git("checkout", "-q", "-b", "pop", "topic~1")
		c.Git("checkout", "-q", "topic", ".")
		c.Git("stash", "-q")
		c.Git("checkout", "-q", "main")
		args = []string{"stash", "pop"}
	case "am":
		c.Git("format-patch", "-q", "-1", "--output=../patch", "topic")
		args = []string{"am", "-q", "-3", "../patch"}
	}
	if out, err := c.TryGit(args...); err == nil {
		c.Fatalf("git %s did not stop: %s", verb, out)
	}
}

// without drops a file's lines from those of git ls-files --stage.
func without(stages, name string) string {
	lines := slices.DeleteFunc(strings.Split(stages, "\n"), func(line string) bool { return strings.HasSuffix(line, "\t"+name) })
	return strings.Join(lines, "\n")
}

// TestCheckoutHealWants: only what is wanted is touched.
func TestCheckoutHealWants(t *testing.T) {
	t.Parallel()
	c, _ := crowd(t, 1)
	c.stop("merge")
	before := c.Git("ls-files", "--unmerged")
	all, err := c.heal(heal.Options{}, true, func(string) bool { return false })
	if err != nil || len(all) > 0 || c.Git("ls-files", "--unmerged") != before {
		t.Errorf("%v, %v", all, err)
	}
}

// TestCheckoutHealMissing: an object that is gone fails, and nothing is written
// for its file.
func TestCheckoutHealMissing(t *testing.T) {
	t.Parallel()
	c, _ := crowd(t, 2)
	c.stop("merge")
	all, err := c.heal(heal.Options{Level: heal.Off}, false, nil)
	if err != nil || len(all) < 2 {
		t.Fatal(all, err)
	}
	path := all[0].Path
	id := c.Git("rev-parse", ":1:"+path)
	if err := os.Remove(c.Dir + "/.git/objects/" + id[:2] + "/" + id[2:]); err != nil {
		t.Fatal(err)
	}
	before := c.read(path)
	_, err = c.heal(heal.Options{}, false, func(p string) bool { return p == path })
	if err == nil || !strings.Contains(err.Error(), id) || c.read(path) != before {
		t.Errorf("%v", err)
	}
}
