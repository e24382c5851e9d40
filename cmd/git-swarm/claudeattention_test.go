package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// becomes waits until git swarm status says so of the session.
func (s *swarmOf) becomes(session, state string) {
	s.t.Helper()
	var out string
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		out = s.run(s.app, "git", "swarm", "status")
		for line := range strings.Lines(out) {
			if fields := strings.Fields(line); len(fields) > 2 && fields[0] == session && strings.HasPrefix(strings.Join(fields[2:], " "), state) {
				return
			}
		}
	}
	s.t.Fatalf("%s is not %q:\n%s", session, state, out)
}

// claudeAsks: a client at a permission prompt asks its user, whatever shows sessions
// says so, and the answer ends it.
func claudeAsks(t *testing.T) {
	s := newSwarm(t, "A:front B:back")
	s.model.plan("B", s.writes("B", "mail.py"), func(string) step { return step{text: "written"} })
	s.becomes("B", "not started")
	typed := s.onTerminal("B", s.place("B"), os.Getenv("SWARM_CLAUDE"), "--permission-mode", "default")
	typed("Begin.")
	for range 30 {
		if s.model.shown("B", "Begin.", time.Second) {
			break
		}
		typed("\r")
	}
	s.becomes("B", "asks its user: Write mail.py")
	if out := s.run(s.app, "git", "swarm", "orchestrate", "dashboard"); !strings.Contains(out, "Waiting for their user\n  B, for ") {
		t.Errorf("the dashboard does not say so:\n%s", out)
	}
	if out, err := s.try(s.place("A"), "git", "swarm", "claim", "--session", "A", "mail.py"); err == nil || !strings.Contains(out, "B: asks its user: Write mail.py") {
		t.Errorf("the refusal does not say so: %v\n%s", err, out)
	}
	typed("\r") // yes
	if !s.model.shown("B", "tool_result", 60*time.Second) {
		t.Fatal("the file was not written")
	}
	s.becomes("B", "running")
}

// claudeWakesOrchestrator: an idle orchestrating agent is woken when a session says
// that it is blocked, and when one's client is killed in the middle of its work.
func claudeWakesOrchestrator(t *testing.T) {
	s := newSwarm(t, "A:front B:back")
	s.run(s.app, "git", "config", "swarm.linger", "true")
	s.model.plan("orchestrator")
	cmd := s.client("orchestrator", "--input-format", "stream-json")
	cmd.Dir, cmd.Env = s.app, append(cmd.Env, "GIT_SWARM_SESSION=orchestrator")
	in := s.begins(cmd, "orchestrator", "Watch.")
	s.waits()
	s.run(s.app, "git", "swarm", "update", "B", "--session", "B", "--status", "blocked", "--note", "which currency?")
	if !s.model.shown("orchestrator", `B is blocked: which currency?`, 60*time.Second) {
		t.Fatal("the orchestrator was not woken for the session that is blocked")
	}
	hang := make(chan struct{})
	defer close(hang)
	s.model.plan("A", s.writes("A", "mail.py"), func(string) step { <-hang; return step{text: "done"} })
	worker := s.client("A", "Begin.")
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	if !s.model.shown("A", "tool_result", 60*time.Second) {
		t.Fatal("A did not write its file")
	}
	s.waits()
	_ = syscall.Kill(-worker.Process.Pid, syscall.SIGKILL)
	_ = worker.Wait()
	if !s.model.shown("orchestrator", "A has ended with unlanded work", 60*time.Second) {
		t.Fatal("the orchestrator was not woken for the client that was killed")
	}
	s.becomes("A", "ended, with unlanded work")
	_ = in.Close()
}

// waits returns once a client's waiter waits for messages.
func (s *swarmOf) waits() {
	s.t.Helper()
	s.idle(1)
}

// idle returns once the waiters of so many clients wait for messages.
func (s *swarmOf) idle(clients int) {
	s.t.Helper()
	waiters := filepath.Join(s.app, ".git", "swarm", "agents", "*.wait")
	for end := time.Now().Add(60 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if found, _ := filepath.Glob(waiters); len(found) >= clients {
			return
		}
		if time.Now().After(end) {
			s.t.Fatal("nothing waits for the idle session's messages")
		}
	}
}
