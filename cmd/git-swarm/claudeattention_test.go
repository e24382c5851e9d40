package main

import (
	"os"
	"strings"
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
