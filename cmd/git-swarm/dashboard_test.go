package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/term"
)

// TestDashboardOnTerminal runs the full-screen dashboard on a real terminal: it
// draws on the other screen, follows the terminal's size, and gives all back.
func TestDashboardOnTerminal(t *testing.T) {
	dir := t.TempDir()
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "GIT_AUTHOR_NAME=T", "GIT_AUTHOR_EMAIL=t@example.com", "GIT_COMMITTER_NAME=T", "GIT_COMMITTER_EMAIL=t@example.com")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v: %s", args, err, out)
		}
	}
	git("init", "-q")
	git("swarm", "init", "--sessions", "A:front B:back")
	path, err := exec.LookPath("git-swarm")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "orchestrate", "dashboard", "--watch", "--interval", "3600")
	cmd.Dir, cmd.Env = dir, []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Join(dir, "home"), "TERM=xterm", "NO_COLOR=1", goRace(),
		"GIT_AUTHOR_NAME=T", "GIT_AUTHOR_EMAIL=t@example.com", "GIT_COMMITTER_NAME=T", "GIT_COMMITTER_EMAIL=t@example.com",
	}
	screen, ends, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer screen.Close()
	if err := pty.Setsize(screen, &pty.Winsize{Rows: 24, Cols: 80}); err != nil {
		t.Fatal(err)
	}
	before, err := term.GetState(int(ends.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = ends, ends, ends
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }()
	r := &recorder{from: screen}
	go r.run()
	frame := r.until(t, "B   back", "q ends")
	if !strings.HasPrefix(r.text(), "\x1b[22;2t\x1b[?1049h") || strings.Count(frame, "\r\n") != 23 {
		t.Errorf("the first frame is %q", frame)
	}
	if err := pty.Setsize(screen, &pty.Winsize{Rows: 3, Cols: 40}); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(syscall.SIGWINCH); err != nil { // the terminal is not its controlling one
		t.Fatal(err)
	}
	r.until(t, "↑↓ 1 to 2 of 3")
	git("swarm", "update", "A", "--status", "blocked")
	r.until(t, "blocked")
	if _, err := screen.WriteString("\x1b[B"); err != nil {
		t.Fatal(err)
	}
	r.until(t, "↑↓ 2 to 3 of")
	if _, err := screen.WriteString("q"); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("q: %v", err)
	}
	r.until(t, "\x1b[?1049l")
	after, err := term.GetState(int(ends.Fd()))
	if err != nil || *after != *before {
		t.Errorf("the terminal is left as %+v, not %+v, %v", after, before, err)
	}
}

// recorder keeps what comes from a terminal.
type recorder struct {
	from *os.File
	mu   sync.Mutex
	all  []byte
}

func (r *recorder) run() {
	buffer := make([]byte, 4096)
	for {
		n, err := r.from.Read(buffer)
		r.mu.Lock()
		r.all = append(r.all, buffer[:n]...)
		r.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (r *recorder) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return string(r.all)
}

// until waits for a frame that holds all these.
func (r *recorder) until(t *testing.T, texts ...string) string {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		all := r.text()
		frame := all[strings.LastIndex(all, "\x1b[H")+1:]
		missing := false
		for _, text := range texts {
			missing = missing || !strings.Contains(frame, text)
		}
		if !missing {
			return frame
		}
		if time.Now().After(end) {
			t.Fatalf("the last frame is %q, without %q", frame, texts)
		}
	}
}
