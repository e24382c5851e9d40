package launch

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/refstore/worktree"
)

// TestWorktreeDir: the sessions' worktrees stand beside the repository.
func TestWorktreeDir(t *testing.T) {
	for common, want := range map[string]string{
		"/home/t/app/.git":   "/home/t/app.worktrees",
		"/srv/hub.git":       "/srv/hub.worktrees",
		"/srv/separate":      "/srv/separate.worktrees",
		"/home/t/x.git/.git": "/home/t/x.worktrees",
	} {
		if got := WorktreeDir(&repo.Repo{CommonDir: common}); got != want {
			t.Errorf("%s: %s, want %s", common, got, want)
		}
	}
}

// TestAddWorktree: made once, found again wherever it was moved to, identified
// after a kill, and refused where something else or another session's worktree stands.
func TestAddWorktree(t *testing.T) {
	r := newWorktreeRepo(t)
	a, err := addWorktree(t, r, "A", "feat/a")
	if err != nil || !a.Made || a.Path != filepath.Join(WorktreeDir(r), "A") {
		t.Fatalf("%+v, %v", a, err)
	}
	if again, err := addWorktree(t, r, "A", "feat/a"); err != nil || again.Made || again.Path != a.Path {
		t.Errorf("again: %+v, %v", again, err)
	}
	moved := filepath.Join(t.TempDir(), "moved")
	gitIn(t, filepath.Dir(r.CommonDir), "worktree", "move", a.Path, moved)
	if again, err := addWorktree(t, r, "a", "feat/a"); err != nil || again.Made || again.Path != moved {
		t.Errorf("moved: %+v, %v", again, err)
	}
	gitDir, err := gitDirOf(moved)
	if err != nil {
		t.Fatal(err)
	}
	gitIn(t, filepath.Dir(r.CommonDir), "worktree", "move", moved, a.Path)
	if err := os.Remove(repo.SessionFileIn(gitDir)); err != nil {
		t.Fatal(err)
	}
	if again, err := addWorktree(t, r, "A", "feat/a"); err != nil || again.Path != a.Path {
		t.Errorf("killed: %+v, %v", again, err)
	}
	if id, err := os.ReadFile(repo.SessionFileIn(gitDir)); err != nil || string(id) != "A\n" {
		t.Errorf("identity %q (%v)", id, err)
	}
	if err := os.WriteFile(repo.SessionFileIn(gitDir), []byte("A-2\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	var exists *worktree.ExistsError
	if other, err := addWorktree(t, r, "A", "feat/other"); !errors.As(err, &exists) {
		t.Errorf("in the worktree of a session that is called otherwise by now: %+v, %v", other, err)
	}
	if err := os.MkdirAll(filepath.Join(WorktreeDir(r), "B", "x"), 0o777); err != nil {
		t.Fatal(err)
	}
	if b, err := addWorktree(t, r, "B", "feat/b"); err == nil {
		t.Errorf("in a folder with content: %+v", b)
	}
}

func addWorktree(t *testing.T, r *repo.Repo, session, branch string) (Worktree, error) {
	t.Helper()
	return AddWorktree(t.Context(), r, NewWorktree{Session: session, Branch: branch, Start: "HEAD"})
}

func newWorktreeRepo(t *testing.T) *repo.Repo {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "app")
	gitIn(t, "", "init", "-q", dir)
	gitIn(t, dir, "-c", "user.name=T", "-c", "user.email=t@example.com", "commit", "-q", "--allow-empty", "-m", "start")
	r, err := repo.Discover(os.Environ(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func gitIn(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %q: %v\n%s", args, err, out)
	}
}
