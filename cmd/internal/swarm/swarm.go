// Package swarm opens the swarm of one repository for a command: its refs, its
// settings and its claims, each when it is first asked for.
//
// It is for one goroutine. It prints nothing and words nothing.
package swarm

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/settings"
	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/hub"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Options are what a command decides about its stay in the repository.
type Options struct {
	Now     func() time.Time
	Timeout time.Duration                    // how long a change may wait for others; 0 for the store's own
	Named   bool                             // the user named the directory, as with -C
	Own     bool                             // a repository that is content of another is passed over, as by hooks
	Via     func() string                    // see refstore.Options
	Renamed func(r *repo.Repo, clone string) // the same

	// Quick is a command that must not wait for the hub: another process is started for
	// what is due there, and what was fetched within QuickInterval counts.
	Quick bool
}

// QuickInterval is for how long what was fetched from the hub counts where nobody waits.
const QuickInterval = time.Minute

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
		s.store = refstore.Open(s.Repo, s.storeOptions())
	}
	return s.store
}

func (s *Swarm) storeOptions() refstore.Options {
	opts := refstore.Options{Now: s.opts.Now, Timeout: s.opts.Timeout, Via: s.opts.Via}
	if _, err := os.Lstat(filepath.Join(s.Repo.CommonDir, "swarm", "hub")); err != nil {
		return opts // it has never been at a hub: the configuration need not be read
	}
	if h := s.hub(); h.Clone != "" && h.Remote != "" {
		s.connect(&opts, h)
	}
	return opts
}

// hub is the hub's settings; what is wrong with them Settings tells.
func (s *Swarm) hub() settings.Hub {
	config, err := s.Repo.Config()
	if err != nil {
		return settings.Hub{}
	}
	h, _ := settings.ReadHub(config)
	return h
}

// connect has the store meet other clones on the hub.
func (s *Swarm) connect(opts *refstore.Options, h settings.Hub) {
	remote := &hub.Remote{Repo: s.Repo, Name: h.Remote, Prefix: h.Prefix, Timeout: h.Timeout}
	if h.SSHMux {
		remote.Mux = hub.MuxDir()
	}
	opts.Hub = remote
	opts.Clone, opts.HubInterval = h.Clone, h.Interval
	if s.opts.Renamed != nil {
		opts.Renamed = func(clone string) { s.opts.Renamed(s.Repo, clone) }
	}
	if opts.HubPace = h.Pace; h.Pace > 0 {
		opts.Paced = sync.OnceFunc(s.deliverLater)
	}
	if s.opts.Quick {
		opts.HubInterval = max(h.Interval, QuickInterval)
		opts.Later = sync.OnceFunc(s.refreshLater)
	}
}

// refreshLater starts a process of its own that brings what is due, unless one is at
// the hub already.
func (s *Swarm) refreshLater() { s.syncBehind("hub") }

// deliverLater starts one that delivers what is published once that may be pushed,
// unless one waits already.
func (s *Swarm) deliverLater() { s.syncBehind("hub-pace") }

// syncBehind starts "hub sync --paced" behind this command, unless somebody has that
// lock.
func (s *Swarm) syncBehind(lock string) {
	if file.Locked(filepath.Join(s.Repo.CommonDir, "swarm", lock)) {
		return
	}
	self, err := os.Executable()
	if err != nil {
		return
	}
	cmd := exec.Command(self, "-C", s.Repo.CommonDir, "hub", "sync", "--paced")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if cmd.Start() == nil {
		_ = cmd.Process.Release()
	}
}

// ErrNotJoined says that this clone has a hub by its configuration, or has begun to
// connect to one, and has not joined it.
var ErrNotJoined = errors.New("this clone has not joined its hub to the end")

// Joined is ErrNotJoined, or nil.
func (s *Swarm) Joined() error {
	if s.Begun() {
		return ErrNotJoined
	}
	if h := s.hub(); h.Remote != "" && h.Clone == "" {
		return ErrNotJoined
	}
	return nil
}

// Begun reports whether this clone has begun to connect to a hub, which may have it by now.
func (s *Swarm) Begun() bool {
	_, err := os.Lstat(joiningPath(s.Repo))
	return err == nil
}

// Unjoined reports whether this clone has no hub, and has not begun to connect to one.
func (s *Swarm) Unjoined() bool {
	h := s.hub()
	return s.Joined() == nil && h.Remote == "" && h.Clone == ""
}

