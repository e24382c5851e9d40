package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// claudeSubagent: a subagent that is told to sync does not take its session's
// messages; the session itself reads them.
func claudeSubagent(t *testing.T) {
	s := newSwarm(t, "A:front B:back")
	s.run(s.app, "git", "swarm", "message", "--from", "B", "A", "The types are out, use v2")
	step1 := false
	s.model.answers("A", func(shown string) step {
		inside := strings.Contains(shown, "Look around for me") && !strings.Contains(shown, "Do the task.")
		switch {
		case inside && strings.Contains(shown, "tool_result"):
			return step{text: "nothing here"}
		case inside:
			return runs("git swarm sync")("")
		case !step1:
			step1 = true
			return step{tool: "Agent", input: map[string]any{"description": "look", "prompt": "Look around for me", "subagent_type": "general-purpose"}}
		case !strings.Contains(shown, "own sync"):
			return runs("git swarm inbox && echo own sync")("")
		}
		return step{text: "done"}
	})
	cmd := s.client("A", "Do the task.")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	if !s.model.shown("A", "its messages are for it to read", 0) {
		t.Error("the subagent was not denied")
	}
	if !s.model.shown("A", "Leave git swarm sync and inbox to it", 0) {
		t.Error("the subagent was not told at its start")
	}
	if !s.model.shown("A", "The types are out, use v2", 0) {
		t.Error("the session did not hear of its message")
	}
}

// claudeIsolated: a subagent that the client puts into a worktree of its own is a session
// of its own there, whose commands are its own, too; what its session holds is refused,
// and its session is told of what it leaves.
func claudeIsolated(t *testing.T) {
	s := newSwarm(t, "A:front B:back")
	s.run(s.app, "git", "swarm", "claim", "--session", "A", "held.txt")
	started := false
	inside := 0
	s.model.answers("A", func(shown string) step {
		if strings.Contains(shown, "Write apart for me") && !strings.Contains(shown, "Do the task.") {
			inside++
			switch inside {
			case 1:
				return step{tool: "Write", input: map[string]any{"file_path": "held.txt", "content": "x"}}
			case 2:
				return step{tool: "Write", input: map[string]any{"file_path": "apart.txt", "content": "x"}}
			case 3:
				return runs("git add apart.txt && git commit -q -m apart && git swarm claim more.txt")("")
			}
			return step{text: "nothing more here"}
		}
		if !started {
			started = true
			return step{tool: "Agent", input: map[string]any{"description": "apart", "prompt": "Write apart for me", "subagent_type": "general-purpose", "isolation": "worktree"}}
		}
		return step{text: "done"}
	})
	if err := s.client("A", "Do the task.").Run(); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"you are A-1, a subagent of session A", "'held.txt' is claimed by A", "Your subagent A-1 has ended"} {
		if !s.model.shown("A", text, 0) {
			t.Errorf("A was not shown %q", text)
		}
	}
	claims := s.run(s.app, "git", "swarm", "claims")
	if !regexp.MustCompile(`(?m)^apart\.txt +A-1 `).MatchString(claims) {
		t.Errorf("apart.txt is not A-1's:\n%s", claims)
	}
	if strings.Contains(claims, "more.txt") {
		t.Errorf("what was claimed and not changed was not given back:\n%s", claims)
	}
}

// claudeRefused: a file whose edit was refused is free with the next batch; a denied
// session that waits in the background is woken when the file is its own, and the
// holder is told of it in one line.
func claudeRefused(t *testing.T) {
	s := newSwarm(t, "A:front B:back C:docs")
	s.model.plan("A",
		func(string) step {
			return step{tool: "Edit", input: map[string]any{"file_path": filepath.Join(s.place("A"), "missing.txt"), "old_string": "a", "new_string": "b"}}
		},
		s.writes("A", "kept.txt"),
		runs("git swarm claims"))
	if err := s.client("A", "Begin.").Run(); err != nil {
		t.Fatal(err)
	}
	if out := s.run(s.app, "git", "swarm", "claims"); strings.Contains(out, "missing.txt") || !strings.Contains(out, "kept.txt") {
		t.Errorf("after an edit that failed and one that did not:\n%s", out)
	}
	s.run(s.app, "git", "swarm", "claim", "--session", "C", "mail.py")
	s.model.plan("B",
		s.writes("B", "mail.py"),
		func(string) step {
			return step{tool: "Bash", input: map[string]any{"command": "git swarm claim --wait 30m mail.py", "run_in_background": true}}
		},
		func(string) step { return step{text: "waiting"} })
	in := s.begins(s.client("B", "--input-format", "stream-json"), "B", "Begin.")
	if !s.model.shown("B", "in the background run: git swarm claim --wait 30m mail.py", 60*time.Second) {
		t.Fatal("the denial does not say how to wait")
	}
	for end := time.Now().Add(60 * time.Second); !strings.Contains(s.run(s.app, "git", "swarm", "inbox", "--session", "C"), "I wait for mail.py"); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the holder was not told")
		}
	}
	before := s.model.count("B")
	s.run(s.app, "git", "swarm", "unclaim", "--session", "C", "mail.py")
	if !s.model.asked("B", before+1, 60*time.Second) {
		t.Fatal("the session was not woken when the file was its own")
	}
	if out := s.run(s.app, "git", "swarm", "claims"); !strings.Contains(out, "mail.py   B") {
		t.Errorf("the file is not B's:\n%s", out)
	}
	_ = in.Close()
	_ = os.Remove(filepath.Join(s.place("B"), "mail.py"))
}
