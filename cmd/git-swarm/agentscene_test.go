package main

import (
	"cmp"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestAgents plays a scene with a real client that is installed for tests, Codex unless SWARM_AGENT says otherwise, in
// session A's worktree: its hooks or plugin, its tools and what reaches its model are
// its own. Like Claude Code's, they run in a network namespace of their own.
func TestAgents(t *testing.T) {
	if os.Getenv("SWARM_AGENTS_INSIDE") != "" {
		for _, c := range agentClients {
			t.Run(c.name, func(t *testing.T) {
				if c.find() == "" {
					t.Skip(c.name + " is not installed for tests: .ci/run does that, or SWARM_AGENTS names where")
				}
				agentScene(t, c, c.models[0])
				if len(c.screen) > 0 {
					t.Run("idle", func(t *testing.T) { agentIdle(t, c, c.models[0]) })
				}
				if c.name == "codex" {
					t.Run("tools", func(t *testing.T) { agentTools(t, c, c.models[0]) })
				}
				if os.Getenv("SWARM_RACE") != "long" { // they take as long again
					return
				}
				for _, model := range c.models[1:] {
					t.Run(model, func(t *testing.T) { agentEdits(t, c, model) })
				}
			})
		}
		return
	}
	t.Parallel()
	if testing.Short() {
		t.Skip("short: no other agent's client is started")
	}
	if err := exec.Command("unshare", "-n", "true").Run(); err != nil {
		t.Skip("no network namespace can be made here, and the clients must not reach the net")
	}
	cmd := exec.Command("unshare", "-n", "sh", "-c", `ip link set lo up && exec "$@"`, "sh", os.Args[0], "-test.run=^TestAgents$/"+cmp.Or(os.Getenv("SWARM_AGENT"), "codex"), "-test.v=true")
	cmd.Env = append(os.Environ(), "SWARM_AGENTS_INSIDE=1")
	if strings.HasPrefix(os.TempDir(), "/dev/") { // Codex's sandbox has a /dev of its own
		cmd.Env = append(cmd.Env, "TMPDIR=/tmp")
	}
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err == nil && strings.Contains(string(out), "--- SKIP: TestAgents/") && !strings.Contains(string(out), "--- PASS: TestAgents/") {
		t.Skip("no such client is installed for tests")
	}
	if err != nil || !strings.Contains(string(out), "--- PASS: TestAgents/") {
		t.Fatalf("no scene was played to its end: %v", err)
	}
}

// beat is one answer of the model, and what it is to be shown for it.
type beat struct {
	does   func() step
	shows  string // a pattern that is in the next request once more than before
	label  string
	absent bool // it is not to be in the next request once more
}

// play has the session's model answer so, and reports what was not as it is to be. It
// returns how many answers were asked for.
func (s *swarmOf) play(session string, beats []beat) (played func() int) {
	n, before := 0, ""
	check := func(b beat, shown string) {
		pattern := regexp.MustCompile(b.shows)
		more := len(pattern.FindAllString(shown, -1)) > len(pattern.FindAllString(before, -1))
		if b.shows != "" && more == b.absent {
			fresh := shown
			if strings.HasPrefix(shown, before) {
				fresh = shown[len(before):]
			}
			s.t.Errorf("%s: the model was shown %.3000q", b.label, fresh[max(0, len(fresh)-3000):])
		}
	}
	s.model.answers(session, func(shown string) step {
		if n == 0 {
			check(beat{shows: "git swarm: you are session " + session, label: "greeting"}, shown)
		} else if n <= len(beats) {
			check(beats[n-1], shown)
		}
		before = shown
		n++
		if n > len(beats) {
			return step{text: "done"}
		}
		return beats[n-1].does()
	})
	return func() int { return n }
}

func shell(command string) func() step { return func() step { return step{shell: command} } }

// changes is an edit of a file in A's worktree.
func (s *swarmOf) changes(name, old, content string) func() step {
	return func() step {
		return step{edit: &edit{filepath.Join(s.place("A"), name), old, content}}
	}
}

// agentScene is a session of the client from its greeting to its end.
func agentScene(t *testing.T, c agentClient, model string) {
	s := newAgentSwarm(t, c)
	says := func(text string) func() step { return func() step { return step{text: text} } }
	heredoc := "apply_patch <<'EOF'\n" + edit{"src/api.py", "two", "PATCHED"}.patch() + "EOF"
	patchShown := "claimed by B"
	if c.name == "gemini" || c.name == "copilot" { // their shells know no such command
		patchShown = ""
	}
	beats := []beat{
		{does: s.changes("src/api.py", "one", "EDITED"), shows: "claimed by B", label: "an edit of another's file"},
		{does: s.changes("src/api.py", "", "EDITED"), shows: "claimed by B", label: "another's file is written"},
		{does: func() step { return s.reads("src/auth.py") }},
		{does: s.changes("src/auth.py", "one", "mine")},
		{does: shell("git swarm claims"), shows: `src/auth.py +A`, label: "a free file is claimed"},
		{does: func() step {
			s.run(s.app, "git", "swarm", "message", "--from", "B", "A", "URGENT NEWS-99 about src/auth.py")
			return step{shell: "git swarm message B 'The names moved'"}
		}, shows: "Message #1 sent to B", label: "the verbs can write"},
		{does: shell("echo next"), shows: "", label: ""},
		{does: shell("git push origin HEAD:main"), shows: "goes past the push lock|git swarm push", label: "a raw push"},
		{does: shell(heredoc), shows: patchShown, label: "a patch through the shell"},
		{does: shell("sed -i 1s/.*/SED/ src/api.py"), shows: `you have changed "src/api.py", which B claims`, label: "a shell's edit of another's file"},
		{does: shell("git checkout -q src/api.py")},
		{does: says("finished"), shows: "before you stop", label: "the reminder"},
		{does: shell("git checkout -q src/auth.py")},
		{does: says("finished again"), shows: "before you stop", label: "once", absent: true},
	}
	played := s.play("A", beats)
	cmd := c.command(s, model)
	if err := cmd.Run(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	if n := played(); n < len(beats)-1 || n > len(beats)+1 {
		t.Errorf("it asked for %d answers, not about %d", n, len(beats))
	}
	if !s.model.shown("A", "NEWS-99 about src/auth.py", 0) {
		t.Error("no news came")
	}
	if content := s.content("src/api.py"); content != "one\ntwo\n" {
		t.Errorf("the other's file is %q", content)
	}
	if out := s.run(s.app, "git", "swarm", "claims"); strings.Contains(out, "auth.py") {
		t.Errorf("after its end: %s", out)
	}
	if out := s.run(s.app, "git", "swarm", "status", "--json"); !regexp.MustCompile(`"session":"A".*"state":"ended"`).MatchString(out) {
		t.Errorf("it has not ended: %s", out)
	}
	if log := s.run(filepath.Join(s.home, "hub.git"), "git", "log", "--format=%s", "main"); log != "files\nstart\n" {
		t.Errorf("main has %q", log)
	}
}

// agentEdits: the tools that the client gives other models are refused as well.
func agentEdits(t *testing.T, c agentClient, model string) {
	s := newAgentSwarm(t, c)
	beats := []beat{
		{does: s.changes("src/api.py", "one", "EDITED"), shows: "claimed by B", label: "an edit of another's file"},
		{does: shell("cat src/auth.py")},
		{does: s.changes("src/auth.py", "one", "mine")},
		{does: shell("git swarm claims; git checkout -q src/auth.py"), shows: `src/auth.py +A`, label: "a free file is claimed"},
	}
	played := s.play("A", beats)
	cmd := c.command(s, model)
	if err := cmd.Run(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	if n := played(); n < len(beats) {
		t.Errorf("it asked for %d answers", n)
	}
	if content := s.content("src/api.py"); content != "one\ntwo\n" {
		t.Errorf("the other's file is %q", content)
	}
}

// agentIdle: a session on a terminal whose model has answered is woken by a message.
func agentIdle(t *testing.T, c agentClient, model string) {
	s := newAgentSwarm(t, c)
	s.model.plan("A")
	cmd := c.start(s, model, slices.Concat(c.args(s, model), c.screen, []string{"Do the task."}))
	cmd.SysProcAttr = nil // a terminal has its own
	s.terminal(cmd)
	if !s.model.shown("A", "Do the task.", 4*time.Minute) {
		t.Fatal("the session did not begin")
	}
	s.waits()
	began := time.Now()
	s.run(s.app, "git", "swarm", "message", "--from", "B", "A", "The API moved")
	if !s.model.shown("A", "The API moved", time.Minute) {
		t.Fatal("the idle session was not woken")
	}
	t.Logf("woken after %s", time.Since(began).Round(time.Millisecond))
}

// agentTools: in Codex's sandbox, where a command cannot write the git dir, the session
// uses the tools of git-swarm-mcp. Those that run the repository's code ask its user, and
// there is none.
func agentTools(t *testing.T, c agentClient, model string) {
	s := newAgentSwarm(t, c)
	bin := filepath.Join(s.home, "bin")
	build := exec.Command("go", "build", "-o", bin+"/", "../git-swarm-mcp")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	path, _ := strings.CutPrefix(s.env[0], "PATH=")
	s.env[0] = "PATH=" + path + ":" + bin
	s.run(s.app, "git", "swarm", "init", "--agents", "codex")
	s.run(s.place("B"), "git", "swarm", "message", "A", "Which port is it?")
	use := func(tool, input string) func() step {
		return func() step { return step{of: "mcp__git_swarm", tool: tool, input: json.RawMessage(input)} }
	}
	played := s.play("A", []beat{
		{does: shell("git swarm claim src/auth.py"), shows: "cannot write to the repository", label: "a command"},
		{does: use("claim", `{"paths":["src/auth.py"]}`), shows: "A claimed src/auth.py", label: "claim"},
		{does: use("claim", `{"paths":["src/api.py"]}`), shows: "'src/api.py' is claimed by B", label: "claim of another's"},
		{does: use("reply", `{"number":1,"text":"8080"}`), shows: "sent to B", label: "reply"},
		{does: use("message", `{"to":"B","text":"The names moved"}`), shows: "sent to B", label: "message"},
		{does: use("context", `{"text":"Ports begin at 8080","category":"decision"}`), shows: `Context #1 added`, label: "context"},
		{does: use("status", `{}`), shows: `A +auth +running`, label: "status"},
		{does: func() step {
			s.run(s.place("B"), "git", "swarm", "message", "A", "A note for the sync")
			return step{of: "mcp__git_swarm", tool: "sync", input: json.RawMessage(`{}`)}
		}, shows: "A note for the sync", label: "sync"},
		{does: use("unclaim", `{"all":true}`), shows: "A released src/auth.py", label: "unclaim"},
		{does: use("commit", `{"message":"x"}`), shows: "requires approval", label: "commit"},
		{does: use("push", `{}`), shows: "requires approval", label: "push"},
	})
	args := c.args(s, model)
	args = append(args[:len(args)-1], "-s", "workspace-write", "-c", "sandbox_workspace_write.exclude_slash_tmp=true", "-c", "sandbox_workspace_write.exclude_tmpdir_env_var=true")
	cmd := c.start(s, model, slices.Concat(c.oneTurn, args, []string{"Do the task."}))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("it ended with %v: %s", err, out)
	}
	if n := played(); n < 12 {
		t.Errorf("it asked for %d answers", n)
	}
	if got := s.run(s.place("B"), "git", "swarm", "inbox", "--all"); !strings.Contains(got, "8080") || !strings.Contains(got, "The names moved") {
		t.Errorf("B has %q", got)
	}
}

func (s *swarmOf) content(name string) string {
	s.t.Helper()
	content, err := os.ReadFile(filepath.Join(s.place("A"), name))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(content)
}

// reads is a step that reads a file: some clients edit none that was not read.
func (s *swarmOf) reads(name string) step {
	return step{read: filepath.Join(s.place("A"), name)}
}
