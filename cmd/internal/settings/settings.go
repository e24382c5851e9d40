// Package settings reads swarm.* of git's configuration, and behind it swarm.toml,
// the file in which a team keeps its defaults.
//
// swarm.toml is committed by anybody: nothing in it is run. A value that is no good stops
// only who asks for it: see [Value].
package settings

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/merge"
	"github.com/git-swarm/git-swarm/merge/heal"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Settings are what git's configuration and the swarm.toml of the work tree say.
// Where work lands is not among them: see repo.FindTarget. Nor are the rules, for
// which the branch that is landed on speaks first: see [Settings.On].
type Settings struct {
	FoldCase Value[bool]     // core.ignoreCase
	Sessions Value[[]string] // of swarm.toml: "ID:workstream"
	Verify   string          // swarm.verify, of git's configuration only: a command to run
	// ClaimsWarn is swarm.claims = warn: others' claims keep no push out, their holders
	// are told.
	ClaimsWarn Value[bool]

	HealCheck Value[HealCheck] // swarm.healCheck
	// ByRequest is swarm.land = pr: work goes to the target by a pull request, which
	// RequestCommand (swarm.prCommand, its words) opens or updates.
	ByRequest      Value[bool]
	RequestCommand []string

	Setup string     // swarm.setup, of git's configuration only: a command to run in each new worktree
	Ports Value[int] // swarm.ports: how many a session has for its own

	VerifyTimeout Value[time.Duration] // swarm.verifyTimeout: after which it is ended, 0 for never
	VerifyJobs    Value[int]           // swarm.verifyJobs: how many of it may run at once, from 1

	ConductAll Value[bool] // swarm.conduct = all: clones with the same rules land each other's work

	// Regenerate is swarm.regenerate, of git's configuration only, and swarm.regenerateTimeout: nil
	// if no command is set.
	Regenerate Value[*merge.Regenerator]

	Hub Value[Hub]

	Faults []error // what is wrong with each value that is no good, for who looks at all of them

	config struct { // nil for what it does not set
		staleAfter, lockTimeout *Value[time.Duration]
		requireReview           *Value[bool]
		heal                    *Value[heal.Level]
	}
	workTree    layer
	workTreeBad error // of its swarm.toml
}

// Value is what a key is set to, or its default, or why it cannot be used.
type Value[T any] struct {
	value T
	bad   error
}

// Get returns the value. If what is set is no good, the error names the key, and the
// value is the default.
func (v Value[T]) Get() (T, error) { return v.value, v.bad }

// Hub is the remote through which clones meet, as git's configuration says.
type Hub struct {
	Remote, Prefix string // swarm.hub, "" for none, and swarm.hubPrefix
	Clone          string // swarm.hubClone: what this clone is called there

	Interval, Timeout time.Duration // swarm.hubInterval, swarm.hubTimeout
	Pace              time.Duration // swarm.hubPace, 0 for none
	SSHMux            bool          // swarm.hubSshMux
}

// ReadHub reads the hub's part of a configuration alone.
func ReadHub(config *repo.Config) (h Hub, err error) {
	h.Remote, _ = config.Get("swarm.hub")
	h.Clone, _ = config.Get("swarm.hubclone")
	h.Prefix, err = ReadHubPrefix(config)
	h.Interval, h.Timeout = 5*time.Second, 10*time.Second
	for _, one := range []struct {
		key string
		to  *time.Duration
	}{{"swarm.hubinterval", &h.Interval}, {"swarm.hubtimeout", &h.Timeout}, {"swarm.hubpace", &h.Pace}} {
		d, bad := config.Duration(one.key, *one.to)
		if err = cmp.Or(err, bad); d > 0 {
			*one.to = d
		}
	}
	mux, bad := config.Bool("swarm.hubsshmux", false)
	h.SSHMux = mux
	return h, cmp.Or(err, bad)
}

// ReadHubPrefix reads swarm.hubPrefix alone.
func ReadHubPrefix(config *repo.Config) (string, error) {
	prefix, _ := config.Get("swarm.hubprefix")
	if prefix = cmp.Or(prefix, DefaultHubPrefix); !IsHubPrefix(prefix) {
		return DefaultHubPrefix, &ChoiceError{Key: "swarm.hubPrefix", Value: quote(prefix), May: "the beginning of refs' names, such as refs/swarm/"}
	}
	return prefix, nil
}

// IsHubPrefix reports whether refs of a swarm may be below it, as far as can be told
// without git.
func IsHubPrefix(prefix string) bool {
	return strings.HasPrefix(prefix, "refs/") && strings.HasSuffix(prefix, "/") && !strings.ContainsAny(prefix, "*:^ \n")
}

// DefaultHubPrefix is where the refs of a swarm are on its hub, unless swarm.hubPrefix
// says otherwise.
const DefaultHubPrefix = "refs/swarm/"

// Read reads the configuration of r, and swarm.toml if there is a work tree. The
// error says that git's configuration cannot be read at all.
func Read(r *repo.Repo) (*Settings, error) {
	s := new(Settings)
	config, err := r.Config()
	if err != nil {
		return s, err
	}
	s.readConfig(config)
	if r.WorkTree == "" {
		return s, nil
	}
	file, bad := repo.ReadTeamFile(filepath.Join(r.WorkTree, repo.TeamFileName))
	if bad == nil {
		s.Sessions.value = file.Sessions
		s.workTree, bad = layerOf(file)
	}
	if bad != nil {
		s.Sessions.bad, s.workTreeBad, s.Faults = bad, bad, append(s.Faults, bad)
	}
	return s, nil
}

