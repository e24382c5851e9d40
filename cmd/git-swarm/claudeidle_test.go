package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"
)

// claudeIdle: a session that waits for its user is woken by a message.
func claudeIdle(t *testing.T) {
	s := newSwarm(t, "A:front B:back")
	s.run(s.app, "git", "config", "swarm.linger", "true")
	s.model.plan("B")
	in := s.begins(s.client("B", "--input-format", "stream-json"), "B", "Begin.")
	s.wakes("B")
	_ = in.Close()
}

// begins starts a session's client, which takes its prompts as a stream, and returns
// once its model has this one. It ends some time after its input.
func (s *swarmOf) begins(cmd *exec.Cmd, session, prompt string) io.Closer {
	s.t.Helper()
	in, err := cmd.StdinPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	fmt.Fprintf(in, `{"type":"user","message":{"role":"user","content":%q}}`+"\n", prompt)
	if !s.model.shown(session, prompt, 60*time.Second) {
		s.t.Fatalf("%s did not begin", session)
	}
	return in
}

// wakes sends a message to a session that is idle, and expects it to be told.
func (s *swarmOf) wakes(id string) {
	s.t.Helper()
	s.waits()
	before := s.model.count(id)
	began := time.Now()
	s.run(s.app, "git", "swarm", "message", "--from", "A", id, "Wake up, the API moved")
	if !s.model.shown(id, "Wake up, the API moved", 30*time.Second) {
		s.t.Fatalf("the idle session was not woken (%d requests before, %d now)", before, s.model.count(id))
	}
	s.t.Logf("woken after %s", time.Since(began).Round(time.Millisecond))
}

// claudeTerminal: the same with the client on a terminal, as a person uses it:
// there, nothing has to be configured.
func claudeTerminal(t *testing.T) {
	s := newSwarm(t, "A:front B:back")
	s.model.plan("B")
	typed := s.onTerminal("B", s.place("B"), os.Getenv("SWARM_CLAUDE"))
	// What is typed before the client reads its terminal waits there.
	typed("Begin.")
	for range 30 {
		if s.model.shown("B", "Begin.", time.Second) {
			break
		}
		typed("\r")
	}
	if s.model.count("B") == 0 {
		t.Fatal("the session did not begin")
	}
	s.wakes("B")
}
