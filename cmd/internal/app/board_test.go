package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/orchestrator/monitor"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/review"
)

// theatre is a repository of many sessions, and the dashboard on a screen that
// keeps what it shows.
type theatre struct {
	t     *testing.T
	app   *App
	out   bytes.Buffer
	ended chan error
	keys  chan event

	mu            sync.Mutex
	shown         *sync.Cond
	width, height int
	rows          []string
	suspended     int
}

func newTheatre(t *testing.T, width, height int) *theatre {
	t.Helper()
	dir := t.TempDir()
	th := &theatre{t: t, ended: make(chan error, 1), keys: make(chan event), width: width, height: height}
	th.shown = sync.NewCond(&th.mu)
	th.app = &App{Dir: dir, Stdin: strings.NewReader(""), Stdout: &th.out, Stderr: &th.out, Now: time.Now, Env: repo.Env{
		"PATH=" + envPath(t), "HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=T", "GIT_AUTHOR_EMAIL=t@example.com", "GIT_COMMITTER_NAME=T", "GIT_COMMITTER_EMAIL=t@example.com",
	}}
	cmd := exec.Command("git", "init", "-q", "-b", "main", dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return th
}

func (th *theatre) Size() (int, int) {
	th.mu.Lock()
	defer th.mu.Unlock()
	return th.width, th.height
}

func (th *theatre) Events() <-chan event { return th.keys }

func (th *theatre) Suspend() error { th.suspended++; return nil }

// Draw keeps the rows, and holds the board to its promise.
func (th *theatre) Draw(rows []text.Line) error {
	th.mu.Lock()
	defer th.mu.Unlock()
	th.rows = nil
	for _, row := range rows {
		var b strings.Builder
		for _, c := range row {
			b.WriteString(c.Text)
		}
		th.rows = append(th.rows, strings.TrimRight(b.String(), " "))
		if row.Width() > th.width {
			th.t.Errorf("%d columns, and a row is %q", th.width, b.String())
		}
	}
	if len(rows) > th.height {
		th.t.Errorf("%d rows on %d", len(rows), th.height)
	}
	th.shown.Broadcast()
	return nil
}

func (th *theatre) resize(width, height int) {
	th.mu.Lock()
	th.width, th.height = width, height
	th.mu.Unlock()
	th.keys <- redraw
}

func envPath(t *testing.T) string {
	t.Helper()
	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(git, "/git")
}

func (th *theatre) swarm(args ...string) {
	th.t.Helper()
	if code := th.app.Run(context.Background(), args); code != 0 {
		th.t.Fatalf("%q ended with %d: %s", args, code, th.out.String())
	}
}

// open runs the dashboard until the test ends.
func (th *theatre) open() {
	v := dashboardVerb()
	c := &call{App: th.app, verb: v, cmd: th.app.command(v)}
	b, err := c.Bus()
	if err != nil {
		th.t.Fatal(err)
	}
	settings, err := c.Settings()
	if err != nil {
		th.t.Fatal(err)
	}
	m := &monitor.Monitor{Repo: c.swarm.Repo, Bus: b, Book: review.NewStore(b), Push: lock.NewPushLock(b, lock.LeaseTime), Now: c.Now, StaleAfter: settings.StaleAfter}
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() {
		defer close(over)
		th.ended <- (&board{call: c, screen: th}).run(ctx, m, time.Hour)
	}()
	th.t.Cleanup(func() { cancel(); <-over; c.swarm.Close() })
}

// until waits for the screen to be as ok wants it.
func (th *theatre) until(what string, ok func(rows []string) bool) []string {
	th.t.Helper()
	late := time.AfterFunc(20*time.Second, th.shown.Broadcast)
	defer late.Stop()
	end := time.Now().Add(20 * time.Second)
	th.mu.Lock()
	defer th.mu.Unlock()
	for !ok(th.rows) {
		if !time.Now().Before(end) {
			th.t.Fatalf("%s: the screen is\n%s", what, strings.Join(th.rows, "\n"))
		}
		th.shown.Wait()
	}
	return th.rows
}

func has(row int, text string) func([]string) bool {
	return func(rows []string) bool { return row < len(rows) && strings.Contains(rows[row], text) }
}

// TestBoard: the dashboard fits 80 columns and every other size, follows the
// swarm and the terminal's size, scrolls, and ends.
func TestBoard(t *testing.T) {
	th := newTheatre(t, 80, 24)
	var ids []string
	for i := range 30 {
		ids = append(ids, fmt.Sprintf("S%02d:stream-%d", i, i))
	}
	th.swarm("init", "--sessions", strings.Join(ids, " "))
	th.swarm("update", "S00", "--status", "blocked", "--note", strings.Repeat("日本語のメモ ", 20))
	th.swarm("message", "--from", "S01", "orchestrator", strings.Repeat("a long question ", 20)+"\x1b[31m")
	th.open()

	rows := th.until("at first", has(23, "↑↓ 1 to 23 of"))
	if !strings.HasPrefix(rows[0], "ID ") || !strings.HasPrefix(rows[1], "S00 ") || !strings.Contains(rows[1], "メモ") || !strings.HasSuffix(rows[1], " s ago") && !strings.HasSuffix(rows[1], "just now") {
		t.Errorf("the table begins with\n%s\n%s", rows[0], rows[1])
	}
	th.keys <- keyEnd
	rows = th.until("at the end", has(22, "#1 from S01:"))
	if !strings.HasSuffix(rows[22], "…") || strings.Contains(strings.Join(rows, ""), "\x1b") {
		t.Errorf("the last line is %q", rows[22])
	}
	th.keys <- keyHome
	th.keys <- keyDown
	th.until("one down", has(0, "S00 "))

	// What moves is seen without a key.
	th.keys <- keyHome
	th.swarm("update", "S02", "--note", "news from S02")
	th.until("news", has(3, "news from S02"))

	for _, size := range [][2]int{{40, 10}, {200, 60}, {12, 3}, {1, 1}, {80, 24}} {
		th.resize(size[0], size[1])
		rows := th.until(fmt.Sprint("at ", size), func(rows []string) bool {
			return len(rows) == size[1] && (size[1] == 1 || size[0] < 20 || strings.Contains(rows[size[1]-1], "q ends"))
		})
		for y, row := range rows[:len(rows)-1] {
			if y > 0 && y < 30 && size[1] > 5 && !strings.HasPrefix(row, fmt.Sprintf("S%02d ", y-1)) {
				t.Errorf("at %v row %d is %q", size, y, row)
			}
		}
	}
	th.keys <- keySuspend
	th.keys <- keyQuit
	if err := <-th.ended; err != nil || th.suspended != 1 {
		t.Errorf("%v, suspended %d times", err, th.suspended)
	}
	th.ended <- nil
}

// TestBoardFails: what keeps it from looking ends it, and is told.
func TestBoardFails(t *testing.T) {
	th := newTheatre(t, 80, 24)
	th.swarm("init", "--sessions", "A:x")
	if out, err := exec.Command("sh", "-c", "echo garbage > "+th.app.Dir+"/.git/refs/swarm/sessions").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	th.open()
	if err := <-th.ended; err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
	th.ended <- nil
}

// TestKeysIn: what keys send is known in both modes, and what is not known is
// passed over whole.
func TestKeysIn(t *testing.T) {
	for typed, want := range map[string][]event{
		"": nil, "q": {keyQuit}, "\x1b[A\x1bOB": {keyUp, keyDown}, "\x1b[5~j\x1b[6~": {keyPageUp, keyDown, keyPageDown}, "\x1b[1;5Aq": {keyQuit}, "\x1b[200~qq\x1b[201~": {keyQuit, keyQuit},
		"\x1b": nil, "\x1b[": nil, "\x1bO": nil, "\x1bq": nil, "日q": {keyQuit},
	} {
		if got := keysIn([]byte(typed)); !slices.Equal(got, want) {
			t.Errorf("%q is %v, not %v", typed, got, want)
		}
	}
}