// Joining is the swarm with that hub, which the configuration need not name yet.
func (s *Swarm) Joining(h settings.Hub) *Swarm {
	joining := In(s.Repo, s.opts)
	opts := refstore.Options{Now: s.opts.Now, Via: s.opts.Via}
	joining.connect(&opts, h)
	joining.store = refstore.Open(s.Repo, opts)
	return joining
}

// Alone is the swarm without its hub.
func (s *Swarm) Alone() *Swarm {
	alone := In(s.Repo, s.opts)
	alone.store = refstore.Open(s.Repo, refstore.Options{Now: s.opts.Now, Timeout: s.opts.Timeout, Via: s.opts.Via})
	return alone
}

// Bus is the sessions, messages and shared context.
func (s *Swarm) Bus() *bus.Bus { return bus.New(s.Store()) }

// Settings is the configuration, read once. The error says that it cannot be read at
// all: a single value that is no good stops only who asks for it.
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
	target, err := s.Bus().FindTarget(ctx, s.Repo, "HEAD", "")
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
	team, err := s.Bus().TeamFileAt(ctx, tip)
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

// StaleAfter is that of the rules, for who only shows it. Where it cannot be read, it
// is the default or what the work tree says, if that is longer: whoever is to be
// refused must not profit from what they broke.
func (s *Swarm) StaleAfter(ctx context.Context) time.Duration {
	rules, err := s.Rules(ctx)
	if err != nil {
		own, _ := s.Settings()
		if rules, err = own.On(new(repo.TeamFile)); err != nil {
			rules = new(settings.Rules)
		}
	}
	staleAfter, _ := rules.StaleAfter.Get()
	return staleAfter
}

// CheckStaleAfter is what is wrong with swarm.staleAfter, for who takes claims or is
// kept from something by them; nil if it can be read. What is wrong with swarm.toml on
// the target is not told: see StaleAfter.
func (s *Swarm) CheckStaleAfter() error {
	own, err := s.Settings()
	if err != nil {
		return err
	}
	rules, err := own.On(new(repo.TeamFile))
	if err == nil {
		_, err = rules.StaleAfter.Get()
	}
	return err
}

// Claims is who holds what, by the rules' staleness, which is read when it is first
// asked for: see CheckStaleAfter. With an error of the settings the claims are there
// too, by the defaults.
func (s *Swarm) Claims(ctx context.Context) (*lock.Claims, error) {
	own, err := s.Settings()
	foldCase, bad := own.FoldCase.Get()
	err = cmp.Or(err, bad)
	claims := lock.NewClaims(s.Bus(), 0, foldCase)
	claims.StaleAfter = sync.OnceValue(func() time.Duration { return s.StaleAfter(ctx) })
	claims.Ended = func(session string, seen time.Time) bool {
		return agents.In(s.Repo).Ended(session, seen)
	}
	claims.Present = s.Present
	return claims, err
}

// Present reports whether an agent that works as the session is certainly there.
func (s *Swarm) Present(session string) bool { return agents.In(s.Repo).Present(session) }

// HubTrouble is what has kept the swarm from its hub since the last call. The Swarm may
// be nil.
func (s *Swarm) HubTrouble() error {
	if s == nil || s.store == nil {
		return nil
	}
	return s.store.HubTrouble()
}

// CloneNames are the names that a clone may be given on a hub, the best first: the one
// that it has, or has begun to take, or that is asked for, alone; else that of the
// machine, and variants of it.
func CloneNames(r *repo.Repo, has, asked string) []string {
	begun, _ := file.Read(joiningPath(r), 1024)
	name, _, _ := strings.Cut(string(begun), " ")
	if one := cmp.Or(has, name, asked); one != "" {
		return []string{one}
	}
	host, _ := os.Hostname()
	host, _, _ = strings.Cut(strings.ToLower(host), ".")
	host = strings.Trim(strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			return c
		}
		return '-'
	}, host), "-")
	if host = host[:min(len(host), 24)]; host == "" {
		host = "clone"
	}
	names := []string{host}
	for n := 2; n < 100; n++ {
		names = append(names, host+"-"+strconv.Itoa(n))
	}
	return names
}

// ReaderName is the name of a clone that may not push, and so cannot take that name on the
// hub: no other clone is to have it when this one may.
func ReaderName(name string) string {
	return strings.TrimRight(name[:min(len(name), 27)], "-") + "-" + strings.ToLower(rand.Text()[:4])
}

// joiningPath is the file that is there while a clone connects: see refstore.
func joiningPath(r *repo.Repo) string { return filepath.Join(r.CommonDir, "swarm", "hub-joining") }

// Connected says that the configuration names the hub that the clone has connected to,
// or that it has not connected.
func Connected(r *repo.Repo) { _ = os.Remove(joiningPath(r)) }
