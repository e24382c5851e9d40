package merge

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/merge/heal"
)

// TestTry: it tells of each file what the merge would bring, by the attributes
// there are, and touches nothing, not even the index's times.
func TestTry(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	for _, name := range []string{"heals", "clash", "clean", "notext", "odd\nname"} {
		c.Write(name, nine(nil))
	}
	c.Write(".gitattributes", "notext -merge\n")
	c.Commit("files")
	for branch, files := range map[string]map[string]map[int]string{
		"a": {"heals": {1: "A"}, "odd\nname": {1: "A"}, "notext": {1: "A"}, "clash": {5: "A"}, "clean": {1: "A"}},
		"b": {"heals": {2: "B"}, "odd\nname": {2: "B"}, "notext": {2: "B"}, "clash": {5: "B"}, "clean": {9: "B"}},
	} {
		c.Git("checkout", "-q", "-b", branch, "main")
		for name, changed := range files {
			c.Write(name, nine(changed))
		}
		c.Commit("all")
	}
	c.Write("README", "changed since\n")
	index := filepath.Join(c.Dir, ".git", "index")
	before := c.state()

	want := map[string]string{"heals": "", "odd\nname": "", "notext": "not to be merged as text (.gitattributes)", "clash": "the edits overlap"}
	for _, driver := range []string{"", Driver} { // which would heal before it could be told
		if driver != "" {
			c.Git("config", "merge.default", driver)
			c.Git("config", "merge."+driver+".driver", "exit 0")
			before = c.state()
		}
		stat := indexTime(t, index)
		all, err := Try(t.Context(), c.repo(), "a", "b", heal.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if indexTime(t, index) != stat {
			t.Error("the index was written")
		}
		if after := c.state(); after != before {
			t.Errorf("it changed\n%sinto\n%s", before, after)
		}
		got := map[string]string{}
		for _, h := range all {
			got[h.Path] = h.Reason()
			if h.Whole != (h.Reason() == "") {
				t.Errorf("%q: whole %v, but %q", h.Path, h.Whole, h.Reason())
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("driver %q: %q, want %q", driver, got, want)
		}
	}
	if all, err := Try(t.Context(), c.repo(), "a", "a~1", heal.Options{}); err != nil || len(all) > 0 {
		t.Errorf("with nothing to merge: %v, %v", all, err)
	}
	all, err := Try(t.Context(), c.repo(), "a", "b", heal.Options{Level: heal.Off})
	if err != nil || len(all) != len(want) {
		t.Fatal(all, err)
	}
	for _, h := range all {
		if h.Whole {
			t.Errorf("%q heals though rules are off", h.Path)
		}
	}
}

// state is what Try must leave alone: refs, index and work tree.
func (c *checkout) state() string {
	c.Helper()
	state := c.Git("for-each-ref") + c.Git("ls-files", "--stage", "-v") + c.Git("--no-optional-locks", "status", "--porcelain=v2", "--branch")
	for _, name := range strings.Split(strings.TrimSuffix(c.Git("ls-files", "-z"), "\x00"), "\x00") {
		state += name + c.read(name)
	}
	return state
}

func indexTime(t *testing.T, path string) string {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.ModTime().String()
}
