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

	"github.com/git-swarm/git-swarm/cmd/internal/screen"
	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/orchestrator/monitor"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/review"
)

// fakeScreen is a repository of many sessions, and the dashboard on a screen that
// keeps what it shows.
type fakeScreen struct {
	t     *testing.T
	app   *App
	out   bytes.Buffer
	ended chan error
	keys  chan screen.Event

	mu            sync.Mutex
	shown         *sync.Cond
	width, height int
	rows          []string
	suspended     int
	titles        []string
}

func newFakeScreen(t *testing.T, width, height int) *fakeScreen {
	t.Helper()
	dir := t.TempDir()
	fake := &fakeScreen{t: t, ended: make(chan error, 1), keys: make(chan screen.Event), width: width, height: height}
	fake.shown = sync.NewCond(&fake.mu)
	fake.app = &App{Dir: dir, Stdin: strings.NewReader(""), Stdout: &fake.out, Stderr: &fake.out, Now: time.Now, Env: repo.Env{
		"PATH=" + envPath(t), "HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=T", "GIT_AUTHOR_EMAIL=t@example.com", "GIT_COMMITTER_NAME=T", "GIT_COMMITTER_EMAIL=t@example.com",
	}}
	cmd := exec.Command("git", "init", "-q", "-b", "main", dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return fake
}

func (fake *fakeScreen) Size() (int, int) {
	fake.mu.Lock()
	defer fake.mu.Unlock()
	return fake.width, fake.height
}

func (fake *fakeScreen) Events() <-chan screen.Event { return fake.keys }

func (fake *fakeScreen) Suspend() error { fake.suspended++; return nil }

func (fake *fakeScreen) Title(title string, ring bool) error {
	if ring {
		title += " (bell)"
	}
	fake.mu.Lock()
	defer fake.mu.Unlock()
	fake.titles = append(fake.titles, title)
	return nil
}

// Draw keeps the rows, and holds the view to its promise.
func (fake *fakeScreen) Draw(rows []text.Line) error {
	fake.mu.Lock()
	defer fake.mu.Unlock()
	fake.rows = nil
	for _, row := range rows {
		var b strings.Builder
		for _, c := range row {
			b.WriteString(c.Text)
		}
		fake.rows = append(fake.rows, strings.TrimRight(b.String(), " "))
		if row.Width() > fake.width {
			fake.t.Errorf("%d columns, and a row is %q", fake.width, b.String())
		}
	}
	if len(rows) > fake.height {
		fake.t.Errorf("%d rows on %d", len(rows), fake.height)
	}
	fake.shown.Broadcast()
	return nil
}

func (fake *fakeScreen) resize(width, height int) {
	fake.mu.Lock()
	fake.width, fake.height = width, height
	fake.mu.Unlock()
	fake.keys <- screen.Redraw
}

func envPath(t *testing.T) string {
	t.Helper()
	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(git, "/git")
}

func (fake *fakeScreen) swarm(args ...string) {
	fake.t.Helper()
	if code := fake.app.Run(context.Background(), args); code != 0 {
		fake.t.Fatalf("%q ended with %d: %s", args, code, fake.out.String())
	}
}

// open runs the dashboard until the test ends.
func (fake *fakeScreen) open() {
	v := dashboardVerb()
	c := &call{App: fake.app, verb: v, cmd: fake.app.command(v)}
	b, err := c.Bus()
	if err != nil {
		fake.t.Fatal(err)
	}
	m := &monitor.Monitor{Repo: c.swarm.Repo, Bus: b, Book: review.NewStore(b), Push: lock.NewPushLock(b, lock.LeaseTime), Now: c.Now, StaleAfter: c.swarm.StaleAfter(context.Background())}
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() {
		defer close(over)
		fake.ended <- c.viewDashboard(ctx, fake, m, time.Hour)
	}()
	fake.t.Cleanup(func() { cancel(); <-over; c.swarm.Close() })
}

// until waits for the screen to be as ok wants it.
func (fake *fakeScreen) until(what string, ok func(rows []string) bool) []string {
	fake.t.Helper()
	late := time.AfterFunc(20*time.Second, fake.shown.Broadcast)
	defer late.Stop()
	end := time.Now().Add(20 * time.Second)
	fake.mu.Lock()
	defer fake.mu.Unlock()
	for !ok(fake.rows) {
		if !time.Now().Before(end) {
			fake.t.Fatalf("%s: the screen is\n%s", what, strings.Join(fake.rows, "\n"))
		}
		fake.shown.Wait()
	}
	return fake.rows
}

func has(row int, text string) func([]string) bool {
	return func(rows []string) bool { return row < len(rows) && strings.Contains(rows[row], text) }
}

// TestWatch: the dashboard fits 80 columns and every other size, follows the
// swarm and the terminal's size, scrolls, and ends.
func TestWatch(t *testing.T) {
	fake := newFakeScreen(t, 80, 24)
	var ids []string
	for i := range 30 {
		ids = append(ids, fmt.Sprintf("S%02d:stream-%d", i, i))
	}
	fake.swarm("init", "--sessions", strings.Join(ids, " "))
	fake.swarm("update", "S00", "--status", "blocked", "--note", strings.Repeat("日本語のメモ ", 20))
	fake.swarm("message", "--from", "S01", "orchestrator", strings.Repeat("a long question ", 20)+"\x1b[31m")
	fake.open()

	rows := fake.until("at first", has(23, "↑↓ 1 to 23 of"))
	if !strings.HasPrefix(rows[0], "ID ") || !strings.HasPrefix(rows[1], "S00 ") || !strings.Contains(rows[1], "メモ") || !strings.HasSuffix(rows[1], " s ago") && !strings.HasSuffix(rows[1], "just now") {
		t.Errorf("the table begins with\n%s\n%s", rows[0], rows[1])
	}
	fake.keys <- screen.KeyEnd
	rows = fake.until("at the end", has(22, "#1 from S01:"))
	if !strings.Contains(rows[22], "…") || !strings.HasSuffix(rows[22], `question \x1b[31m"`) || strings.Contains(strings.Join(rows, ""), "\x1b") {
		t.Errorf("the last line is %q", rows[22])
	}
	fake.keys <- screen.KeyHome
	fake.keys <- screen.KeyDown
	fake.until("one down", has(0, "S00 "))

	// What moves is seen without a key.
	fake.keys <- screen.KeyHome
	fake.swarm("update", "S02", "--note", "news from S02")
	fake.until("news", has(3, "news from S02"))

	for _, size := range [][2]int{{40, 10}, {200, 60}, {12, 3}, {1, 1}, {80, 24}} {
		fake.resize(size[0], size[1])
		rows := fake.until(fmt.Sprint("at ", size), func(rows []string) bool {
			return len(rows) == size[1] && (size[1] == 1 || size[0] < 20 || strings.Contains(rows[size[1]-1], "q ends"))
		})
		for y, row := range rows[:len(rows)-1] {
			if y > 0 && y < 30 && size[1] > 5 && !strings.HasPrefix(row, fmt.Sprintf("S%02d ", y-1)) {
				t.Errorf("at %v row %d is %q", size, y, row)
			}
		}
	}
	fake.keys <- screen.KeySuspend
	fake.keys <- screen.KeyQuit
	if err := <-fake.ended; err != nil || fake.suspended != 1 {
		t.Errorf("%v, suspended %d times", err, fake.suspended)
	}
	fake.ended <- nil
}

// TestWatchFails: what keeps it from looking ends it, and is told.
func TestWatchFails(t *testing.T) {
	fake := newFakeScreen(t, 80, 24)
	fake.swarm("init", "--sessions", "A:x")
	if out, err := exec.Command("sh", "-c", "echo garbage > "+fake.app.Dir+"/.git/refs/swarm/sessions").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	fake.open()
	if err := <-fake.ended; err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
	fake.ended <- nil
}

// TestNoActivity: what --stale-minutes calls stale cannot be taken over yet, and who
// holds nothing has nothing to take over.
func TestNoActivity(t *testing.T) {
	fake := newFakeScreen(t, 80, 24)
	fake.swarm("init", "--sessions", "A:x B:y")
	fake.swarm("claim", "--session", "A", "docs", "two")
	start := time.Now()
	for _, c := range []struct {
		later time.Duration
		want  string
	}{
		{5 * time.Minute, "No activity\n  A for 5 min; holds docs, two\n  B for 5 min\n"},
		{2 * time.Hour, "No activity\n  A for 2 h; others may take over its claims: docs, two\n  B for 2 h\n"},
	} {
		fake.app.Now = func() time.Time { return start.Add(c.later) }
		fake.out.Reset()
		fake.swarm("orchestrate", "dashboard", "--stale-minutes", "1")
		if !strings.Contains(fake.out.String(), c.want) {
			t.Errorf("after %s: %s", c.later, fake.out.String())
		}
	}
}

// TestDashboardCalls: the title names whom somebody is needed for; the bell rings when
// that changes, and not for how things stood.
func TestDashboardCalls(t *testing.T) {
	fake := newFakeScreen(t, 80, 24)
	fake.swarm("init", "--sessions", "A:front B:back")
	fake.swarm("update", "A", "--status", "blocked", "--note", "which currency?")
	fake.open()
	fake.until("the first look", func(rows []string) bool {
		shows := func(words string) bool {
			return slices.ContainsFunc(rows, func(r string) bool { return strings.Contains(r, words) })
		}
		return shows("which currency?") && !shows("looking for collisions") // what is new then is no news
	})
	fake.swarm("update", "B", "--status", "blocked", "--note", "and which tax?")
	fake.until("B is blocked", func(rows []string) bool {
		return slices.ContainsFunc(rows, func(r string) bool { return strings.Contains(r, "and which tax?") })
	})
	fake.mu.Lock()
	defer fake.mu.Unlock()
	if len(fake.titles) == 0 || fake.titles[0] != "swarm: A blocked" || !slices.Contains(fake.titles, "swarm: A blocked, B blocked (bell)") {
		t.Errorf("the titles were %q", fake.titles)
	}
	if slices.Contains(fake.titles, "swarm: A blocked (bell)") {
		t.Errorf("the bell rang for how things stood: %q", fake.titles)
	}
}
