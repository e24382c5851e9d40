package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// claudeStart: from what a person wants built to sessions that have built it. The
// orchestrator is the real client on a terminal, and starts the others itself.
func claudeStart(t *testing.T) {
	s := newRepository(t)
	bin := t.TempDir()
	if err := os.Symlink(os.Getenv("SWARM_CLAUDE"), filepath.Join(bin, "claude")); err != nil {
		t.Fatal(err)
	}
	s.env[0] = "PATH=" + bin + ":" + s.env[0][len("PATH="):]
	bash := func(command string) step { return step{tool: "Bash", input: map[string]any{"command": command}} }
	s.model.answers("all", func(shown string) step {
		for _, id := range []string{"A", "B"} {
			if strings.Contains(shown, "You are session "+id+" of a git swarm") {
				if strings.Contains(shown, "tool_result") {
					return step{text: "done"}
				}
				return s.writes(id, id+".txt")("")
			}
		}
		switch {
		case !strings.Contains(shown, "A works in"):
			return bash(`git swarm init --sessions "A:front B:back" --worktrees`)
		case !strings.Contains(shown, "A| "):
			return bash(`git swarm launch A B --headless --task "Write your file"`)
		}
		return step{text: "All is built."}
	})
	s.onTerminal("all", s.app, "git", "swarm", "start", "Build a shop")
	if !s.model.shown("all", "A| done", 90*time.Second) || !s.model.shown("all", "B| done", 30*time.Second) {
		t.Fatalf("the orchestrator did not hear of its sessions' ends, in %d requests", s.model.count("all"))
	}
	for _, text := range []string{"You are the orchestrator of a git swarm", "Build a shop", "git swarm: you are session orchestrator", "git swarm: you are session A", "Write your file"} {
		if !s.model.shown("all", text, 0) {
			t.Errorf("nobody was told %q", text)
		}
	}
	for _, id := range []string{"A", "B"} {
		if _, err := os.Stat(filepath.Join(s.place(id), id+".txt")); err != nil {
			t.Error(err)
		}
		if out := s.run(s.app, "git", "log", "--author="+id, "--format=%s", "refs/swarm/claims"); out != "claim "+id+".txt\n" {
			t.Errorf("%s claimed %q", id, out)
		}
	}
	rules, err := os.ReadFile(filepath.Join(s.app, "CLAUDE.md"))
	if err != nil || !strings.Contains(string(rules), "git swarm: begin") {
		t.Errorf("CLAUDE.md is %q, %v", rules, err)
	}
}

// claudeKilled: a session that is killed is seen to be gone, and what it holds
// can be taken over at once.
func claudeKilled(t *testing.T) {
	s := newSwarm(t, "A:front B:back")
	s.model.plan("B", s.writes("B", "held.txt"), runs("sleep 30"))
	cmd := s.client("B", "Do the task.")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if !s.model.asked("B", 2, 60*time.Second) {
		t.Fatal("the session did not get to its second step")
	}
	out, err := s.try(s.place("A"), "git", "swarm", "claim", "--takeover", "held.txt")
	if err == nil || !strings.Contains(out, "claimed by B") {
		t.Errorf("while B is alive: %v, %s", err, out)
	}
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	out, err = s.try(s.place("A"), "git", "swarm", "claim", "held.txt")
	if err == nil || !strings.Contains(out, "git swarm claim --takeover held.txt") {
		t.Errorf("once B is killed: %v, %s", err, out)
	}
	s.run(s.place("A"), "git", "swarm", "claim", "--takeover", "held.txt")
}
