package lock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// soon is the bound for what happens at once on a machine that is busy.
const soon = 10 * time.Second

const staleAfter = 15 * time.Minute

// swarm is a repository with sessions registered, and its claims.
type swarm struct {
	*refstoretest.Repo
	*Claims
	bus   *bus.Bus
	clock *refstoretest.Clock
}

func newSwarm(t testing.TB, ids ...string) *swarm {
	t.Helper()
	s := &swarm{Repo: refstoretest.NewRepo(t), clock: refstoretest.NewClock()}
	s.bus = s.open(refstore.Options{Now: s.clock.Now})
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

// Release is that of the claims, of a repository that has no hub.
func (s *swarm) Release(ctx context.Context, by string, paths []string) error {
	_, err := s.Claims.Release(ctx, by, paths)
	return err
}

// ReleaseAll is that of the claims, of a repository that has no hub.
func (s *swarm) ReleaseAll(ctx context.Context, by string) ([]string, error) {
	released, _, err := s.Claims.ReleaseAll(ctx, by)
	return released, err
}

// open is a bus on the repository as another process would open it.
func (s *swarm) open(opts refstore.Options) *bus.Bus {
	s.Helper()
	b, err := openDir(s.Dir, opts)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { b.Store().Close() })
	return b
}

func openDir(dir string, opts refstore.Options) (*bus.Bus, error) {
	found, err := repo.Discover(repo.Env(os.Environ()), dir)
	if err != nil {
		return nil, err
	}
	return bus.New(refstore.Open(found, opts)), nil
}

// grant claims paths that are there for the taking.
func (s *swarm) grant(by string, paths ...string) []Claim {
	s.Helper()
	granted, err := s.Grant(bg, by, Request{Paths: paths})
	s.Must(err)
	return granted
}

// refused claims paths of which claimed, of holder, is in the way.
func (s *swarm) refused(by, claimed, holder string, paths ...string) *HeldError {
	s.Helper()
	before := s.Git("for-each-ref")
	_, err := s.Grant(bg, by, Request{Paths: paths})
	held, ok := errors.AsType[*HeldError](err)
	if !ok || held.Claim.Path != claimed || held.Claim.Session != holder {
		s.Fatalf("%s asking for %q gives %v, want %s of %s in the way", by, paths, err, claimed, holder)
	}
	if after := s.Git("for-each-ref"); after != before {
		s.Fatalf("a refusal changed %s to %s", before, after)
	}
	return held
}

// claims are what is held, as "path session#epoch".
func (s *swarm) claims() []string {
	s.Helper()
	all, err := s.List(bg, "")
	s.Must(err)
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
	s.Helper()
	if got := s.claims(); !slices.Equal(got, want) {
		s.Errorf("the claims are %q, want %q", got, want)
	}
}

// healthy fails the test unless all fscks find nothing.
func (s *swarm) healthy() {
	s.Helper()
	b := s.open(refstore.Options{})
	faults, _, err := Fsck(bg, b)
	more, _, err2 := b.Fsck(bg)
	if err := errors.Join(append(append(faults, more...), err, err2)...); err != nil {
		s.Errorf("fsck: %v", err)
	}
	s.GitFsck()
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

// claim is the claim on that path, which there must be.
func (s *swarm) claim(path string) Claim {
	s.Helper()
	all, err := s.List(bg, path)
	s.Must(err)
	if len(all) != 1 || all[0].Path != path {
		s.Fatalf("the claims at %s are %v", path, all)
	}
	return all[0]
}
