package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// TestClaude runs the real Claude Code client, in several worktrees at once,
// against a model that plays a script: the client's hooks, settings, tools and
// worktrees are its own. The client is the one that SWARM_CLAUDE names, or
// that .ci/run has installed. It runs in a network namespace of its own, where there is nothing
// but the script, and with an empty environment.
func TestClaude(t *testing.T) {
	if os.Getenv("SWARM_CLAUDE_INSIDE") != "" {
		inheritsSettings(t)
		t.Run("probe", claudeProbe)
		t.Run("sessions", claudeSessions)
		t.Run("pushes", claudePushes)
		t.Run("idle", claudeIdle)
		t.Run("terminal", claudeTerminal)
		t.Run("start", claudeStart)
		t.Run("run", claudeRun)
		t.Run("asks", claudeAsks)
		t.Run("orchestrator", claudeWakesOrchestrator)
		t.Run("subagent", claudeSubagent)
		t.Run("isolated", claudeIsolated)
		t.Run("refused", claudeRefused)
		t.Run("fleet", claudeFleet)
		t.Run("killed", claudeKilled)
		t.Run("background", claudeBackground)
		t.Run("worktreehook", claudeWorktreeHook)
		t.Run("unasked", claudeUnasked)
		t.Run("plugin", claudePlugin)
		t.Run("entered", claudeEntered)
		return
	}
	t.Parallel() // it waits more than it works
	client := claudeClient(t)
	if err := exec.Command("unshare", "-n", "true").Run(); err != nil {
		t.Skip("no network namespace can be made here, and the client must not reach the net")
	}
	pattern := "^TestClaude$"
	if asked := flag.Lookup("test.run").Value.String(); strings.HasPrefix(asked, "TestClaude/") { // one scene, of a person who works on it
		pattern = asked
	}
	cmd := exec.Command("unshare", "-n", "sh", "-c", `ip link set lo up && exec "$@"`, "sh", os.Args[0], "-test.run="+pattern, "-test.v=true")
	cmd.Env = append(os.Environ(), "SWARM_CLAUDE_INSIDE=1", "SWARM_CLAUDE="+client)
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if strings.Contains(string(out), "--- SKIP: TestClaude ") {
		t.Skip("Claude Code is too old")
	}
	if err != nil || !strings.Contains(string(out), "--- PASS: TestClaude/") {
		t.Fatal(err)
	}
}

// inheritsSettings skips the test with a client in which the main checkout's
// local settings do not count in linked worktrees yet.
func inheritsSettings(t *testing.T) {
	t.Helper()
	cmd := exec.Command(os.Getenv("SWARM_CLAUDE"), "--version")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var major, minor, patch int
	_, _ = fmt.Sscanf(string(out), "%d.%d.%d", &major, &minor, &patch)
	if major < 2 || major == 2 && (minor < 1 || minor == 1 && patch < 211) {
		t.Skipf("Claude Code %.20s is too old: 2.1.211 is needed", out)
	}
}

// claudeClient is the path of the client, where .ci/run has installed it. Nothing
// is downloaded here, and no other client is started.
func claudeClient(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("short: the Claude Code client is not started")
	}
	if path := os.Getenv("SWARM_CLAUDE"); path != "" {
		return path
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Skip("no cache folder for the Claude Code client")
	}
	client := filepath.Join(cache, "git-swarm-test", "node_modules", ".bin", "claude")
	if _, err := os.Stat(client); err != nil {
		t.Skip("the Claude Code client is not installed for tests: .ci/run does that, or SWARM_CLAUDE names one")
	}
	return client
}

// claudeProbe: doctor has the client run its hooks, and says so; nobody joins.
func claudeProbe(t *testing.T) {
	s := newSwarm(t, "A:front")
	bin := t.TempDir()
	if err := os.Symlink(os.Getenv("SWARM_CLAUDE"), filepath.Join(bin, "claude")); err != nil {
		t.Fatal(err)
	}
	s.env = append(s.clientEnv("A"), "PATH="+filepath.Join(bin)+":"+s.env[0][len("PATH="):])
	for _, dir := range []string{s.app, s.place("A")} {
		out, err := s.try(dir, "git", "swarm", "doctor")
		if err != nil || !strings.Contains(out, "Claude Code runs them here") {
			t.Errorf("%v\n%s", err, out)
		}
	}
	settings := filepath.Join(s.app, ".claude", "settings.local.json")
	content, err := os.ReadFile(settings)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(settings, []byte(strings.Replace(string(content), "{", `{"disableAllHooks": true,`, 1)), 0o666); err != nil {
		t.Fatal(err)
	}
	if out, err := s.try(s.app, "git", "swarm", "doctor"); err == nil || !strings.Contains(out, "Claude Code does not run them here") {
		t.Errorf("hooks are disabled: %v\n%s", err, out)
	}
	if _, err := os.Stat(filepath.Join(s.app, ".git", "swarm", "agents")); err == nil {
		t.Error("the probe joined")
	}
}

