package install

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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

// names are the entries of dir with their kinds.
func (h *hooked) names(dir string) string {
	h.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		h.Fatal(err)
	}
	return fmt.Sprint(entries)
}
