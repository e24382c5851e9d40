package install

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// hooked is a repository in whose environment git-swarm is a script that writes
// down how it was called, and what it was given.
type hooked struct {
	*testing.T
	dir   string
	env   []string
	calls string
}

func newHooked(t *testing.T) *hooked {
	t.Helper()
	top := t.TempDir()
	h := &hooked{T: t, dir: filepath.Join(top, "app"), calls: filepath.Join(top, "calls")}
	bin := filepath.Join(top, "bin")
	h.file(filepath.Join(bin, "git-swarm"), "#!/bin/sh\n(echo \"swarm $*\"; cat) >> "+h.calls+"\nexit ${SWARM_SAYS:-0}\n", 0o755)
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "GIT_") && !strings.HasPrefix(kv, "PATH=") {
			h.env = append(h.env, kv)
		}
	}
	h.env = append(h.env, "PATH="+bin+":"+os.Getenv("PATH"), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=T", "GIT_AUTHOR_EMAIL=t@example.com", "GIT_COMMITTER_NAME=T", "GIT_COMMITTER_EMAIL=t@example.com")
	h.git("", "init", "-q", "--template=", "-b", "main", h.dir)
	h.git("", "init", "-q", "--template=", "--bare", h.dir+".hub")
	h.git(h.dir, "remote", "add", "origin", h.dir+".hub")
	return h
}

func (h *hooked) file(path, content string, mode fs.FileMode) {
	h.Helper()
	err := os.MkdirAll(filepath.Dir(path), 0o777)
	err = errors.Join(err, os.WriteFile(path, []byte(content), mode), os.Chmod(path, mode))
	if err != nil {
		h.Fatal(err)
	}
}

func (h *hooked) try(dir string, args ...string) (int, string) {
	h.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Env = dir, h.env
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		h.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

func (h *hooked) git(dir string, args ...string) {
	h.Helper()
	if code, out := h.try(dir, args...); code != 0 {
		h.Fatalf("git %q: %s", args, out)
	}
}

func (h *hooked) repo(dir string) *repo.Repo {
	h.Helper()
	r, err := repo.Discover(h.env, dir)
	if err != nil {
		h.Fatal(err)
	}
	return r
}

func (h *hooked) install(dir string) {
	h.Helper()
	if err := InstallGitHooks(h.Context(), h.repo(dir), PreCommit, PrePush); err != nil {
		h.Fatal(err)
	}
}

func (h *hooked) remove(dir string) {
	h.Helper()
	if err := RemoveGitHooks(h.Context(), h.repo(dir), PreCommit, PrePush); err != nil {
		h.Fatal(err)
	}
}

// said is what was written down since it was last asked.
func (h *hooked) said() string {
	h.Helper()
	content, err := os.ReadFile(h.calls)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		h.Fatal(err)
	}
	_ = os.Remove(h.calls)
	return string(content)
}

// tree is every file below dir with mode and content, and where links point.
func (h *hooked) tree(dir string) string {
	h.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		content, _ := os.ReadFile(path)
		to, _ := os.Readlink(path)
		fmt.Fprintf(&b, "%s %s %q %q\n", path, info.Mode(), content, to)
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		h.Fatal(err)
	}
	return b.String()
}

func (h *hooked) commit(dir string, args ...string) (int, string) {
	h.Helper()
	return h.try(dir, append([]string{"commit", "-q", "--allow-empty", "-m", "x"}, args...)...)
}

// git calls our hooks with its arguments and input; they refuse; --no-verify
// skips them; and a second installation changes nothing.
func TestGitHooks(t *testing.T) {
	h := newHooked(t)
	hooks := filepath.Join(h.dir, ".git", "hooks")
	before := h.tree(hooks)
	h.install(h.dir)
	installed := h.tree(hooks)
	h.install(h.dir)
	if again := h.tree(hooks); again != installed || strings.Count(again, "\n") != 2 {
		t.Errorf("installed twice:\n%s, not\n%s", again, installed)
	}
	if code, out := h.commit(h.dir); code != 0 {
		t.Fatal(out)
	}
	if got := h.said(); got != "swarm hook pre-commit\n" {
		t.Errorf("commit: %q", got)
	}
	h.git(h.dir, "push", "-q", "origin", "main", "main:other")
	got := h.said()
	lines := strings.Split(got, "\n")
	if len(lines) != 4 || lines[0] != "swarm hook pre-push origin "+h.dir+".hub" || !strings.HasPrefix(lines[1], "refs/heads/main ") || !strings.Contains(lines[2], " refs/heads/other 0000") {
		t.Errorf("push: %q", got)
	}
	h.env = append(h.env, "SWARM_SAYS=3")
	if code, _ := h.commit(h.dir); code == 0 {
		t.Error("a commit that the hook refuses is made")
	}
	if code, _ := h.try(h.dir, "push", "-q", "origin", "main:third"); code == 0 {
		t.Error("a push that the hook refuses is made")
	}
	h.said()
	if code, out := h.commit(h.dir, "--no-verify"); code != 0 || h.said() != "" {
		t.Errorf("commit --no-verify: %s", out)
	}
	if code, out := h.try(h.dir, "push", "-q", "--no-verify", "origin", "main"); code != 0 || h.said() != "" {
		t.Errorf("push --no-verify: %s", out)
	}
	h.remove(h.dir)
	h.remove(h.dir)
	if after := h.tree(hooks); after != before {
		t.Errorf("removed:\n%s, not\n%s", after, before)
	}
}

// A repository whose git-swarm is gone goes on as if there were no hook of ours.
func TestGitHooksWithoutProgram(t *testing.T) {
	h := newHooked(t)
	bin := t.TempDir()
	for _, name := range []string{"git", "sh", "cat"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	h.install(h.dir)
	h.env = append(h.env, "PATH="+bin)
	if code, out := h.commit(h.dir); code != 0 || out != "" || h.said() != "" {
		t.Errorf("commit: %s", out)
	}
	if code, out := h.try(h.dir, "push", "-q", "origin", "main"); code != 0 || out != "" || h.said() != "" {
		t.Errorf("push: %s", out)
	}
}

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

// outside is all below top but for the git dir.
func (h *hooked) outside(top string) string {
	var kept []string
	for line := range strings.Lines(h.tree(top)) {
		if !strings.HasPrefix(line, filepath.Join(h.dir, ".git")+"/") && !strings.HasPrefix(line, h.calls+" ") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
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

// names are the entries of dir with their kinds.
func (h *hooked) names(dir string) string {
	h.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		h.Fatal(err)
	}
	return fmt.Sprint(entries)
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
