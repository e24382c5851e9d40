package install

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

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
