package merge

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/git-swarm/git-swarm/merge/heal"
)

// TestTry: it tells of each file what the merge would bring, by the attributes
// there are, and touches nothing, not even the index's times.
func TestTry(t *testing.T) {
	t.Parallel()
	a, b := oneField(t)
	for _, name := range []string{"heals", "clash", "clean", "notext", "odd\nname"} {
		a.write(name, nine(nil))
	}
	a.commit("files", ".gitattributes", "notext -merge\n")
	a.push()
	b.pull()
	for f, lines := range map[*field]map[string]map[int]string{
		a: {"heals": {1: "A"}, "odd\nname": {1: "A"}, "notext": {1: "A"}, "clash": {5: "A"}, "clean": {1: "A"}},
		b: {"heals": {2: "B"}, "odd\nname": {2: "B"}, "notext": {2: "B"}, "clash": {5: "B"}, "clean": {9: "B"}},
	} {
		for name, changed := range lines {
			f.write(name, nine(changed))
		}
		f.git("commit", "-q", "-a", "-m", "all")
	}
	b.write("A", "changed since\n")
	index := filepath.Join(b.git("rev-parse", "--absolute-git-dir"), "index")
	before := b.state()

	want := map[string]string{"heals": "", "odd\nname": "", "notext": "not to be merged as text (.gitattributes)", "clash": "the edits overlap"}
	for _, driver := range []string{"", Driver} { // which would heal before it could be told
		if driver != "" {
			b.git("config", "merge.default", driver)
			b.git("config", "merge."+driver+".driver", "exit 0")
			before = b.state()
		}
		stat := indexTime(t, index)
		all, err := Try(t.Context(), b.repo(), "feat/A", "feat/B", heal.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if indexTime(t, index) != stat {
			t.Error("the index was written")
		}
		if after := b.state(); after != before {
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
	if all, err := Try(t.Context(), b.repo(), "feat/A", "feat/A~1", heal.Options{}); err != nil || len(all) > 0 {
		t.Errorf("with nothing to merge: %v, %v", all, err)
	}
	all, err := Try(t.Context(), b.repo(), "feat/A", "feat/B", heal.Options{Level: heal.Off})
	if err != nil || len(all) != len(want) {
		t.Fatal(all, err)
	}
	for _, h := range all {
		if h.Whole {
			t.Errorf("%q heals though rules are off", h.Path)
		}
	}
}

func indexTime(t *testing.T, path string) string {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.ModTime().String()
}
