// Package swarm opens the swarm of one repository for a command: its refs, its
// settings and its claims, each when it is first asked for.
//
// It is for one goroutine. It prints nothing and words nothing.
package swarm

import (
	"context"
	"errors"
	"sync"
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
	Own     bool          // a repository that is content of another is passed over, as by hooks
	Via     func() string // see refstore.Options
}

// Swarm is the swarm in one repository.
type Swarm struct {
	Repo  *repo.Repo
	opts  Options
	store *refstore.Store

	settings    *settings.Settings
	settingsErr error
	rules       *settings.Rules
	rulesErr    error
}

// Open finds the repository that dir is in, as git does with that environment, or
// with Options.Own as [repo.DiscoverOwn] does. It reads nothing else yet. Close frees what was opened.
func Open(env repo.Env, dir string, opts Options) (*Swarm, error) {
	discover := repo.Discover
	switch {
	case opts.Named:
		discover = repo.DiscoverNamed
	case opts.Own && repo.IsContent(env, dir):
		discover = repo.DiscoverOwn
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
		s.store = refstore.Open(s.Repo, refstore.Options{Now: s.opts.Now, Timeout: s.opts.Timeout, Via: s.opts.Via})
	}
	return s.store
}

// Bus is the sessions, messages and shared context.
func (s *Swarm) Bus() *bus.Bus { return bus.New(s.Store()) }

// Settings is the configuration, read once.
func (s *Swarm) Settings() (*settings.Settings, error) {
	if s.settings == nil {
		s.settings, s.settingsErr = settings.Read(s.Repo)
	}
	return s.settings, s.settingsErr
}

// Rules are what holds for work that lands where the branch here does, read once.
// Where there is no such place yet, git's configuration and the work tree alone say.
func (s *Swarm) Rules(ctx context.Context) (*settings.Rules, error) {
	if s.rules == nil && s.rulesErr == nil {
		s.rules, s.rulesErr = s.readRules(ctx)
	}
	return s.rules, s.rulesErr
}

func (s *Swarm) readRules(ctx context.Context) (*settings.Rules, error) {
	own, err := s.Settings()
	if err != nil {
		return nil, err
	}
	target, err := s.Repo.FindTarget(ctx, repo.TargetQuery{Branch: "HEAD", IsSessionBranch: s.Bus().IsSessionBranch})
	switch {
	case errors.Is(err, repo.ErrNoTarget):
		return own.On(new(repo.TeamFile))
	case err != nil:
		return own.WithoutTeam(err)
	}
	return s.RulesOf(ctx, target)
}

// RulesOf are the rules of a target as it was last fetched. A branch that is not
// there yet has those of the branch that it would begin with.
func (s *Swarm) RulesOf(ctx context.Context, target repo.Target) (*settings.Rules, error) {
	ref, err := s.Repo.TargetRef(ctx, target)
	if errors.Is(err, repo.ErrNoTarget) {
		var own *settings.Settings
		if own, err = s.Settings(); err == nil {
			return own.On(new(repo.TeamFile))
		}
	}
	if err != nil {
		return nil, err
	}
	return s.RulesAt(ctx, ref)
}

// RulesAt are the rules of a branch that is landed on. tip is a commit, or a ref by
// its full name.
func (s *Swarm) RulesAt(ctx context.Context, tip string) (*settings.Rules, error) {
	own, err := s.Settings()
	if err != nil {
		return nil, err
	}
	team, err := s.Repo.TeamFileAt(ctx, tip)
	if err != nil {
		return own.WithoutTeam(err)
	}
	rules, err := own.On(team)
	var bad *repo.TeamFileError
	if errors.As(err, &bad) {
		bad.Ref = tip
		return own.WithoutTeam(bad)
	}
	return rules, err
}

// StaleAfter is that of the rules. Where they cannot be read, it is the default or
// what the work tree says, if that is longer: whoever is to be refused must not
// profit from what they broke.
func (s *Swarm) StaleAfter(ctx context.Context) time.Duration {
	rules, err := s.Rules(ctx)
	if err != nil {
		own, _ := s.Settings()
		if rules, err = own.On(new(repo.TeamFile)); err != nil {
			rules = new(settings.Rules)
		}
	}
	return rules.StaleAfter
}

// Claims is who holds what, by the rules' staleness, which is read when it is first
// asked for. With an error of the settings the claims are there too, by the defaults.
func (s *Swarm) Claims(ctx context.Context) (*lock.Claims, error) {
	own, err := s.Settings()
	claims := lock.NewClaims(s.Bus(), 0, own.FoldCase)
	claims.StaleAfter = sync.OnceValue(func() time.Duration { return s.StaleAfter(ctx) })
	claims.Ended = func(session string, seen time.Time) bool {
		return agents.In(s.Repo).Ended(session, seen)
	}
	claims.Present = s.Present
	return claims, err
}

// Present reports whether an agent that works as the session is certainly there.
func (s *Swarm) Present(session string) bool { return agents.In(s.Repo).Present(session) }
