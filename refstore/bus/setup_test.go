package bus

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// clock is the time of a test. It stands still between advances.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// swarm is a repository with sessions registered, and the bus over it.
type swarm struct {
	t testing.TB
	*Bus
	dir   string
	clock *clock
}

// newSwarm registers the sessions, each with its id in lower case as workstream.
func newSwarm(t testing.TB, ids ...string) *swarm {
	t.Helper()
	s := &swarm{t: t, dir: filepath.Join(t.TempDir(), "r"), clock: newClock()}
	run(t, "", "", "init", "-q", "--template=", s.dir)
	s.Bus = s.open()
	var sessions []Registration
	for _, id := range ids {
		sessions = append(sessions, Registration{ID: id, Workstream: strings.ToLower(id)})
	}
	if _, err := s.Register(bg, sessions); err != nil {
		t.Fatal(err)
	}
	return s
}

// open is a bus on the repository as another process would open it.
func (s *swarm) open() *Bus {
	s.t.Helper()
	b, err := openDir(s.dir, refstore.Options{Now: s.clock.now})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { b.Store().Close() })
	return b
}

func openDir(dir string, opts refstore.Options) (*Bus, error) {
	found, err := repo.Discover(repo.Env(os.Environ()), dir)
	if err != nil {
		return nil, err
	}
	return New(refstore.Open(found, opts)), nil
}

// run is the output of git in dir, which must succeed.
func run(t testing.TB, dir, stdin string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSuffix(string(out), "\n")
}

func (s *swarm) git(args ...string) string {
	s.t.Helper()
	return run(s.t, s.dir, "", args...)
}

// refs are all refs of the repository with what they hold, and the number of objects.
func (s *swarm) refs() string {
	s.t.Helper()
	return s.git("for-each-ref") + "\n" + s.git("count-objects", "-v")
}

func (s *swarm) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// say adds a decision to the context.
func (s *swarm) say(by, body string) {
	s.t.Helper()
	_, err := s.AddContext(bg, by, "decision", body)
	s.must(err)
}

func (s *swarm) send(from, to, body string) []Sent {
	s.t.Helper()
	sent, err := s.Send(bg, from, to, body)
	s.must(err)
	return sent
}

// sync is what a sync shows, nil if nothing.
func (s *swarm) sync(id string) *News {
	s.t.Helper()
	var news *News
	s.must(s.Sync(bg, id, func(n *News) error { news = n; return nil }))
	return news
}

// lines are the news as short lines: M2 B hello, C7 A body.
func (n *News) lines() []string {
	if n == nil {
		return nil
	}
	var lines []string
	for _, m := range n.Messages {
		lines = append(lines, fmt.Sprintf("M%d %s %s", m.Number, m.From, m.Body))
	}
	for _, c := range n.Context {
		lines = append(lines, fmt.Sprintf("C%d %s %s", c.Number, c.By, c.Body))
	}
	return lines
}

// healthy fails the test unless Fsck and git fsck find nothing.
func (s *swarm) healthy() {
	s.t.Helper()
	faults, _, err := s.open().Fsck(bg)
	if err := errors.Join(append(faults, err)...); err != nil {
		s.t.Errorf("fsck: %v", err)
	}
	s.gitFsck()
}

func (s *swarm) gitFsck() {
	s.t.Helper()
	for line := range strings.Lines(s.git("fsck", "--strict", "--no-dangling", "--no-progress")) {
		if !strings.HasPrefix(line, "notice: ") {
			s.t.Errorf("git fsck: %s", line)
		}
	}
}

// isInput fails the test unless err says that the input can never be stored.
func isInput(t testing.TB, what string, err error) {
	t.Helper()
	if !errors.Is(err, ErrInput) {
		t.Errorf("%s gives %v and not ErrInput", what, err)
	}
}
