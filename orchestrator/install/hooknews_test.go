package install

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// TestNewsOfHooks: whoever has git look elsewhere for hooks, or replaces ours, is noticed
// without a process being started; what was put right is no news.
func TestNewsOfHooks(t *testing.T) {
	h := newHooked(t)
	global := filepath.Join(filepath.Dir(h.dir), "gitconfig")
	h.file(global, "", 0o666)
	h.env = append(h.env, "GIT_CONFIG_GLOBAL="+global)
	linked := h.dir + ".linked"
	h.git(h.dir, "commit", "-q", "--allow-empty", "-m", "start")
	h.git(h.dir, "worktree", "add", "-q", linked)
	install := func() {
		t.Helper()
		if err := InstallGitHooks(t.Context(), h.repo(h.dir), PreCommit, PrePush); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Now()
	later := func(path string) { // than all before: a file system's clock may stand still meanwhile
		t.Helper()
		now = now.Add(time.Second)
		if err := os.Chtimes(path, now, now); err != nil {
			t.Fatal(err)
		}
	}
	is := func(when, dir, path string, missing ...string) {
		t.Helper()
		for range 2 { // the second one is of what was remembered
			if got := NewsOfHooks(h.repo(dir)); got.Path != path || !slices.Equal(got.Missing, missing) {
				t.Errorf("%s: %+v", when, got)
			}
		}
	}
	is("before", h.dir, "")
	install()
	is("installed", h.dir, "")

	h.git(h.dir, "config", "--global", "core.hooksPath", "/elsewhere")
	later(global)
	is("the user's own file", h.dir, "/elsewhere")
	is("the user's own file, in a worktree", linked, "/elsewhere")
	install()
	is("put back behind theirs", linked, "")
	h.git(h.dir, "config", "--global", "--unset", "core.hooksPath")
	later(global)
	install()
	is("in place again", h.dir, "")

	own := filepath.Join(h.dir, ".git", "hooks", PrePush)
	if err := os.Rename(own, own+".old"); err != nil {
		t.Fatal(err)
	}
	h.file(own, "#!/bin/sh\n", 0o777)
	later(filepath.Dir(own))
	is("replaced by a manager", linked, "", PrePush)
	install()
	is("put back beside it", linked, "")

	states, err := HookStates(t.Context(), h.repo(h.dir))
	if err != nil || len(states) == 0 || len(states[0].Missing) > 0 {
		t.Fatalf("%+v, %v", states, err)
	}
	put := filepath.Join(states[0].Dir, PrePush)
	for _, mode := range []os.FileMode{0o666, 0o777} {
		if err := os.Chmod(put, mode); err != nil {
			t.Fatal(err)
		}
		states, err := HookStates(t.Context(), h.repo(h.dir))
		if err != nil || slices.Contains(states[0].Missing, PrePush) != (mode == 0o666) {
			t.Errorf("with mode %o: %+v, %v", mode, states, err)
		}
	}

	h.git(h.dir, "config", "extensions.worktreeConfig", "true")
	later(filepath.Join(h.dir, ".git", "config"))
	is("worktrees may have their own", linked, "")
	h.git(linked, "config", "--worktree", "core.hooksPath", ".theirs")
	later(filepath.Join(h.repo(linked).GitDir, "config.worktree"))
	is("a worktree's own", linked, ".theirs")
	is("a worktree's own, seen from another", h.dir, "")
}

// TestRenewGitHooks: hooks that a version before installed, in one checkout and under no
// record, are brought to every worktree and watched; so are those that are not watched yet.
func TestRenewGitHooks(t *testing.T) {
	h := newHooked(t)
	h.git(h.dir, "commit", "-q", "--allow-empty", "-m", "start")
	h.git(h.dir, "worktree", "add", "-q", h.dir+".linked")
	r := h.repo(h.dir)
	renew := func() {
		t.Helper()
		if err := RenewGitHooks(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	renew()
	if states, err := HookStates(t.Context(), h.repo(h.dir)); err != nil || len(states) > 0 {
		t.Errorf("where none were: %+v, %v", states, err)
	}
	own := filepath.Join(h.dir, ".git", "hooks", PreCommit)
	h.file(own, "#!/bin/sh\n"+hookMark+"\n[ ! -x \"$0"+chained+"\" ] || \"$0"+chained+"\" || exit\nexec git-swarm hook pre-commit\n", 0o777)
	h.file(own+chained, "#!/bin/sh\necho theirs >>../theirs\n", 0o777)
	if old, err := OldGitHooks(t.Context(), r); err != nil || !slices.Equal(old, []string{PreCommit}) {
		t.Errorf("%q, %v", old, err)
	}
	renew()
	states, err := HookStates(t.Context(), h.repo(h.dir))
	if err != nil || len(states) != 2 || len(states[0].Missing)+len(states[1].Missing) > 0 {
		t.Errorf("%+v, %v", states, err)
	}
	if old, err := OldGitHooks(t.Context(), r); err != nil || len(old) > 0 {
		t.Errorf("then: %q, %v", old, err)
	}
	h.git(h.dir, "commit", "-q", "--allow-empty", "-m", "more")
	if _, err := os.Stat(filepath.Join(filepath.Dir(h.dir), "theirs")); err != nil {
		t.Errorf("theirs did not run: %v", err)
	}
	seen := hooksPathSeen(r)
	if err := os.Remove(seen); err != nil {
		t.Fatal(err)
	}
	renew()
	if _, err := os.Stat(seen); err != nil {
		t.Error(err)
	}
}