func (s *Settings) readConfig(config *repo.Config) {
	s.Verify, _ = config.Get("swarm.verify")
	s.Setup, _ = config.Get("swarm.setup")
	s.Ports = value(s, config, "swarm.ports", defaultPorts, number(config, 1, maxPorts))
	s.VerifyTimeout = value(s, config, "swarm.verifytimeout", 0, config.Duration)
	s.VerifyJobs = value(s, config, "swarm.verifyjobs", 1, number(config, 1, maxVerifyJobs))
	s.ConductAll = value(s, config, "swarm.conduct", false, oneOf(config, "own", "all"))
	s.Regenerate = regenerate(s, config)
	hub, bad := ReadHub(config)
	if s.Hub = (Value[Hub]{hub, bad}); bad != nil {
		s.Faults = append(s.Faults, bad)
	}
	s.config.staleAfter = override(s, config, "swarm.staleafter", config.Duration)
	s.config.lockTimeout = override(s, config, "swarm.locktimeout", config.Duration)
	s.config.requireReview = override(s, config, "swarm.requirereview", config.Bool)
	s.config.heal = override(s, config, "swarm.heal", func(key string, _ heal.Level) (heal.Level, error) {
		v, _ := config.Get(key)
		level, ok := heal.ParseLevel(v)
		if !ok {
			return level, &ChoiceError{Key: "swarm.heal", Value: quote(v), May: "safe, both, wide or off"}
		}
		return level, nil
	})
	s.ClaimsWarn = value(s, config, "swarm.claims", false, oneOf(config, "refuse", "warn"))
	s.HealCheck = value(s, config, "swarm.healcheck", ShowResolved, healCheck(config))
	s.ByRequest = value(s, config, "swarm.land", false, oneOf(config, "push", "pr"))
	command, _ := config.Get("swarm.prcommand")
	s.RequestCommand = strings.Fields(command)
	s.FoldCase = value(s, config, "core.ignorecase", false, config.Bool)
}

func regenerate(s *Settings, config *repo.Config) Value[*merge.Regenerator] {
	limit, bad := value(s, config, "swarm.regeneratetimeout", regenerateTimeout, config.Duration).Get()
	made := &merge.Regenerator{Limit: limit}
	for _, set := range config.All("swarm.regenerate") {
		c, ok := merge.ParseRegenerate(set)
		if !ok {
			bad = &ChoiceError{Key: "swarm.regenerate", Value: quote(set), May: regenerateForm, OneOf: &set}
			s.Faults = append(s.Faults, bad)
			break
		}
		made.Commands = append(made.Commands, c)
	}
	if len(made.Commands) == 0 {
		made = nil
	}
	return Value[*merge.Regenerator]{made, bad}
}

const regenerateForm = "PATTERN: COMMAND; a pattern is a name (*.lock) or a path from the top (web/*.lock), without ./ and **"

// regenerateTimeout is for how long a command may run that makes a file anew.
const regenerateTimeout = 2 * time.Minute

// HealCheck says what push does where a session has resolved a conflict and lost
// something of what had landed.
type HealCheck byte

const (
	ShowResolved   HealCheck = iota // say so
	ReviewResolved                  // only land it with an approval
	RefuseResolved                  // do not land it
)

var healChecks = [...]string{"show", "review", "refuse"}

func (h HealCheck) String() string { return healChecks[h] }

func healCheck(config *repo.Config) func(string, HealCheck) (HealCheck, error) {
	return func(key string, _ HealCheck) (HealCheck, error) {
		v, _ := config.Get(key)
		i := slices.Index(healChecks[:], v)
		if i < 0 {
			return 0, &ChoiceError{Key: "swarm.healCheck", Value: quote(v), May: "show, review or refuse"}
		}
		return HealCheck(i), nil
	}
}

// The number of ports that a session has, and the most that it may have.
const defaultPorts, maxPorts = 10, 1000

// number reads a number that is in that range.
func number(config *repo.Config, least, most int64) func(string, int) (int, error) {
	return func(key string, standard int) (int, error) {
		n, err := config.Int(key, int64(standard))
		if err == nil && (n < least || n > most) {
			err = &ChoiceError{Key: key, Value: fmt.Sprint(n), May: fmt.Sprintf("a number from %d to %d", least, most)}
		}
		return int(n), err
	}
}

// maxVerifyJobs is more than any machine has use for.
const maxVerifyJobs = 64

// oneOf reads a key of two values, and returns whether it is the second.
func oneOf(config *repo.Config, first, second string) func(string, bool) (bool, error) {
	return func(key string, _ bool) (bool, error) {
		v, _ := config.Get(key)
		if v != first && v != second {
			return false, &ChoiceError{Key: key, Value: quote(v), May: first + " or " + second}
		}
		return v == second, nil
	}
}

// ChoiceError says that the value of a key of git's configuration is none that it may have.
type ChoiceError struct {
	Key, Value string  // Value is safe to print
	May        string  // which it may have
	OneOf      *string // the value as it is set, of a key that may be set several times
}

func (e *ChoiceError) Error() string { return fmt.Sprintf("%s is %s: %s", e.Key, e.Value, e.May) }

func quote(v string) string { return "'" + text.Inert(v) + "'" }

// value is what the key is set to; standard where it is not set, or no good.
func value[T any](s *Settings, config *repo.Config, key string, standard T, read func(string, T) (T, error)) Value[T] {
	if set := override(s, config, key, read); set != nil {
		if set.bad != nil {
			set.value = standard
		}
		return *set
	}
	return Value[T]{value: standard}
}

// override is what the key is set to, nil if it is not set.
func override[T any](s *Settings, config *repo.Config, key string, read func(string, T) (T, error)) *Value[T] {
	if _, set := config.Get(key); !set {
		return nil
	}
	var none T
	v, err := read(key, none)
	if err != nil {
		s.Faults = append(s.Faults, err)
	}
	return &Value[T]{v, err}
}