// claudeSessions: of several that write the same file at once just one does; the
// others are denied by name and go on; a message reaches another's next request.
func claudeSessions(t *testing.T) {
	s := newSwarm(t, "A:front B:back C:docs")
	ids := []string{"A", "B", "C"}
	var ready sync.WaitGroup
	ready.Add(len(ids))
	told := make(chan struct{})
	for _, id := range ids {
		s.model.plan(id,
			s.writes(id, "own-"+id+".txt"),
			func(string) step {
				ready.Done()
				ready.Wait()
				return s.writes(id, "contended.txt")("")
			},
			s.writes(id, "next-"+id+".txt"),
			func(string) step {
				if id == "A" {
					return runs(`git swarm message B "Urgent: the types are out"`)("")
				}
				<-told
				return runs("true")("")
			},
			func(string) step {
				if id == "A" {
					close(told)
				}
				return step{text: "done"}
			})
	}
	s.work(ids)()
	var got []string
	for _, id := range ids {
		if _, err := os.Stat(filepath.Join(s.place(id), "contended.txt")); err == nil {
			got = append(got, id)
		}
	}
	if len(got) != 1 {
		t.Fatalf("contended.txt was written by %q", got)
	}
	for _, id := range ids {
		denied := s.model.shown(id, "'contended.txt' is claimed by "+got[0], 0)
		if denied == (id == got[0]) {
			t.Errorf("%s was denied: %v", id, denied)
		}
		if _, err := os.Stat(filepath.Join(s.place(id), "next-"+id+".txt")); err != nil {
			t.Errorf("%s did not go on: %v", id, err)
		}
		for _, text := range []string{"git swarm: you are session " + id, "git swarm, before you stop"} {
			if !s.model.shown(id, text, 0) {
				t.Errorf("%s was not told %q", id, text)
			}
		}
	}
	for _, id := range ids { // as context, once, and not as a problem with a disclaimer
		if !s.model.shown(id, "Changed and not committed", 0) || s.model.shown(id, "Stop hook feedback", 0) {
			t.Errorf("%s was not reminded as context", id)
		}
	}
	if !s.model.shown("B", "Urgent: the types are out", 0) || s.model.shown("C", "Urgent: the types are out", 0) {
		t.Error("the message did not reach B, or reached C")
	}
	s.run(s.app, "git", "swarm", "init", "--claude", "--remove")
	if after, err := os.ReadFile(filepath.Join(s.app, ".claude", "settings.local.json")); err != nil || string(after) != s.theirs {
		t.Errorf("the other tool's settings are %q now (%v)", after, err)
	}
}

// claudePushes: no way to spell a push of main gets one there, be it git's hook that
// refuses it or the client's; and what a shell changes of another session's is told.
func claudePushes(t *testing.T) {
	s := newRepository(t)
	hub := filepath.Join(s.home, "hub.git")
	s.run(s.home, "git", "init", "-q", "--bare", "-b", "main", "hub.git")
	file(t, filepath.Join(s.app, "theirs.txt"), "one\n")
	s.run(s.app, "git", "add", ".")
	s.run(s.app, "git", "commit", "-q", "-m", "theirs")
	s.run(s.app, "git", "remote", "add", "origin", hub)
	s.run(s.app, "git", "push", "-q", "-u", "origin", "main")
	s.run(s.app, "git", "swarm", "init", "--sessions", "A:front B:back", "--worktrees", "--claude")
	s.run(s.app, "git", "swarm", "--session", "B", "claim", "theirs.txt")
	s.run(s.place("A"), "git", "commit", "-q", "--allow-empty", "-m", "work")
	s.run(s.place("A"), "git", "config", "alias.p", "push")
	file(t, filepath.Join(s.home, "script"), "git push origin HEAD:main\n")
	const main = "origin HEAD:main"
	passGit := []string{ // to git's hook
		"git push " + main, "git -C " + s.place("A") + " push " + main, "git -c x.y=z push " + main, "git --no-pager push " + main,
		"timeout 60 git push " + main, "bash -c 'git push " + main + "'", "$(command -v git) push " + main, "env A=1 git push " + main,
		"echo " + main + " | xargs git push", "cd / && git -C " + s.place("A") + " push -f " + main, "nohup nice git push " + main, "{ git push " + main + " & } && wait $!",
		"b=main; git push origin HEAD:$b", "eval git push " + main, "sh " + filepath.Join(s.home, "script"), "git p " + main,
		"git push --force-with-lease " + hub + " +HEAD:refs/heads/main",
	}
	denied := []string{ // by the client's
		"git push --no-verify " + main, "git -c core.hooksPath=/dev/null push " + main, "git send-pack " + hub + " HEAD:main",
		"GIT_SWARM_LANDING=1 git push " + main, "sh -c 'git push --no-verify'",
	}
	var steps []func(string) step
	for i, command := range append(passGit, denied...) {
		steps = append(steps, runs(fmt.Sprintf("%s 2>&1; echo case-%d ends with $?", command, i)))
	}
	steps = append(steps, runs("git push -q origin HEAD:feat/front && echo elsewhere it passes"), runs("sed -i s/one/two/ theirs.txt"))
	s.model.plan("A", steps...)
	if err := s.client("A", "Push.").Run(); err != nil {
		t.Fatal(err)
	}
	for i, command := range append(passGit, denied...) {
		ended := strings.IndexFunc("0123456789", func(digit rune) bool { return s.model.shown("A", fmt.Sprintf("case-%d ends with %c", i, digit), 0) })
		if i < len(passGit) && ended < 1 || i >= len(passGit) && ended >= 0 {
			t.Errorf("%s ended with %d", command, ended)
		}
	}
	for _, text := range []string{
		"you are session A: a plain git push of 'main' goes past the push lock", "A push that skips git's hooks goes past the push lock",
		"elsewhere it passes", "git swarm: you have changed \\\"theirs.txt\\\", which B claims",
	} {
		if !s.model.shown("A", text, 0) {
			t.Errorf("A was not told %q", text)
		}
	}
	if log := s.run(hub, "git", "log", "--format=%s", "main"); log != "theirs\nstart\n" {
		t.Errorf("main has %q", log)
	}
}
