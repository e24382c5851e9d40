package install

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Hooks that were there run first, in their own place and under their own name, with
// what git gives them; their refusal is the refusal; and all is put back as it was.
func TestGitHooksOfOthers(t *testing.T) {
	h := newHooked(t)
	hooks := filepath.Join(h.dir, ".git", "hooks")
	theirs := "#!/bin/sh\n(echo \"theirs $0 $*\"; cat) >> " + h.calls + "\nexit ${THEIRS_SAYS:-0}\n"
	h.file(filepath.Join(hooks, "pre-push"), theirs, 0o755)
	h.file(filepath.Join(hooks, "real-pre-commit"), theirs, 0o700)
	if err := os.Symlink("real-pre-commit", filepath.Join(hooks, "pre-commit")); err != nil {
		t.Fatal(err)
	}
	before, config := h.tree(hooks), h.tree(filepath.Join(h.dir, ".git", "config"))
	h.install(h.dir)
	h.install(h.dir)
	if after := h.tree(hooks); after != before {
		t.Errorf("installed:\n%s, not\n%s", after, before)
	}
	if code, out := h.commit(h.dir); code != 0 || h.said() != "theirs "+hooks+"/pre-commit \nswarm hook pre-commit\n" {
		t.Errorf("commit: %s", out)
	}
	h.git(h.dir, "push", "-q", "origin", "main", "main:other")
	first, second, ok := strings.Cut(h.said(), "swarm hook pre-push ")
	if first, ok2 := strings.CutPrefix(first, "theirs "+hooks+"/pre-push "); !ok || !ok2 || first != second || strings.Count(first, "\n") != 3 {
		t.Errorf("push: theirs got %q, ours %q", first, second)
	}
	h.file(filepath.Join(hooks, "commit-msg"), theirs, 0o755) // one that came later
	if code, out := h.commit(h.dir); code != 0 || !strings.Contains(h.said(), "theirs "+hooks+"/commit-msg .git/COMMIT_EDITMSG\n") {
		t.Errorf("commit: %s", out)
	}
	_ = os.Remove(filepath.Join(hooks, "commit-msg"))
	h.env = append(h.env, "THEIRS_SAYS=7")
	if code, _ := h.commit(h.dir); code == 0 || h.said() != "theirs "+hooks+"/pre-commit \n" {
		t.Error("a commit that their hook refuses")
	}
	ours := filepath.Join(dispatchDir(h.repo(h.dir)), "pre-push")
	cmd := exec.Command(ours, "a b", "*")
	cmd.Env, cmd.Dir = h.env, h.dir
	if _ = cmd.Run(); cmd.ProcessState.ExitCode() != 7 || h.said() != "theirs "+hooks+"/pre-push a b *\n" {
		t.Errorf("their exit code becomes %d", cmd.ProcessState.ExitCode())
	}
	h.env = append(h.env, "THEIRS_SAYS=0", "SWARM_SAYS=5")
	cmd = exec.Command(ours)
	cmd.Env, cmd.Dir = h.env, h.dir
	if _ = cmd.Run(); cmd.ProcessState.ExitCode() != 5 {
		t.Errorf("our exit code becomes %d", cmd.ProcessState.ExitCode())
	}
	h.remove(h.dir)
	if after := h.tree(hooks) + h.tree(filepath.Join(h.dir, ".git", "config")) + h.tree(filepath.Join(h.dir, ".git", "swarm")); after != before+config {
		t.Errorf("removed:\n%s, not\n%s", after, before+config)
	}
}

// A hook that git would not run, for it is not executable, is not run by us.
func TestGitHooksDisabled(t *testing.T) {
	h := newHooked(t)
	path := filepath.Join(h.dir, ".git", "hooks", "pre-commit")
	h.file(path, "#!/bin/sh\nexit 1\n", 0o644)
	before := h.tree(filepath.Dir(path))
	h.install(h.dir)
	if code, out := h.commit(h.dir); code != 0 || h.said() != "swarm hook pre-commit\n" {
		t.Errorf("commit: %s", out)
	}
	h.remove(h.dir)
	if after := h.tree(filepath.Dir(path)); after != before {
		t.Errorf("removed:\n%s", after)
	}
}

// What git does only where a hook is there is as if ours were not: refs are written in
// process, and a push into the checkout is refused or not as git has it.
func TestGitHooksSometimes(t *testing.T) {
	h := newHooked(t)
	h.git(h.dir, "config", "core.hooksPath", ".hooks")
	h.install(h.dir)
	if ok, why := h.repo(h.dir).InProcess(); !ok {
		t.Errorf("refs are not written in process: %s", why)
	}
	theirs := filepath.Join(h.dir, ".hooks", "reference-transaction")
	h.file(theirs, "#!/bin/sh\necho $1 $(cat) >> "+h.calls+"\n", 0o755)
	h.install(h.dir)
	if ok, _ := h.repo(h.dir).InProcess(); ok {
		t.Error("their reference-transaction hook is not seen")
	}
	h.git(h.dir, "update-ref", "refs/x/y", "4b825dc642cb6eb9a060e54bf8d69288fbee4904", "")
	if said := h.said(); !strings.Contains(said, "committed 0000000000000000000000000000000000000000 4b825dc642cb6eb9a060e54bf8d69288fbee4904 refs/x/y") {
		t.Errorf("it did not run: %q", said)
	}
}

