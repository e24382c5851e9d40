package lock

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// soon is the bound for what happens at once on a machine that is busy.
const soon = 10 * time.Second

const staleAfter = 15 * time.Minute

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

// swarm is a repository with sessions registered, and its claims.
type swarm struct {
	t testing.TB
	*Claims
	bus   *bus.Bus
	dir   string
	clock *clock
}

func newSwarm(t testing.TB, ids ...string) *swarm {
	t.Helper()
	s := &swarm{t: t, dir: filepath.Join(t.TempDir(), "r"), clock: newClock()}
	run(t, "", "", "init", "-q", "--template=", s.dir)
	s.bus = s.open(refstore.Options{Now: s.clock.now})
	s.Claims = NewClaims(s.bus, staleAfter, false)
	var sessions []bus.Registration
	for _, id := range ids {
		sessions = append(sessions, bus.Registration{ID: id, Workstream: strings.ToLower(id)})
	}
	if _, err := s.bus.Register(bg, sessions); err != nil {
		t.Fatal(err)
	}
	return s
}

// open is a bus on the repository as another process would open it.
func (s *swarm) open(opts refstore.Options) *bus.Bus {
	s.t.Helper()
	b, err := openDir(s.dir, opts)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { b.Store().Close() })
	return b
}

func openDir(dir string, opts refstore.Options) (*bus.Bus, error) {
	found, err := repo.Discover(repo.Env(os.Environ()), dir)
	if err != nil {
		return nil, err
	}
	return bus.New(refstore.Open(found, opts)), nil
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

func (s *swarm) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// grant claims paths that are there for the taking.
func (s *swarm) grant(by string, paths ...string) []Claim {
	s.t.Helper()
	granted, err := s.Grant(bg, by, Request{Paths: paths})
	s.must(err)
	return granted
}

// refused claims paths of which claimed, of holder, is in the way.
func (s *swarm) refused(by, claimed, holder string, paths ...string) *HeldError {
	s.t.Helper()
	before := s.git("for-each-ref")
	_, err := s.Grant(bg, by, Request{Paths: paths})
	held, ok := IsHeld(err)
	if !ok || held.Claim.Path != claimed || held.Claim.Session != holder {
		s.t.Fatalf("%s asking for %q gives %v, want %s of %s in the way", by, paths, err, claimed, holder)
	}
	if after := s.git("for-each-ref"); after != before {
		s.t.Fatalf("a refusal changed %s to %s", before, after)
	}
	return held
}

// claims are what is held, as "path session#epoch".
func (s *swarm) claims() []string {
	s.t.Helper()
	all, err := s.List(bg, "")
	s.must(err)
	return inShort(all)
}

func inShort(all []Claim) []string {
	var lines []string
	for _, c := range all {
		lines = append(lines, fmt.Sprintf("%s %s#%d", c.Path, c.Session, c.Epoch))
	}
	return lines
}

func (s *swarm) want(want ...string) {
	s.t.Helper()
	if got := s.claims(); !slices.Equal(got, want) {
		s.t.Errorf("the claims are %q, want %q", got, want)
	}
}

// healthy fails the test unless all fscks find nothing.
func (s *swarm) healthy() {
	s.t.Helper()
	b := s.open(refstore.Options{})
	faults, _, err := Fsck(bg, b)
	more, _, err2 := b.Fsck(bg)
	if err := errors.Join(append(append(faults, more...), err, err2)...); err != nil {
		s.t.Errorf("fsck: %v", err)
	}
	for line := range strings.Lines(s.git("fsck", "--strict", "--no-dangling", "--no-progress")) {
		if !strings.HasPrefix(line, "notice: ") {
			s.t.Errorf("git fsck: %s", line)
		}
	}
}

func isInput(t testing.TB, what string, err error) {
	t.Helper()
	if !errors.Is(err, bus.ErrInput) {
		t.Errorf("%s gives %v and not ErrInput", what, err)
	}
}

// within returns what comes out of c, which must be soon.
func within[T any](t testing.TB, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(soon):
		t.Fatalf("nothing within %s", soon)
	}
	panic("unreachable")
}
