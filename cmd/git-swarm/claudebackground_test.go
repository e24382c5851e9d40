package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// trusts has the client trust the repository, and so its worktrees.
func (s *swarmOf) trusts() {
	s.t.Helper()
	config, err := json.Marshal(map[string]any{
		"hasCompletedOnboarding": true, "theme": "dark", "customApiKeyResponses": map[string]any{"approved": []string{"stand-in"}, "rejected": []string{}},
		"projects": map[string]any{s.app: map[string]any{"hasTrustDialogAccepted": true}},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.home, ".claude.json"), config, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// launches lets git swarm find the client, which asks the model as "all".
func (s *swarmOf) launches() {
	s.t.Helper()
	bin := s.t.TempDir()
	if err := os.Symlink(os.Getenv("SWARM_CLAUDE"), filepath.Join(bin, "claude")); err != nil {
		s.t.Fatal(err)
	}
	s.env[0] = "PATH=" + bin + ":" + s.env[0][len("PATH="):]
	s.env = s.clientEnv("all")
}

// bash is a step that runs a command.
func bash(command string) step { return step{tool: "Bash", input: map[string]any{"command": command}} }

// claudeBackground: sessions in the background are themselves, although one service of
// the client's starts them all; a message wakes them, status knows them, and retire ends
// them.
func claudeBackground(t *testing.T) {
	t.Parallel()
	s := newSwarm(t, "A:front B:back")
	s.launches()
	t.Cleanup(func() {
		if t.Failed() {
			for _, file := range []string{"daemon.log", "jobs/*/state.json"} {
				out, _ := s.try(s.home, "sh", "-c", "cat .claude/"+file)
				t.Logf("%s: %.4000s", file, out)
			}
		}
		_, _ = s.try(s.app, os.Getenv("SWARM_CLAUDE"), "daemon", "stop", "--any")
	})
	if out, err := s.try(s.app, "git", "swarm", "launch", "A", "--background", "--task", "x"); err == nil || !strings.Contains(out, "Workspace not trusted") {
		t.Errorf("in a folder that is not trusted: %v\n%s", err, out)
	}
	s.trusts()
	s.model.answers("all", func(shown string) step {
		for _, id := range []string{"A", "B"} {
			if !strings.Contains(shown, "You are session "+id+" of a git swarm") {
				continue
			}
			if !strings.Contains(shown, "Wake up, the API moved") && !strings.Contains(shown, "speaks-as-"+id) {
				return bash("git swarm context add --category decision speaks-as-" + id)
			}
		}
		return step{text: "done"}
	})
	out := s.run(s.app, "git", "swarm", "launch", "A", "B", "--background", "--task", "Say who you are", "--", "--model", "opus")
	if strings.Count(out, "runs in the background: claude attach ") != 2 || strings.Contains(out, "not reported") {
		t.Errorf("launch said %s", out)
	}
	said := func() string { return s.run(s.app, "git", "swarm", "context", "show", "--json") }
	for end := time.Now().Add(90 * time.Second); !strings.Contains(said(), "speaks-as-A") || !strings.Contains(said(), "speaks-as-B"); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("they said:\n%s", said())
		}
	}
	for line := range strings.Lines(said()) {
		for _, id := range []string{"A", "B"} {
			if strings.Contains(line, "speaks-as-"+id) && !strings.Contains(line, `"`+id+`"`) {
				t.Errorf("%s does not speak as itself: %s", id, line)
			}
		}
	}
	s.becomes("A", "running")
	s.idle(2) // B, too: what comes before does not wake it
	s.run(s.app, "git", "swarm", "message", "--from", "A", "B", "Wake up, the API moved")
	if !s.model.shown("all", "Wake up, the API moved", 60*time.Second) {
		t.Error("B was not woken")
	}
	for _, id := range []string{"B", "A"} {
		if out := s.run(s.app, "git", "swarm", "retire", id); !strings.Contains(out, "Ended the client of "+id) {
			t.Errorf("retire said %s", out)
		}
	}
}
