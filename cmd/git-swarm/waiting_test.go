package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/creack/pty"
)

// TestWaitingOnTerminal: who waits on a terminal is told for whom and how long, on one
// line that is gone at the end; elsewhere the wait is silent.
func TestWaitingOnTerminal(t *testing.T) {
	dir := t.TempDir()
	env := append(os.Environ(), "HOME="+filepath.Join(dir, "home"), "TERM=xterm", "GIT_AUTHOR_NAME=T", "GIT_AUTHOR_EMAIL=t@example.com", "GIT_COMMITTER_NAME=T", "GIT_COMMITTER_EMAIL=t@example.com")
	git := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("git", args...)
		cmd.Dir, cmd.Env = dir, env
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %q: %v: %s", args, err, out)
		}
		return string(out)
	}
	git("init", "-q")
	git("swarm", "init", "--sessions", "A:front B:back")
	git("swarm", "claim", "--session", "A", "x")
	screen, ends, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer screen.Close()
	if err := pty.Setsize(screen, &pty.Winsize{Rows: 24, Cols: 80}); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("git", "swarm", "claim", "--session", "B", "--wait", "5m", "x")
	cmd.Dir, cmd.Env = dir, env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = ends, ends, ends
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }()
	r := &recorder{from: screen}
	go r.run()
	r.until(t, "\rWaiting for A to release it: 0 s\x1b[K", "\rWaiting for A to release it: 1 s\x1b[K")
	git("swarm", "unclaim", "--session", "A", "x")
	r.until(t, "\r\x1b[KB claimed x", "does not exist yet\r\n")
	if err := cmd.Wait(); err != nil || strings.Count(r.text(), "\n") != 2 {
		t.Errorf("%v: %q", err, r.text())
	}
	if out := git("swarm", "claim", "--session", "B", "--wait", "5m", "y"); out != "B claimed y\nwarning: 'y' does not exist yet\n" && out != "warning: 'y' does not exist yet\nB claimed y\n" {
		t.Errorf("without a terminal it says %q", out)
	}
}
