package hook

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// in reports an event of an agent without a name of git swarm's, from a folder.
func (w *world) in(dir, agent, title, event string) {
	w.Helper()
	r, err := repo.Discover(os.Environ(), dir)
	w.Must(err)
	h := w.handler("")
	h.Repo, h.Env = r, nil
	h.Input = Input{Session: agent, Title: title, Dir: dir, PID: os.Getpid()}
	w.Must(h.Run(w.Context(), event))
}

// worktree adds one, on a branch of its name, and returns it and its git dir.
func (w *world) worktree(name string) (dir, gitDir string) {
	w.Helper()
	dir = filepath.Join(w.TempDir(), name)
	w.Git("worktree", "add", "-q", "-b", name, dir)
	return dir, filepath.Join(w.repo.CommonDir, "worktrees", name)
}

// identity is the session that a checkout is of.
func identity(gitDir string) string {
	content, _ := os.ReadFile(repo.SessionFileIn(gitDir))
	return strings.TrimSpace(string(content))
}

// TestFollow: a session is where its agent works, also in a worktree that the agent has
// entered since; it has the name that its user gave it.
func TestFollow(t *testing.T) {
	w := newWorld(t)
	w.in(w.Dir, "one", "Fix the login", agents.SessionStart)
	if got := identity(w.repo.CommonDir); got != "Fix-the-login" {
		t.Fatalf("the main checkout is of %q", got)
	}
	entered, gitDir := w.worktree("entered")
	w.in(entered, "one", "", agents.Batch)
	at, ok := agents.CheckoutOf(w.repo, "Fix-the-login")
	if main := identity(w.repo.CommonDir); !ok || at.GitDir() != gitDir || identity(gitDir) != "Fix-the-login" || main != "" {
		t.Errorf("it works in %+v, the worktree is of %q, the main checkout of %q", at, identity(gitDir), main)
	}
	s, err := w.bus.Session(t.Context(), "Fix-the-login")
	if err != nil || s.Branch != "entered" || agents.Heads(w.repo)[s.ID] != "refs/heads/entered" {
		t.Errorf("it is on %q, %v", s.Branch, err)
	}
	w.in(w.Dir, "one", "", agents.Batch) // it has left the worktree, which stays
	if at, _ := agents.CheckoutOf(w.repo, s.ID); at.GitDir() != w.repo.CommonDir {
		t.Errorf("back in the main checkout it works in %+v", at)
	}
	w.in(entered, "next", "", agents.SessionStart) // and who comes there next is another session
	if got := identity(gitDir); got == "" || got == s.ID {
		t.Errorf("the worktree that it has left is of %q", got)
	}
	w.in(entered, "next", "", agents.SessionEnd)
	w.Must(os.Remove(repo.SessionFileIn(gitDir)))
	w.in(entered, "one", "", agents.Batch)
	if identity(w.repo.CommonDir) != "" {
		t.Error("the main checkout was not left a second time")
	}
	w.in(w.Dir, "two", "", agents.SessionStart)
	if got := identity(w.repo.CommonDir); got != "main" {
		t.Errorf("who comes next is %q", got)
	}
}

// TestFollowOwnBranch: a session with a worktree and a branch made for it goes on to have
// both when its agent enters another worktree.
func TestFollowOwnBranch(t *testing.T) {
	w := newWorld(t)
	own, ownDir := w.worktree("made")
	w.Must(os.WriteFile(repo.SessionFileIn(ownDir), []byte("A\n"), 0o666))
	w.in(own, "one", "Other name", agents.SessionStart)
	entered, gitDir := w.worktree("entered")
	w.in(entered, "one", "", agents.Batch)
	s, err := w.bus.Session(t.Context(), "A")
	if at, _ := agents.CheckoutOf(w.repo, "A"); err != nil || at.GitDir() != gitDir || identity(ownDir) != "A" || s.Branch != "feat/front" || agents.Heads(w.repo)["A"] != "refs/heads/entered" {
		t.Errorf("it works in %+v, its worktree is of %q, its branch is %q, %v", at, identity(ownDir), s.Branch, err)
	}
	if all, err := w.bus.Sessions(t.Context()); err != nil || len(all) != 2 {
		t.Errorf("there are %+v, %v", all, err)
	}
}

// TestFollowNot: another session's worktree is not taken by a visit, and a session that
// may have changed something in the main checkout keeps it.
func TestFollowNot(t *testing.T) {
	w := newWorld(t)
	theirs, gitDir := w.worktree("theirs")
	w.Must(os.WriteFile(repo.SessionFileIn(gitDir), []byte("A\n"), 0o666))
	w.in(w.Dir, "one", "", agents.SessionStart)
	w.in(theirs, "one", "", agents.Batch)
	s, err := w.bus.Session(t.Context(), "main")
	if at, _ := agents.CheckoutOf(w.repo, "main"); err != nil || identity(gitDir) != "A" || at.GitDir() != w.repo.CommonDir || s.Branch != "main" {
		t.Errorf("after a visit in the worktree of %q main works in %+v, on %q, %v", identity(gitDir), at, s.Branch, err)
	}
	_, err = w.handler("A").Claims.Grant(t.Context(), "main", lock.Request{Paths: []string{"kept.txt"}})
	w.Must(err)
	entered, enteredDir := w.worktree("entered")
	w.in(entered, "one", "", agents.Batch)
	if got := identity(w.repo.CommonDir); got != "main" {
		t.Errorf("with claims, the main checkout is of %q", got)
	}
	w.in(w.Dir, "one", "", agents.Batch)
	if got := identity(enteredDir); got != "main" {
		t.Errorf("with claims, the worktree that it has left is of %q", got)
	}
}

// TestFollowSubagent: where a subagent works is not where its session does.
func TestFollowSubagent(t *testing.T) {
	w := newWorld(t)
	w.in(w.Dir, "one", "", agents.SessionStart)
	dir, gitDir := w.worktree("apart")
	r, err := repo.Discover(os.Environ(), dir)
	w.Must(err)
	h := w.handler("")
	h.Repo, h.Env, h.Input = r, nil, Input{Session: "one", Subagent: "sub", Dir: w.Dir, PID: os.Getpid()}
	w.Must(h.Run(t.Context(), agents.Batch))
	if got := identity(gitDir); got != "" {
		t.Errorf("the subagent's worktree is of %q", got)
	}
	if at, _ := agents.CheckoutOf(w.repo, "main"); at.GitDir() != w.repo.CommonDir {
		t.Errorf("its session works in %+v", at)
	}
}
