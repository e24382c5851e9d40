// Package swarm opens the swarm of one repository for a command: its refs, its
// settings and its claims, each when it is first asked for.
//
// It is for one goroutine. It prints nothing and words nothing.
package swarm

import (
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/settings"
	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Options are what a command decides about its stay in the repository.
type Options struct {
	Now     func() time.Time
	Timeout time.Duration // how long a change may wait for others; 0 for the store's own
	Named   bool          // the user named the directory, as with -C
}

// Swarm is the swarm in one repository.
type Swarm struct {
	Repo     *repo.Repo
	opts     Options
	store    *refstore.Store
	settings *settings.Settings
}

// Open finds the repository that dir is in, as git does with that environment. It
// reads nothing else yet. Close frees what was opened.
func Open(env repo.Env, dir string, opts Options) (*Swarm, error) {
	discover := repo.Discover
	if opts.Named {
		discover = repo.DiscoverNamed
	}
	r, err := discover(env, dir)
	if err != nil {
		return nil, err
	}
	return In(r, opts), nil
}

// In is the swarm in a repository that is found already.
func In(r *repo.Repo, opts Options) *Swarm { return &Swarm{Repo: r, opts: opts} }

// Close frees what was opened. The Swarm may be nil.
func (s *Swarm) Close() {
	if s != nil && s.store != nil {
		_ = s.store.Close()
	}
}

// SetAside is what readers have left out since the last call. The Swarm may be nil.
func (s *Swarm) SetAside() []*refstore.DamagedError {
	if s == nil || s.store == nil {
		return nil
	}
	return s.store.SetAside()
}

// Store is where the refs of the swarm are read and moved.
func (s *Swarm) Store() *refstore.Store {
	if s.store == nil {
		s.store = refstore.Open(s.Repo, refstore.Options{Now: s.opts.Now, Timeout: s.opts.Timeout})
	}
	return s.store
}

// Bus is the sessions, messages and shared context.
func (s *Swarm) Bus() *bus.Bus { return bus.New(s.Store()) }

// Settings is the configuration, read once.
func (s *Swarm) Settings() (*settings.Settings, error) {
	var err error
	if s.settings == nil {
		s.settings, err = settings.Read(s.Repo)
	}
	return s.settings, err
}

// Claims is who holds what, by the settings' rules of staleness.
func (s *Swarm) Claims() (*lock.Claims, error) {
	settings, err := s.Settings()
	if err != nil {
		return nil, err
	}
	claims := lock.NewClaims(s.Bus(), settings.StaleAfter, settings.FoldCase)
	claims.Ended = func(session string, seen time.Time) bool {
		return agents.In(s.Repo).Ended(session, seen)
	}
	return claims, nil
}
