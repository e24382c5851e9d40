package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// claudeUnasked: with what init allows, and the project's test command, a session does a
// whole task without one question to its user: with nobody there, a question is a refusal.
func claudeUnasked(t *testing.T) {
	t.Parallel()
	s := newRepository(t)
	hub := filepath.Join(s.home, "hub.git")
	s.run(s.home, "git", "init", "-q", "--bare", "-b", "main", "hub.git")
	file(t, filepath.Join(s.app, "check.sh"), "grep -q price shop.py\n")
	file(t, filepath.Join(s.app, "shop.py"), "total = 1\n")
	s.run(s.app, "git", "add", ".")
	s.run(s.app, "git", "commit", "-q", "-m", "shop")
	s.run(s.app, "git", "remote", "add", "origin", hub)
	s.run(s.app, "git", "push", "-q", "-u", "origin", "main")
	s.run(s.app, "git", "config", "swarm.allow", "sh check.sh")
	s.run(s.app, "git", "swarm", "init", "--sessions", "A:front", "--worktrees", "--claude")
	s.model.plan("A",
		runs("git swarm sync"),
		runs("git swarm claim shop.py"),
		func(string) step {
			return step{tool: "Read", input: map[string]any{"file_path": filepath.Join(s.place("A"), "shop.py")}}
		},
		func(string) step {
			return step{tool: "Edit", input: map[string]any{"file_path": filepath.Join(s.place("A"), "shop.py"), "old_string": "total", "new_string": "price"}}
		},
		runs("sh check.sh 2>&1"),
		runs(`git swarm commit -a "rename total"`),
		s.writes("A", "new.txt"),
		runs(`git swarm commit "a new file" new.txt`),
		runs("git swarm push && git swarm status"),
		runs("env outside-the-rules=1 sh other.sh"))
	cmd := s.client("A", "Begin.")
	at := slices.Index(cmd.Args, "--allowedTools")
	cmd.Args = slices.Delete(cmd.Args, at, at+2)
	said, err := os.Create(filepath.Join(s.home, "said"))
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	cmd.Stdout = said
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(said.Name())
	if err != nil {
		t.Fatal(err)
	}
	_, denials, found := strings.Cut(string(content), `"permission_denials":[`)
	if denials, _, _ = strings.Cut(denials, "]"); !found || strings.Count(denials, `"tool_use_id"`) != 1 || !strings.Contains(denials, "outside-the-rules") {
		t.Errorf("the client refused %s", denials)
	}
	out, err := exec.Command("git", "-C", hub, "log", "--format=%s", "main").Output()
	if want := "[Session A] a new file\n[Session A] rename total\nshop\nstart\n"; err != nil || string(out) != want {
		t.Errorf("on main are %q, %v", out, err)
	}
}
