package repo_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestKnownUntracked: what is said to be untracked is so by git, in every form that git
// gives an index; and in the usual one git need not be asked.
func TestKnownUntracked(t *testing.T) {
	for name, form := range map[string]struct {
		arrange func(p *place)
		says    bool // of a path of which nothing is tracked
	}{
		"usual":      {func(*place) {}, true},
		"no index":   {func(p *place) { p.git("app", "rm", "-rq", "--cached", "."); _ = os.Remove(p.path("app/.git/index")) }, true},
		"version 3":  {func(p *place) { p.write("app/new", "x"); p.git("app", "add", "-N", "new") }, true},
		"version 4":  {func(p *place) { p.git("app", "update-index", "--index-version", "4") }, false},
		"split":      {func(p *place) { p.git("app", "update-index", "--split-index") }, false},
		"sparse":     {func(p *place) { p.git("app", "sparse-checkout", "set", "--cone", "--sparse-index", "kept") }, false},
		"not at all": {func(p *place) { p.write("app/.git/index", "DIRC") }, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			p.git("", "init", "-q", "app")
			for _, file := range []string{"src/deep/a.go", "src/deep/b.go", "kept/c.go", "top"} {
				if err := os.MkdirAll(filepath.Dir(p.path("app/"+file)), 0o777); err != nil {
					t.Fatal(err)
				}
				p.write("app/"+file, file)
			}
			p.git("app", "add", ".")
			p.git("app", "commit", "-q", "-m", "one")
			form.arrange(p)
			untracked := p.discover("app").KnownUntracked()
			for _, path := range []string{"src/deep/a.go", "src/deep/b.go", "src/deep", "src", "kept", "top", "new", "src/deep/a", "op", "none", "src/none/x.go", "näh"} {
				out, _ := p.try("app", "ls-files", "--", ":(top,literal)"+path)
				if untracked(path) && out != "" {
					t.Errorf("'%s' is said to be untracked, and git tracks %q", path, strings.Fields(out))
				}
			}
			if untracked("none/x.go") != form.says {
				t.Errorf("of a path with nothing: %v", !form.says)
			}
			p.env = append(p.env, "GIT_INDEX_FILE="+p.path("other"))
			if p.discover("app").KnownUntracked()("none/x.go") {
				t.Error("another index counts, and was not asked for")
			}
		})
	}
}
