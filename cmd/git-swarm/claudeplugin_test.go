package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// claudePlugin: the client takes the plugin, without a network, and runs its hooks in
// worktrees; it costs little context. With hooks in the settings as well each event
// counts once.
func claudePlugin(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	s := newRepository(t)
	client := os.Getenv("SWARM_CLAUDE")
	for _, path := range []string{root, filepath.Join(root, "orchestrator", "install", "plugin")} {
		s.run(s.app, client, "plugin", "validate", "--strict", path)
	}
	s.run(s.app, client, "plugin", "marketplace", "add", root)
	s.run(s.app, client, "plugin", "install", "git-swarm@git-swarm", "--scope", "user")
	details := s.run(s.app, client, "plugin", "details", "git-swarm")
	cost := regexp.MustCompile(`Always-on: +~(\d+) tok`).FindStringSubmatch(details)
	if cost == nil {
		t.Fatalf("the client does not say what it costs:\n%s", details)
	}
	if n, _ := strconv.Atoi(cost[1]); n > 45 {
		t.Errorf("%d tokens are always on", n)
	}
	s.run(s.app, "git", "swarm", "init", "--sessions", "A:front B:back C:docs", "--worktrees")
	s.run(s.app, "git", "swarm", "claim", "--session", "C", "theirs.txt")
	steps := func(id string) []func(string) step {
		return []func(string) step{s.writes(id, "theirs.txt"), s.writes(id, "own-"+id+".txt")}
	}
	s.model.plan("A", steps("A")...)
	if err := s.client("A", "Begin.").Run(); err != nil {
		t.Fatal(err)
	}
	once := func(id, text string) {
		t.Helper()
		s.model.mu.Lock()
		defer s.model.mu.Unlock()
		requests := s.model.requests[id]
		if last := requests[len(requests)-1]; strings.Count(last, text) != 1 {
			t.Errorf("%s was told %q %d times", id, text, strings.Count(last, text))
		}
	}
	once("A", "you are session A")
	once("A", "'theirs.txt' is claimed by C")
	once("A", "before you stop")
	s.run(s.app, "git", "swarm", "init", "--claude")
	s.run(s.place("B"), "git", "swarm", "init", "--claude", "--shared")
	s.model.plan("B", steps("B")...)
	if err := s.client("B", "Begin.").Run(); err != nil {
		t.Fatal(err)
	}
	once("B", "you are session B")
	once("B", "'theirs.txt' is claimed by C")
	once("B", "before you stop")
	if out, _ := s.try(s.place("B"), "git", "swarm", "doctor"); !strings.Contains(out, "installed three times: each event counts once") {
		t.Errorf("doctor says:\n%s", out)
	}
}
