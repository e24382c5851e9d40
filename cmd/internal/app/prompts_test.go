package app

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/orchestrator/install"
	"github.com/git-swarm/git-swarm/orchestrator/launch"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// TestPromptsNameRealCommands parses every command in the texts that agents are
// given as the command line would.
func TestPromptsNameRealCommands(t *testing.T) {
	session, err := launch.SessionPrompt{
		Session: bus.Session{ID: "A", Workstream: "front", Branch: "feat/front"}, Worktree: "/x/A", Task: "Build it.",
		Target: "main", Review: true, MaxFiles: 10, Peers: []bus.Session{{ID: "B", Workstream: "back", Status: bus.Running}},
	}.Text()
	if err != nil {
		t.Fatal(err)
	}
	start, err := launch.StartPrompt{Plan: "Build it.", MaxFiles: 10, Target: "main"}.Text()
	if err != nil {
		t.Fatal(err)
	}
	protocol, err := install.Protocol("main")
	if err != nil {
		t.Fatal(err)
	}
	task, err := os.ReadFile("../../../orchestrator/pool/prompts/task.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"session": session, "start": start, "protocol": protocol, "task": string(task)} {
		if n := len(strings.Fields(text)); n >= 600 {
			t.Errorf("the %s prompt has %d words", name, n)
		}
		found := regexp.MustCompile("`git swarm ([^`]*)`").FindAllStringSubmatch(text, -1)
		if len(found) < 5 {
			t.Errorf("the %s prompt names %d commands", name, len(found))
		}
		for _, m := range found {
			checkCommand(t, name, m[1])
		}
		if strings.ContainsAny(strings.Join(regexp.MustCompile("`[^`]*`").FindAllString(text, -1), ""), "$;|&\\") {
			t.Errorf("the %s prompt has a command that is not one plain line", name)
		}
	}
}

// checkCommand holds one command against the command table.
func checkCommand(t *testing.T, where, line string) {
	t.Helper()
	words := shellWords(line)
	v, rest := findVerb(words)
	if v == nil {
		t.Errorf("%s: no such command: %s", where, line)
		return
	}
	arranged, err := v.arrange(rest, v.allFlags())
	if err != nil {
		t.Errorf("%s: %s: %v", where, line, err)
		return
	}
	args := arranged[slices.Index(arranged, "--")+1:]
	if len(args) < v.min && v.name != "help" || v.max >= 0 && len(args) > v.max {
		t.Errorf("%s: %s: %d arguments", where, line, len(args))
	}
}

// shellWords splits a line at blanks outside quotes.
func shellWords(line string) []string {
	var words []string
	for _, m := range regexp.MustCompile(`"([^"]*)"|'([^']*)'|(\S+)`).FindAllStringSubmatch(line, -1) {
		words = append(words, m[1]+m[2]+m[3])
	}
	return words
}
