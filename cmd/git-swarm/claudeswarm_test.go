package main

import (
	"encoding/json"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

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
	t.Cleanup(func() { endAtHome(t, home) })
	s := &swarmOf{t: t, model: newModel(t), home: home, app: filepath.Join(home, "app")}
	server := httptest.NewServer(s.model)
	t.Cleanup(server.Close)
	s.url = server.URL
	path, err := exec.LookPath("git-swarm")
	if err != nil {
		t.Fatal(err)
	}
	s.env = []string{
		"PATH=" + filepath.Dir(path) + ":" + os.Getenv("PATH"), "HOME=" + home, "LANG=C.UTF-8", "GIT_CONFIG_NOSYSTEM=1", patience, goRace(),
		"GIT_AUTHOR_NAME=T", "GIT_AUTHOR_EMAIL=t@example.com", "GIT_COMMITTER_NAME=T", "GIT_COMMITTER_EMAIL=t@example.com",
	}
	s.run(home, "git", "init", "-q", "-b", "main", "app")
	s.run(s.app, "git", "commit", "-q", "--allow-empty", "-m", "start")
	return s
}

// endAtHome ends what still runs with this home folder: a client gives its hooks process
// groups of their own, and they write into the repository after it was killed.
func endAtHome(t *testing.T, home string) {
	for range 1000 {
		environments, err := filepath.Glob("/proc/[0-9]*/environ")
		if err != nil {
			t.Fatal(err)
		}
		running := false
		for _, path := range environments {
			content, err := os.ReadFile(path)
			if err != nil || !strings.Contains("\x00"+string(content), "\x00HOME="+home+"\x00") {
				continue // ended, or not of this test
			}
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			if err != nil {
				t.Fatal(err)
			}
			_ = syscall.Kill(pid, syscall.SIGKILL)
			running = true
		}
		if !running {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Error("what the clients started goes on though it was killed")
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

// work has the sessions' clients do their tasks, all at once, until wait returns.
func (s *swarmOf) work(ids []string) (wait func()) {
	var all sync.WaitGroup
	for _, id := range ids {
		cmd := s.client(id, "Do the task.")
		all.Go(func() {
			if err := cmd.Run(); err != nil {
				s.t.Errorf("%s: %v", id, err)
			}
		})
	}
	return all.Wait
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
	return s.terminal(cmd)
}

// terminal runs a command on a terminal of its own until the test ends, and returns how
// to type there.
func (s *swarmOf) terminal(cmd *exec.Cmd) (typed func(string)) {
	s.t.Helper()
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
