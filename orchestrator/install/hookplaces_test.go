package install

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Our hooks count in every worktree, wherever core.hooksPath leads, and nothing is
// written there: into a folder of content, or one that serves other repositories too.
func TestGitHooksWhere(t *testing.T) {
	for _, c := range []struct{ name, config, from string }{
		{"the git dir", "", "app/sub"},
		{"the git dir, from a linked worktree", "", "linked"},
		{"elsewhere", "HERE/elsewhere", "app/sub"},
		{"in each work tree", ".hooks", "app"},
		{"in each work tree, from a linked one", ".hooks", "linked"},
		{"nowhere", os.DevNull, "app"},
		{"a name that a shell would split", "HERE/it's a \"folder\"", "app"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHooked(t)
			top := filepath.Dir(h.dir)
			theirs := "#!/bin/sh\necho \"theirs $0\" >> " + h.calls + "\n"
			path := strings.Replace(c.config, "HERE", top, 1)
			h.file(filepath.Join(h.dir, ".hooks", "pre-commit"), theirs, 0o755)
			h.file(filepath.Join(h.dir, "sub", "file"), "x", 0o644)
			h.git(h.dir, "add", ".")
			h.git(h.dir, "commit", "-q", "-m", "start")
			h.git(h.dir, "worktree", "add", "-q", "../linked")
			ran := ""
			if c.config != "" {
				h.git(h.dir, "config", "core.hooksPath", path)
			}
			if c.config != "" && c.config != os.DevNull {
				ran = "theirs " + path + "/pre-commit\n"
			}
			if filepath.IsAbs(path) && path != os.DevNull {
				h.file(filepath.Join(path, "pre-commit"), theirs, 0o755)
			}
			before := h.outside(top)
			h.install(filepath.Join(top, c.from))
			for _, dir := range []string{h.dir, filepath.Join(h.dir, "sub"), filepath.Join(top, "linked")} {
				if code, out := h.commit(dir); code != 0 || h.said() != ran+"swarm hook pre-commit\n" {
					t.Errorf("commit in %s: %s", dir, out)
				}
			}
			h.git(h.dir, "config", "--local", "user.name", "T") // a change by somebody else
			if after := h.outside(top); after != before {
				t.Errorf("changed:\n%s, from\n%s", after, before)
			}
			states, err := HookStates(t.Context(), h.repo(h.dir))
			if err != nil || len(states) != 2 || len(states[0].Missing)+len(states[1].Missing) != 0 || len(states[1].Present) != 2 {
				t.Errorf("%+v, %v", states, err)
			}
			h.remove(filepath.Join(top, c.from))
			if code, out := h.commit(h.dir); code != 0 || h.said() != ran {
				t.Errorf("removed, a commit: %s", out)
			}
			if _, out := h.try(h.dir, "config", "--local", "--list"); strings.Contains(out, "include") || strings.Contains(out, "swarm") {
				t.Errorf("left in the configuration: %s", out)
			}
		})
	}
}

// In a bare repository, and in one that was moved: there the user's hooks count as ever,
// ours are missed, and the next installation puts them back.
func TestGitHooksMoved(t *testing.T) {
	h := newHooked(t)
	h.git("", "init", "-q", "--template=", "--bare", h.dir+".bare")
	h.install(h.dir + ".bare")
	if _, err := os.Stat(h.dir + ".bare/hooks/pre-push"); err != nil {
		t.Error(err)
	}
	h.git(h.dir, "config", "core.hooksPath", ".hooks")
	h.file(filepath.Join(h.dir, ".hooks", "pre-commit"), "#!/bin/sh\necho theirs >> "+h.calls+"\n", 0o755)
	h.install(h.dir)
	there := filepath.Join(t.TempDir(), "moved")
	if err := os.Rename(h.dir, there); err != nil {
		t.Fatal(err)
	}
	if code, out := h.commit(there); code != 0 || h.said() != "theirs\n" {
		t.Errorf("commit: %s", out)
	}
	if changed := HooksPathChanged(h.repo(there)); changed != ".hooks" {
		t.Errorf("it is not noticed: %q", changed)
	}
	h.install(there)
	if code, out := h.commit(there); code != 0 || h.said() != "theirs\nswarm hook pre-commit\n" {
		t.Errorf("commit: %s", out)
	}
	if changed := HooksPathChanged(h.repo(there)); changed != "" {
		t.Errorf("still noticed: %q", changed)
	}
	h.remove(there)
	if _, out := h.try(there, "config", "--local", "--list"); strings.Contains(out, "include") {
		t.Errorf("left in the configuration: %s", out)
	}
}

// What lies behind a link, which may have come with a commit, is run as git runs it,
// and not written to.
func TestGitHooksThroughLinks(t *testing.T) {
	for _, c := range []struct{ name, config, link, to, from string }{
		{"the folder", ".hooks", "app/.hooks", "HERE/victim", "app"},
		{"the folder, from a linked worktree", "HERE/app/.hooks", "app/.hooks", "HERE/victim", "linked"},
		{"in a linked worktree", ".hooks", "linked/.hooks", "../victim", "linked"},
		{"a folder above it", ".dev/hooks", "app/.dev", "../victim", "app"},
		{"to itself", ".hooks", "app/.hooks", ".hooks", "app"},
		{"from the git dir", "", "app/.git/hooks", "../sub", "app"},
		{"in the git dir", "", "app/.git/hooks", "HERE/victim", "app"},
		{"outside", "HERE/elsewhere", "elsewhere", "victim", "app"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHooked(t)
			top := filepath.Dir(h.dir)
			here := strings.NewReplacer("HERE", top).Replace
			h.file(filepath.Join(h.dir, "sub", "file"), "x", 0o644)
			h.git(h.dir, "add", ".")
			h.git(h.dir, "commit", "-q", "-m", "start")
			h.git(h.dir, "worktree", "add", "-q", "../linked")
			h.file(filepath.Join(top, "victim", "pre-commit"+chained), "#!/bin/sh\n", 0o755)
			if c.config != "" {
				h.git(h.dir, "config", "core.hooksPath", here(c.config))
			}
			if err := os.Symlink(here(c.to), filepath.Join(top, c.link)); err != nil {
				t.Fatal(err)
			}
			before := h.outside(top)
			if c.name == "in the git dir" || c.name == "outside" { // the user's: what a version before kept there goes back
				before = strings.Replace(before, "pre-commit"+chained, "pre-commit", 1)
			}
			from := filepath.Join(top, c.from)
			h.install(from)
			if after := h.outside(top); after != before {
				t.Errorf("changed:\n%s, from\n%s", after, before)
			}
			if code, out := h.commit(from); code != 0 || h.said() != "swarm hook pre-commit\n" {
				t.Errorf("commit: %s", out)
			}
			h.remove(from)
			if after := h.outside(top); after != before {
				t.Errorf("removed:\n%s, not\n%s", after, before)
			}
		})
	}
}
