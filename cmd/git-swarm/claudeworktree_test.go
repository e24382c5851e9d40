package main

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// claudeEntered: clients that begin in the main checkout and enter worktrees of their
// own are sessions of their names, each in its worktree and on its branch; that they
// conflict is seen, and what they have reviewed is what they have there.
func claudeEntered(t *testing.T) {
	t.Parallel()
	s := newRepository(t)
	file(t, filepath.Join(s.app, "shared.txt"), "one\n")
	s.run(s.app, "git", "add", ".")
	s.run(s.app, "git", "commit", "-q", "-m", "shared")
	s.run(s.app, "git", "swarm", "init", "--claude")
	if out := s.run(s.app, "git", "check-ignore", ".claude/worktrees/x"); out == "" {
		t.Error("the client's worktrees are not ignored")
	}
	ids := []string{"alpha", "beta", "gamma"}
	met := newMeeting(len(ids))
	done := make(chan string, len(ids))
	for _, id := range ids {
		s.model.plan(id,
			func(string) step { return step{tool: "EnterWorktree", input: map[string]any{"name": "of-" + id}} },
			runs("echo "+id+" > shared.txt && git commit -qam 'by "+id+"'"),
			func(string) step {
				met.come()
				return runs("git swarm review request --to orchestrator")("")
			})
		cmd := s.client(id, "Begin.", "--name", id)
		cmd.Dir = s.app
		go func() {
			if err := cmd.Run(); err != nil {
				t.Errorf("%s: %v", id, err)
			}
			done <- id
		}()
	}
	for range ids {
		<-done
	}
	status := s.run(s.app, "git", "swarm", "status")
	for _, id := range ids {
		if !s.model.shown(id, "you are session "+id, 0) {
			t.Errorf("%s was not greeted as that", id)
		}
		if !regexp.MustCompile(`(?m)^` + id + ` .* worktree-of-` + id + `\b`).MatchString(status) {
			t.Errorf("%s is not on its branch:\n%s", id, status)
		}
	}
	dashboard := s.run(s.app, "git", "swarm", "orchestrate", "dashboard")
	if !strings.Contains(dashboard, "alpha, beta, gamma in shared.txt") {
		t.Errorf("that they conflict is not seen:\n%s", dashboard)
	}
	reviews := s.run(s.app, "git", "swarm", "review", "list", "--json")
	for _, id := range ids {
		if !strings.Contains(reviews, `"refs/heads/worktree-of-`+id+`"`) {
			t.Errorf("the review that %s asked for is not of its branch:\n%s", id, reviews)
		}
	}
	if out, err := s.try(s.app, "git", "swarm", "unclaim"); err == nil {
		t.Errorf("the main checkout is still a session's: %s", out)
	}
}

// claudeWorktreeHook: with swarm.worktreeHook, claude --worktree NAME is the session of
// that name, in its own worktree; a subagent's is made as the client does, and goes with
// the next one. Without it, the session is of that name as well, in the client's.
func claudeWorktreeHook(t *testing.T) {
	t.Parallel()
	s := newRepository(t)
	s.run(s.app, "git", "swarm", "init", "--sessions", "A:front", "--worktrees", "--claude")
	starts := func(name string) {
		t.Helper()
		cmd := s.client(name, "Begin.", "--worktree", name)
		cmd.Dir = s.app
		if err := cmd.Run(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	where := runs("pwd; git branch --show-current")
	begins := func(name string) {
		t.Helper()
		s.model.plan(name, where)
		starts(name)
	}
	told := func(name string, texts ...string) {
		t.Helper()
		for _, text := range texts {
			if !s.model.shown(name, text, 0) {
				t.Errorf("%s was not told %q", name, text)
			}
		}
	}
	begins("plain")
	told("plain", "you are session plain", s.app+"/.claude/worktrees/plain", "worktree-plain")
	s.run(s.app, "git", "config", "swarm.worktreeHook", "true")
	s.run(s.app, "git", "swarm", "init", "--claude")
	subagents := 0
	s.model.answers("A", func(shown string) step {
		switch {
		case strings.Contains(shown, "Look apart for me") && !strings.Contains(shown, "Begin."):
			return step{text: "nothing here"}
		case subagents == 2 && !strings.Contains(shown, "feat/front\\n") && strings.Contains(shown, "tool_result"):
			return where(shown)
		case subagents < 2 && strings.Count(shown, "nothing here") >= subagents:
			subagents++
			return step{tool: "Agent", input: map[string]any{"description": "apart", "prompt": "Look apart for me", "subagent_type": "general-purpose", "isolation": "worktree", "run_in_background": false}}
		}
		return step{text: "done"}
	})
	starts("A")
	told("A", "you are session A", s.place("A"), "feat/front", "you are A-1, a subagent of session A")
	begins("newone")
	told("newone", "you are session newone", s.place("newone"), "feat/newone")
	if out := s.run(s.app, "git", "worktree", "list"); strings.Count(out, "[worktree-agent-") != 1 {
		t.Errorf("of the worktrees of two subagents, one after the other, not only the last is there:\n%s", out)
	}
	s.run(s.app, "git", "swarm", "init", "--claude", "--remove")
	if out, err := s.try(s.app, "grep", "-r", "git-swarm", ".claude"); err == nil && !strings.Contains(out, "worktrees/") {
		t.Errorf("of the hooks is left: %s", out)
	}
}
