package bus

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// swarm is a repository with sessions registered, and the bus over it.
type swarm struct {
	*refstoretest.Repo
	*Bus
	clock *refstoretest.Clock
}

// newSwarm registers the sessions, each with its id in lower case as workstream.
func newSwarm(t testing.TB, ids ...string) *swarm {
	t.Helper()
	s := &swarm{Repo: refstoretest.NewRepo(t), clock: refstoretest.NewClock()}
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
	s.Helper()
	b, err := openDir(s.Dir, refstore.Options{Now: s.clock.Now})
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { b.Store().Close() })
	return b
}

func openDir(dir string, opts refstore.Options) (*Bus, error) {
	found, err := repo.Discover(repo.Env(os.Environ()), dir)
	if err != nil {
		return nil, err
	}
	return New(refstore.Open(found, opts)), nil
}

// say adds a decision to the context.
func (s *swarm) say(by, body string) {
	s.Helper()
	_, err := s.AddContext(bg, by, "decision", body)
	s.Must(err)
}

func (s *swarm) send(from, to, body string) []Sent {
	s.Helper()
	sent, err := s.Send(bg, from, to, body)
	s.Must(err)
	return sent
}

// sync is what a sync shows, nil if nothing.
func (s *swarm) sync(id string) *News {
	s.Helper()
	var news *News
	s.Must(s.Sync(bg, id, func(n *News) error { news = n; return nil }))
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
	s.Helper()
	faults, _, err := s.open().Fsck(bg)
	if err := errors.Join(append(faults, err)...); err != nil {
		s.Errorf("fsck: %v", err)
	}
	s.GitFsck()
}

// isInput fails the test unless err says that the input can never be stored.
func isInput(t testing.TB, what string, err error) {
	t.Helper()
	if !errors.Is(err, ErrInput) {
		t.Errorf("%s gives %v and not ErrInput", what, err)
	}
}
