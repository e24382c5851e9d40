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
	if err := InstallGitHooks(h.Context(), h.repo(dir)); err != nil {
		h.Fatal(err)
	}
}

func (h *hooked) remove(dir string) {
	h.Helper()
	if err := RemoveGitHooks(h.Context(), h.repo(dir)); err != nil {
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
	if again := h.tree(hooks); again != installed || strings.Count(again, "\n") != len(gitHooks) {
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

// Hooks that were there run first, with what git gives them; their refusal is
// the refusal; and they are put back as they were.
func TestGitHooksChained(t *testing.T) {
	h := newHooked(t)
	hooks := filepath.Join(h.dir, ".git", "hooks")
	theirs := "#!/bin/sh\n(echo \"theirs $*\"; cat) >> " + h.calls + "\nexit ${THEIRS_SAYS:-0}\n"
	h.file(filepath.Join(hooks, "pre-push"), theirs, 0o755)
	h.file(filepath.Join(hooks, "real-pre-commit"), theirs, 0o700)
	if err := os.Symlink("real-pre-commit", filepath.Join(hooks, "pre-commit")); err != nil {
		t.Fatal(err)
	}
	before := h.tree(hooks)
	h.install(h.dir)
	h.install(h.dir)
	if code, out := h.commit(h.dir); code != 0 || h.said() != "theirs \nswarm hook pre-commit\n" {
		t.Errorf("commit: %s", out)
	}
	h.git(h.dir, "push", "-q", "origin", "main", "main:other")
	first, second, ok := strings.Cut(h.said(), "swarm hook pre-push ")
	if first, ok2 := strings.CutPrefix(first, "theirs "); !ok || !ok2 || first != second || strings.Count(first, "\n") != 3 {
		t.Errorf("push: theirs got %q, ours %q", first, second)
	}
	h.env = append(h.env, "THEIRS_SAYS=7")
	if code, _ := h.commit(h.dir); code == 0 || h.said() != "theirs \n" {
		t.Error("a commit that their hook refuses")
	}
	cmd := exec.Command(filepath.Join(hooks, "pre-push"), "a b", "*")
	cmd.Env, cmd.Dir = h.env, h.dir
	if _ = cmd.Run(); cmd.ProcessState.ExitCode() != 7 || h.said() != "theirs a b *\n" {
		t.Errorf("their exit code becomes %d", cmd.ProcessState.ExitCode())
	}
	h.env = append(h.env, "THEIRS_SAYS=0", "SWARM_SAYS=5")
	cmd = exec.Command(filepath.Join(hooks, "pre-push"))
	cmd.Env, cmd.Dir = h.env, h.dir
	if _ = cmd.Run(); cmd.ProcessState.ExitCode() != 5 {
		t.Errorf("our exit code becomes %d", cmd.ProcessState.ExitCode())
	}
	h.remove(h.dir)
	if after := h.tree(hooks); after != before {
		t.Errorf("removed:\n%s, not\n%s", after, before)
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

// Hooks are where git looks for them: for all worktrees in one place, from any
// folder, or where core.hooksPath says.
func TestGitHooksWhere(t *testing.T) {
	for _, c := range []struct{ name, config, where, from string }{
		{"the main worktree", "", "app/.git/hooks", "app"},
		{"a folder of it", "", "app/.git/hooks", "app/sub"},
		{"a linked worktree", "", "app/.git/hooks", "linked"},
		{"hooksPath", "HERE/elsewhere", "elsewhere", "app/sub"},
		{"hooksPath in the work tree", ".hooks", "app/.hooks", "app"},
		{"hooksPath in the work tree, from a folder", ".hooks", "app/.hooks", "app/sub"},
		{"hooksPath in a linked worktree", ".hooks", "linked/.hooks", "linked"},
		{"a bare repository", "", "bare.git/hooks", "bare.git"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHooked(t)
			top := filepath.Dir(h.dir)
			h.file(filepath.Join(h.dir, "sub", "file"), "x", 0o644)
			h.git(h.dir, "add", ".")
			h.git(h.dir, "commit", "-q", "-m", "start")
			h.git(h.dir, "worktree", "add", "-q", "../linked")
			h.git("", "init", "-q", "--template=", "--bare", filepath.Join(top, "bare.git"))
			if c.config != "" {
				h.git(h.dir, "config", "core.hooksPath", strings.Replace(c.config, "HERE", top, 1))
			}
			from, where := filepath.Join(top, c.from), filepath.Join(top, c.where)
			h.install(from)
			for _, name := range gitHooks {
				if _, err := os.Stat(filepath.Join(where, name)); err != nil {
					t.Error(err)
				}
			}
			if c.from != "bare.git" {
				if code, out := h.commit(from); code != 0 || h.said() != "swarm hook pre-commit\n" {
					t.Errorf("commit: %s", out)
				}
			}
			h.remove(from)
			if left := h.tree(where); left != "" {
				t.Errorf("left behind: %s", left)
			}
		})
	}
}

// A link that lies in the work tree leads to no folder of hooks: it may have come
// with a commit. One in the git dir, or outside, is the user's.
func TestGitHooksThroughLinks(t *testing.T) {
	for _, c := range []struct {
		name, config, link, to, from string
		refused                      bool
	}{
		{"the folder", ".hooks", "app/.hooks", "HERE/victim", "app", true},
		{"the folder, from a linked worktree", "HERE/app/.hooks", "app/.hooks", "HERE/victim", "linked", true},
		{"in a linked worktree", ".hooks", "linked/.hooks", "../victim", "linked", true},
		{"a folder above it", ".dev/hooks", "app/.dev", "../victim", "app", true},
		{"a folder that is to be made", ".dev/a/hooks", "app/.dev", "../victim", "app", true},
		{"within the work tree", ".hooks", "app/.hooks", "sub", "app", true},
		{"into the git dir", ".hooks", "app/.hooks", ".git", "app", true},
		{"to itself", ".hooks", "app/.hooks", ".hooks", "app", true},
		{"from the git dir", "", "app/.git/hooks", "../sub", "app", false},
		{"in the git dir", "", "app/.git/hooks", "HERE/victim", "app", false},
		{"outside", "HERE/elsewhere", "elsewhere", "victim", "app", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHooked(t)
			top := filepath.Dir(h.dir)
			here := strings.NewReplacer("HERE", top).Replace
			h.file(filepath.Join(h.dir, "sub", "file"), "x", 0o644)
			h.git(h.dir, "add", ".")
			h.git(h.dir, "commit", "-q", "-m", "start")
			h.git(h.dir, "worktree", "add", "-q", "../linked")
			h.file(filepath.Join(top, "victim", "pre-commit"), "#!/bin/sh\n", 0o755)
			if c.config != "" {
				h.git(h.dir, "config", "core.hooksPath", here(c.config))
			}
			if err := os.Symlink(here(c.to), filepath.Join(top, c.link)); err != nil {
				t.Fatal(err)
			}
			before := h.tree(top)
			err := InstallGitHooks(t.Context(), h.repo(filepath.Join(top, c.from)))
			if errors.Is(err, ErrLink) != c.refused || (err != nil) != c.refused {
				t.Errorf("install: %v", err)
			}
			if after := h.tree(top); c.refused && after != before {
				t.Errorf("changed:\n%s, from\n%s", after, before)
			}
			err = RemoveGitHooks(t.Context(), h.repo(filepath.Join(top, c.from)))
			if errors.Is(err, ErrLink) != c.refused || (err != nil) != c.refused {
				t.Errorf("remove: %v", err)
			}
			if after := h.tree(top); after != before {
				t.Errorf("removed:\n%s, not\n%s", after, before)
			}
		})
	}
}

// What is no regular file is a hook of somebody else: kept, and neither read nor
// waited for.
func TestGitHooksNotRegular(t *testing.T) {
	h := newHooked(t)
	hooks := filepath.Join(h.dir, ".git", "hooks")
	other := filepath.Join(t.TempDir(), "other")
	h.file(other, hookScript("pre-push"), 0o755)
	err := errors.Join(os.MkdirAll(hooks, 0o777), syscall.Mkfifo(filepath.Join(hooks, "pre-commit"), 0o755), os.Symlink(other, filepath.Join(hooks, "pre-push")))
	if err != nil {
		t.Fatal(err)
	}
	h.install(h.dir)
	for name, mode := range map[string]fs.FileMode{"pre-commit": fs.ModeNamedPipe, "pre-push": fs.ModeSymlink} {
		if info, err := os.Lstat(filepath.Join(hooks, name+chained)); err != nil || info.Mode().Type() != mode {
			t.Errorf("%s: %v", name, err)
		}
	}
	h.remove(h.dir)
	for name, mode := range map[string]fs.FileMode{"pre-commit": fs.ModeNamedPipe, "pre-push": fs.ModeSymlink} {
		if info, err := os.Lstat(filepath.Join(hooks, name)); err != nil || info.Mode().Type() != mode {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What another program puts in the place of ours is never lost, nor is what ours
// kept before.
func TestGitHooksReplaced(t *testing.T) {
	h := newHooked(t)
	hooks := filepath.Join(h.dir, ".git", "hooks")
	path := filepath.Join(hooks, "pre-push")
	h.file(path, "#!/bin/sh\n# the first\n", 0o755)
	h.install(h.dir)
	h.file(path, "#!/bin/sh\n# the second\n", 0o755)
	if err := os.Remove(filepath.Join(hooks, "pre-commit")); err != nil {
		t.Fatal(err)
	}
	before := h.tree(hooks)
	if err := InstallGitHooks(t.Context(), h.repo(h.dir)); !errors.Is(err, ErrKept) || strings.Contains(err.Error(), "\n") {
		t.Errorf("installed over another: %v", err)
	}
	h.remove(h.dir)
	if after := h.tree(hooks); after != before {
		t.Errorf("changed:\n%s, from\n%s", after, before)
	}
}

// An installation that was killed after it put a hook aside is finished by the
// next one, or undone.
func TestGitHooksKilled(t *testing.T) {
	h := newHooked(t)
	hooks := filepath.Join(h.dir, ".git", "hooks")
	path := filepath.Join(hooks, "pre-commit")
	h.file(path, "#!/bin/sh\necho theirs >> "+h.calls+"\n", 0o755)
	before := h.tree(hooks)
	for _, next := range []func(string){h.remove, h.install} {
		if err := os.Rename(path, path+chained); err != nil {
			t.Fatal(err)
		}
		next(h.dir)
		if code, out := h.commit(h.dir); code != 0 || !strings.HasPrefix(h.said(), "theirs\n") {
			t.Errorf("commit: %s", out)
		}
	}
	h.remove(h.dir)
	if after := h.tree(hooks); after != before {
		t.Errorf("removed:\n%s, not\n%s", after, before)
	}
}
