package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// meeting lets nobody go on before all have come, or time is up.
type meeting struct {
	missing sync.WaitGroup
	all     chan struct{}
}

func newMeeting(n int) *meeting {
	m := &meeting{all: make(chan struct{})}
	m.missing.Add(n)
	go func() { m.missing.Wait(); close(m.all) }()
	return m
}

// come reports whether all have come.
func (m *meeting) come() bool {
	m.missing.Done()
	select {
	case <-m.all:
		return true
	case <-time.After(3 * time.Minute):
		return false
	}
}

// claudeFleet: four clients, ten with SWARM_RACE=long, work at once from their
// greeting to their end. A file that all want is granted to one at a time, news comes
// within a turn, everything lands, and nobody is held at the end.
func claudeFleet(t *testing.T) {
	n := 4
	if os.Getenv("SWARM_RACE") == "long" {
		n = 10
	}
	s := newRepository(t)
	hub := filepath.Join(s.home, "hub.git")
	s.run(s.home, "git", "init", "-q", "--bare", "-b", "main", "hub.git")
	s.run(s.app, "git", "remote", "add", "origin", hub)
	s.run(s.app, "git", "push", "-q", "-u", "origin", "main")
	var ids, sessions []string
	for i := range n {
		ids = append(ids, fmt.Sprintf("S%d", i))
		sessions = append(sessions, fmt.Sprintf("S%d:part%d", i, i))
	}
	s.run(s.app, "git", "swarm", "init", "--sessions", strings.Join(sessions, " "), "--worktrees", "--claude")
	ready, tried, told := newMeeting(n), newMeeting(n), newMeeting(n)
	together := func(m *meeting, does step) func(string) step {
		return func(string) step {
			if !m.come() {
				t.Error("not all sessions came so far")
			}
			return does
		}
	}
	for i, id := range ids {
		s.model.plan(id,
			s.writes(id, "own-"+id+".txt"),
			together(ready, s.writes(id, "contended.txt")("")),
			together(tried, runs(fmt.Sprintf("git swarm message %s 'Urgent: NEWS-%s'", ids[(i+1)%n], id))("")),
			together(told, runs("true")("")),
			runs(fmt.Sprintf("git add -A && git swarm commit 'work of %s' && git swarm push --to main && echo LANDED-%s", id, id)))
	}
	wait := s.work(ids)
	<-tried.all // each has its own file, and one has the other
	during := s.run(s.app, "git", "swarm", "orchestrate", "dashboard")
	wait()
	s.fleetWasTold(ids)
	for _, id := range ids {
		if !strings.Contains(during, "own-"+id+".txt") {
			t.Errorf("the dashboard does not show what %s claims:\n%s", id, during)
		}
	}
	log := s.run(hub, "git", "log", "--format=%s", "main")
	for _, id := range ids {
		if strings.Count(log, "work of "+id+"\n") != 1 {
			t.Errorf("main does not have the work of %s once:\n%s", id, log)
		}
		s.becomes(id, "ended")
	}
	after := s.run(s.app, "git", "swarm", "orchestrate", "dashboard") + s.run(s.app, "git", "swarm", "status")
	if strings.Contains(after, "unlanded") || strings.Contains(after, "running") {
		t.Errorf("at the end:\n%s", after)
	}
	if out := s.run(s.app, "git", "swarm", "claims", "--json"); strings.Contains(out, "own-") || strings.Contains(out, "contended") {
		t.Errorf("at the end are claimed: %s", out)
	}
	s.run(s.app, "git", "swarm", "fsck")
}

// fleetWasTold checks what reached each model.
func (s *swarmOf) fleetWasTold(ids []string) {
	s.t.Helper()
	grants := strings.Count(s.run(s.app, "git", "log", "--format=%s%n%b", "refs/swarm/claims", "--grep=^claim contended.txt$"), "claim contended.txt\n")
	var winner string
	for _, id := range ids {
		if !s.model.shown(id, "is claimed by", 0) {
			winner += id
		}
	}
	if len(winner) != 2 || grants != 1 {
		s.t.Errorf("contended.txt went to %q, in %d grants", winner, grants)
	}
	for i, id := range ids {
		before := ids[(i+len(ids)-1)%len(ids)]
		for _, text := range []string{"git swarm: you are session " + id, "SendMessage leaves no trace in git", "NEWS-" + before, "LANDED-" + id} {
			if !s.model.shown(id, text, 0) {
				s.t.Errorf("%s was not told %q", id, text)
			}
		}
		if id != winner && !s.model.shown(id, "'contended.txt' is claimed by "+winner, 0) {
			s.t.Errorf("%s was not told who has the file", id)
		}
		for _, text := range []string{"before you stop", "Stop hook feedback"} {
			if s.model.shown(id, text, 0) {
				s.t.Errorf("%s was held at the end: %q", id, text)
			}
		}
	}
}