// What is no regular file is a hook of somebody else: neither read nor waited for.
func TestGitHooksNotRegular(t *testing.T) {
	h := newHooked(t)
	hooks := filepath.Join(h.dir, ".git", "hooks")
	other := filepath.Join(t.TempDir(), "other")
	h.file(other, ownScript("pre-push"), 0o755)
	err := errors.Join(os.MkdirAll(hooks, 0o777), syscall.Mkfifo(filepath.Join(hooks, "pre-commit"), 0o755), os.Symlink(other, filepath.Join(hooks, "pre-push")))
	if err != nil {
		t.Fatal(err)
	}
	before := h.names(hooks)
	h.install(h.dir)
	h.remove(h.dir)
	if after := h.names(hooks); after != before {
		t.Errorf("%s, not %s", after, before)
	}
}

// Another program that installs its hook over ours keeps it; the next installation
// puts ours behind it, and a removal leaves it.
func TestGitHooksReplaced(t *testing.T) {
	h := newHooked(t)
	h.install(h.dir)
	path := filepath.Join(h.dir, ".git", "hooks", "pre-push")
	h.file(path, "#!/bin/sh\necho theirs >> "+h.calls+"\n", 0o755)
	if states, err := HookStates(t.Context(), h.repo(h.dir)); err != nil || fmt.Sprint(states[0].Missing) != "[pre-push]" || GuardsPush(h.repo(h.dir)) {
		t.Errorf("not noticed: %+v, %v", states, err)
	}
	h.commit(h.dir)
	h.said()
	h.install(h.dir)
	h.git(h.dir, "push", "-q", "origin", "main")
	if said := h.said(); !strings.HasPrefix(said, "theirs\nswarm hook pre-push ") || !GuardsPush(h.repo(h.dir)) {
		t.Errorf("push: %q", said)
	}
	// lefthook follows core.hooksPath into our folder.
	h.file(filepath.Join(dispatchDir(h.repo(h.dir)), "pre-push"), "#!/bin/sh\necho newer >> "+h.calls+"\n", 0o755)
	h.install(h.dir)
	h.git(h.dir, "push", "-q", "origin", "main:other")
	if said := h.said(); !strings.HasPrefix(said, "newer\nswarm hook pre-push ") {
		t.Errorf("push: %q", said)
	}
	h.remove(h.dir)
	h.git(h.dir, "push", "-q", "origin", "main:third")
	if said := h.said(); said != "newer\n" {
		t.Errorf("removed, a push: %q", said)
	}
	// Where hooks are content there is no place for it.
	h.git(h.dir, "config", "core.hooksPath", ".hooks")
	h.install(h.dir)
	h.file(filepath.Join(dispatchDir(h.repo(h.dir)), "commit-msg"), "#!/bin/sh\n", 0o755)
	if err := InstallGitHooks(t.Context(), h.repo(h.dir), PrePush); !errors.Is(err, ErrForeignHook) || strings.Contains(err.Error(), "\n") {
		t.Errorf("installed over another: %v", err)
	}
}

// Hooks of the version before, which kept others' under another name, become the
// present ones, or go; also after an installation that was killed half-way.
func TestGitHooksOfVersionBefore(t *testing.T) {
	old := func(name string) string {
		return "#!/bin/sh\n" + hookMark + "\ninput=$(cat)\nif [ -x \"$0.before-git-swarm\" ]; then\n\tprintf '%s' \"$input\" | \"$0.before-git-swarm\" \"$@\" || exit\nfi\nprintf '%s' \"$input\" | git-swarm hook " + name + " \"$@\"\n"
	}
	for _, c := range []struct{ name, config, dir string }{{"the git dir", "", ".git/hooks"}, {"content", ".hooks", ".hooks"}} {
		t.Run(c.name, func(t *testing.T) {
			h := newHooked(t)
			if c.config != "" {
				h.git(h.dir, "config", "core.hooksPath", c.config)
			}
			hooks := filepath.Join(h.dir, c.dir)
			theirs := "#!/bin/sh\necho theirs >> " + h.calls + "\n"
			for _, next := range []func(string){h.remove, h.install} {
				for _, killed := range []bool{false, true} {
					h.file(filepath.Join(hooks, "pre-commit"+chained), theirs, 0o755)
					if !killed {
						h.file(filepath.Join(hooks, "pre-commit"), old("pre-commit"), 0o755)
						h.file(filepath.Join(hooks, "pre-push"), old("pre-push"), 0o755)
					}
					next(h.dir)
					if code, out := h.commit(h.dir); code != 0 || !strings.HasPrefix(h.said(), "theirs\n") {
						t.Errorf("commit: %s", out)
					}
					h.remove(h.dir)
					if left := h.names(hooks); left != "[- pre-commit]" {
						t.Errorf("left: %s", left)
					}
					_ = os.Remove(filepath.Join(hooks, "pre-commit"))
				}
			}
		})
	}
}
