package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
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
		t.Run("asks", claudeAsks)
		t.Run("orchestrator", claudeWakesOrchestrator)
		t.Run("subagent", claudeSubagent)
		t.Run("refused", claudeRefused)
		t.Run("killed", claudeKilled)
		return
	}
	client := claudeClient(t)
	if err := exec.Command("unshare", "-n", "true").Run(); err != nil {
		t.Skip("no network namespace can be made here, and the client must not reach the net")
	}
	cmd := exec.Command("unshare", "-n", "sh", "-c", `ip link set lo up && exec "$@"`, "sh", os.Args[0], "-test.run=^TestClaude$", "-test.v=true")
	cmd.Env = append(os.Environ(), "SWARM_CLAUDE_INSIDE=1", "SWARM_CLAUDE="+client)
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if strings.Contains(string(out), "--- SKIP: TestClaude ") {
		t.Skip("see above")
	}
	if err != nil || !strings.Contains(string(out), "--- PASS: TestClaude/killed") {
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

// swarmOf is a repository with worktrees for the sessions, Claude Code's hooks,
// and another tool's settings.
type swarmOf struct {
	t      *testing.T
	model  *model
	url    string
	home   string
	app    string
	env    []string
	theirs string
}

func newSwarm(t *testing.T, sessions string) *swarmOf {
	t.Helper()
	s := newRepository(t)
	s.theirs = "{\n\t\"env\": { \"THEIRS\": \"1\" }, \"hooks\": {\n\t\t\"Stop\": []}\n}"
	settings := filepath.Join(s.app, ".claude", "settings.local.json")
	if err := os.MkdirAll(filepath.Dir(settings), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(settings, []byte(s.theirs), 0o666); err != nil {
		t.Fatal(err)
	}
	s.run(s.app, "git", "swarm", "init", "--sessions", sessions, "--worktrees", "--claude")
	return s
}

// newRepository is one that knows nothing of git swarm yet, and the model.
func newRepository(t *testing.T) *swarmOf {
	t.Helper()
	home := t.TempDir()
	s := &swarmOf{t: t, model: newModel(t), home: home, app: filepath.Join(home, "app")}
	server := httptest.NewServer(s.model)
	t.Cleanup(server.Close)
	s.url = server.URL
	path, err := exec.LookPath("git-swarm")
	if err != nil {
		t.Fatal(err)
	}
	s.env = []string{
		"PATH=" + filepath.Dir(path) + ":" + os.Getenv("PATH"), "HOME=" + home, "LANG=C.UTF-8", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=T", "GIT_AUTHOR_EMAIL=t@example.com", "GIT_COMMITTER_NAME=T", "GIT_COMMITTER_EMAIL=t@example.com",
	}
	s.run(home, "git", "init", "-q", "-b", "main", "app")
	s.run(s.app, "git", "commit", "-q", "--allow-empty", "-m", "start")
	return s
}

func (s *swarmOf) run(dir string, argv ...string) string {
	s.t.Helper()
	out, err := s.try(dir, argv...)
	if err != nil {
		s.t.Fatalf("%s: %v\n%s", strings.Join(argv, " "), err, out)
	}
	return out
}

func (s *swarmOf) try(dir string, argv ...string) (string, error) {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = dir, s.env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (s *swarmOf) place(session string) string { return s.app + ".worktrees/" + session }

// client is a session's client, about to be started; it is killed with all that
// it has started when the test ends.
func (s *swarmOf) client(session string, args ...string) *exec.Cmd {
	args = append(append([]string{"-p"}, args...), "--output-format", "stream-json", "--verbose", "--permission-mode", "acceptEdits", "--allowedTools", "Bash Edit Write Read")
	cmd := exec.Command(os.Getenv("SWARM_CLAUDE"), args...)
	cmd.Dir = s.place(session)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Env = s.clientEnv(session)
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	s.t.Cleanup(func() {
		if cmd.Process != nil {
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		}
		if s.t.Failed() {
			s.t.Logf("%s: %.4000s", session, said.String())
		}
	})
	return cmd
}

func (s *swarmOf) clientEnv(session string) []string {
	return append(slices.Clone(s.env), "ANTHROPIC_BASE_URL="+s.url+"/s/"+session, "ANTHROPIC_API_KEY=stand-in", "DISABLE_TELEMETRY=1", "DISABLE_ERROR_REPORTING=1",
		"DISABLE_AUTOUPDATER=1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1", "NO_PROXY=127.0.0.1")
}

// writes is a step that writes a file of the session's worktree.
func (s *swarmOf) writes(session, name string) func(string) step {
	return func(string) step {
		return step{tool: "Write", input: map[string]any{"file_path": filepath.Join(s.place(session), name), "content": session + "\n"}}
	}
}

func runs(command string) func(string) step {
	return func(string) step { return step{tool: "Bash", input: map[string]any{"command": command}} }
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
	var all sync.WaitGroup
	for _, id := range ids {
		cmd := s.client(id, "Do the task.")
		all.Go(func() {
			if err := cmd.Run(); err != nil {
				t.Errorf("%s: %v", id, err)
			}
		})
	}
	all.Wait()
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

// claudeIdle: a session that waits for its user is woken by a message.
func claudeIdle(t *testing.T) {
	s := newSwarm(t, "A:front B:back")
	s.run(s.app, "git", "config", "swarm.linger", "true")
	s.model.plan("B")
	cmd := s.client("B", "--input-format", "stream-json")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(in, `{"type":"user","message":{"role":"user","content":"Begin."}}`)
	if !s.model.shown("B", "Begin.", 60*time.Second) {
		t.Fatal("the session did not begin")
	}
	s.wakes("B")
	_ = in.Close()
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

// onTerminal runs a command on a terminal of its own, in a folder that the client
// has been told to trust, until the test ends, and returns how to type there.
func (s *swarmOf) onTerminal(session, dir string, argv ...string) (typed func(string)) {
	s.t.Helper()
	trusted := map[string]any{"hasTrustDialogAccepted": true}
	config, err := json.Marshal(map[string]any{
		"hasCompletedOnboarding": true, "theme": "dark", "customApiKeyResponses": map[string]any{"approved": []string{"stand-in"}, "rejected": []string{}},
		"projects": map[string]any{s.app: trusted, dir: trusted},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.home, ".claude.json"), config, 0o600); err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = dir, append(s.clientEnv(session), "TERM=xterm-256color")
	screen, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 50, Cols: 160})
	if err != nil {
		s.t.Fatal(err)
	}
	var said strings.Builder
	read := make(chan struct{})
	go func() { defer close(read); _, _ = io.Copy(&said, screen) }()
	s.t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
		_ = screen.Close()
		<-read
		if s.t.Failed() {
			s.t.Logf("the screen: %.8000q", said.String())
		}
	})
	return func(text string) {
		s.t.Helper()
		if _, err := screen.WriteString(text); err != nil {
			s.t.Fatal(err)
		}
	}
}

// claudeStart: from what a person wants built to sessions that have built it. The
// orchestrator is the real client on a terminal, and starts the others itself.
func claudeStart(t *testing.T) {
	s := newRepository(t)
	bin := t.TempDir()
	if err := os.Symlink(os.Getenv("SWARM_CLAUDE"), filepath.Join(bin, "claude")); err != nil {
		t.Fatal(err)
	}
	s.env[0] = "PATH=" + bin + ":" + s.env[0][len("PATH="):]
	bash := func(command string) step { return step{tool: "Bash", input: map[string]any{"command": command}} }
	s.model.answers("all", func(shown string) step {
		for _, id := range []string{"A", "B"} {
			if strings.Contains(shown, "You are session "+id+" of a git swarm") {
				if strings.Contains(shown, "tool_result") {
					return step{text: "done"}
				}
				return s.writes(id, id+".txt")("")
			}
		}
		switch {
		case !strings.Contains(shown, "A works in"):
			return bash(`git swarm init --sessions "A:front B:back" --worktrees`)
		case !strings.Contains(shown, "A| "):
			return bash(`git swarm launch A B --headless --task "Write your file"`)
		}
		return step{text: "All is built."}
	})
	s.onTerminal("all", s.app, "git", "swarm", "start", "Build a shop")
	if !s.model.shown("all", "A| done", 90*time.Second) || !s.model.shown("all", "B| done", 30*time.Second) {
		t.Fatalf("the orchestrator did not hear of its sessions' ends, in %d requests", s.model.count("all"))
	}
	for _, text := range []string{"You are the orchestrator of a git swarm", "Build a shop", "git swarm: you are session orchestrator", "git swarm: you are session A", "Write your file"} {
		if !s.model.shown("all", text, 0) {
			t.Errorf("nobody was told %q", text)
		}
	}
	for _, id := range []string{"A", "B"} {
		if _, err := os.Stat(filepath.Join(s.place(id), id+".txt")); err != nil {
			t.Error(err)
		}
		if out := s.run(s.app, "git", "log", "--author="+id, "--format=%s", "refs/swarm/claims"); out != "claim "+id+".txt\n" {
			t.Errorf("%s claimed %q", id, out)
		}
	}
	rules, err := os.ReadFile(filepath.Join(s.app, "CLAUDE.md"))
	if err != nil || !strings.Contains(string(rules), "git swarm: begin") {
		t.Errorf("CLAUDE.md is %q, %v", rules, err)
	}
}

// claudeKilled: a session that is killed is seen to be gone, and what it holds
// can be taken over at once.
func claudeKilled(t *testing.T) {
	s := newSwarm(t, "A:front B:back")
	s.model.plan("B", s.writes("B", "held.txt"), runs("sleep 30"))
	cmd := s.client("B", "Do the task.")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(60 * time.Second); s.model.count("B") < 2; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the session did not get to its second step")
		}
	}
	out, err := s.try(s.place("A"), "git", "swarm", "claim", "--takeover", "held.txt")
	if err == nil || !strings.Contains(out, "claimed by B") {
		t.Errorf("while B is alive: %v, %s", err, out)
	}
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	out, err = s.try(s.place("A"), "git", "swarm", "claim", "held.txt")
	if err == nil || !strings.Contains(out, "git swarm claim --takeover held.txt") {
		t.Errorf("once B is killed: %v, %s", err, out)
	}
	s.run(s.place("A"), "git", "swarm", "claim", "--takeover", "held.txt")
}
