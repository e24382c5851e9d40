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
