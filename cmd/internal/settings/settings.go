// Package settings reads swarm.* of git's configuration, and behind it swarm.toml,
// the file in which a team keeps its defaults.
//
// swarm.toml is committed by anybody: nothing in it is run. A value that is no good is an error that names its key.
package settings

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/merge/heal"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Settings are what git's configuration and the swarm.toml of the work tree say.
// Where work lands is not among them: see repo.FindTarget. Nor are the rules, for
// which the branch that is landed on speaks first: see [Settings.On].
type Settings struct {
	FoldCase bool     // core.ignoreCase
	Sessions []string // of swarm.toml: "ID:workstream"
	Verify   string   // swarm.verify, of git's configuration only: a command to run
	// ClaimsWarn is swarm.claims = warn: others' claims keep no push out, their holders
	// are told.
	ClaimsWarn bool

	HealCheck HealCheck // swarm.healCheck
	// ByRequest is swarm.land = pr: work goes to the target by a pull request, which
	// RequestCommand (swarm.prCommand, its words) opens or updates.
	ByRequest      bool
	RequestCommand []string

	Setup string // swarm.setup, of git's configuration only: a command to run in each new worktree
	Ports int    // swarm.ports: how many a session has for its own

	VerifyTimeout time.Duration // swarm.verifyTimeout: after which it is ended, 0 for never
	VerifyJobs    int           // swarm.verifyJobs: how many of it may run at once, from 1

	Hub Hub

	config struct { // nil for what it does not set
		staleAfter, lockTimeout *time.Duration
		requireReview           *bool
		heal                    *heal.Level
	}
	workTree layer
}

// Hub is the remote through which clones meet, as git's configuration says.
type Hub struct {
	Remote, Prefix string // swarm.hub, "" for none, and swarm.hubPrefix
	Clone          string // swarm.hubClone: what this clone is called there

	Interval, Timeout time.Duration // swarm.hubInterval, swarm.hubTimeout
}

// ReadHub reads the hub's part of a configuration alone.
func ReadHub(config *repo.Config) (h Hub, err error) {
	h.Remote, _ = config.Get("swarm.hub")
	h.Clone, _ = config.Get("swarm.hubclone")
	h.Prefix, _ = config.Get("swarm.hubprefix")
	h.Prefix = cmp.Or(h.Prefix, DefaultHubPrefix)
	if !IsHubPrefix(h.Prefix) {
		err = &ChoiceError{"swarm.hubPrefix", quote(h.Prefix), "the beginning of refs' names, such as refs/swarm/"}
		h.Prefix = DefaultHubPrefix
	}
	h.Interval, h.Timeout = 5*time.Second, 10*time.Second
	if v := value(&err, config, "swarm.hubinterval", config.Duration); v != nil && *v > 0 {
		h.Interval = *v
	}
	if v := value(&err, config, "swarm.hubtimeout", config.Duration); v != nil && *v > 0 {
		h.Timeout = *v
	}
	return h, err
}

// IsHubPrefix reports whether refs of a swarm may be below it, as far as can be told
// without git.
func IsHubPrefix(prefix string) bool {
	return strings.HasPrefix(prefix, "refs/") && strings.HasSuffix(prefix, "/") && !strings.ContainsAny(prefix, "*:^ \n")
}

// DefaultHubPrefix is where the refs of a swarm are on its hub, unless swarm.hubPrefix
// says otherwise.
const DefaultHubPrefix = "refs/swarm/"

// Read reads the configuration of r, and swarm.toml if there is a work tree. What
// could be read is there even if there is an error, and what could not is not set.
func Read(r *repo.Repo) (*Settings, error) {
	s := new(Settings)
	config, err := r.Config()
	if err != nil {
		return s, err
	}
	err = s.readConfig(config)
	if r.WorkTree == "" {
		return s, err
	}
	file, bad := repo.ReadTeamFile(filepath.Join(r.WorkTree, repo.TeamFileName))
	if bad == nil {
		s.Sessions = file.Sessions
		s.workTree, bad = layerOf(file)
	}
	return s, cmp.Or(err, bad)
}

// readConfig reads what can be read; the error is the first that was met.
func (s *Settings) readConfig(config *repo.Config) (err error) {
	s.Verify, _ = config.Get("swarm.verify")
	s.Setup, _ = config.Get("swarm.setup")
	s.Ports = defaultPorts
	if ports := value(&err, config, "swarm.ports", portCount(config)); ports != nil {
		s.Ports = *ports
	}
	if limit := value(&err, config, "swarm.verifytimeout", config.Duration); limit != nil {
		s.VerifyTimeout = *limit
	}
	s.VerifyJobs = 1
	if jobs := value(&err, config, "swarm.verifyjobs", config.Int); jobs != nil {
		if *jobs < 1 || *jobs > maxVerifyJobs {
			err = cmp.Or(err, error(&ChoiceError{"swarm.verifyJobs", fmt.Sprint(*jobs), fmt.Sprintf("from 1 to %d", maxVerifyJobs)}))
		} else {
			s.VerifyJobs = int(*jobs)
		}
	}
	var bad error
	if s.Hub, bad = ReadHub(config); bad != nil {
		err = cmp.Or(err, bad)
	}
	s.config.staleAfter = value(&err, config, "swarm.staleafter", config.Duration)
	s.config.lockTimeout = value(&err, config, "swarm.locktimeout", config.Duration)
	s.config.requireReview = value(&err, config, "swarm.requirereview", config.Bool)
	s.config.heal = value(&err, config, "swarm.heal", func(key string, _ heal.Level) (heal.Level, error) {
		v, _ := config.Get(key)
		level, ok := heal.ParseLevel(v)
		if !ok {
			return level, &ChoiceError{"swarm.heal", quote(v), "safe, both, wide or off"}
		}
		return level, nil
	})
	if warn := value(&err, config, "swarm.claims", oneOf(config, "refuse", "warn")); warn != nil {
		s.ClaimsWarn = *warn
	}
	s.HealCheck = ShowResolved
	if check := value(&err, config, "swarm.healcheck", healCheck(config)); check != nil {
		s.HealCheck = *check
	}
	if request := value(&err, config, "swarm.land", oneOf(config, "push", "pr")); request != nil {
		s.ByRequest = *request
	}
	command, _ := config.Get("swarm.prcommand")
	s.RequestCommand = strings.Fields(command)
	if fold := value(&err, config, "core.ignorecase", config.Bool); fold != nil {
		s.FoldCase = *fold
	}
	return err
}

// HealCheck says what push does where a session has resolved a conflict and lost
// something of what had landed.
type HealCheck byte

const (
	ShowResolved   HealCheck = iota // say so
	ReviewResolved                  // only land it with an approval
	RefuseResolved                  // do not land it
)

func healCheck(config *repo.Config) func(string, HealCheck) (HealCheck, error) {
	return func(key string, _ HealCheck) (HealCheck, error) {
		v, _ := config.Get(key)
		i := slices.Index([]string{"show", "review", "refuse"}, v)
		if i < 0 {
			return 0, &ChoiceError{"swarm.healCheck", quote(v), "show, review or refuse"}
		}
		return HealCheck(i), nil
	}
}

// The number of ports that a session has, and the most that it may have.
const defaultPorts, maxPorts = 10, 1000

func portCount(config *repo.Config) func(string, int) (int, error) {
	return func(key string, _ int) (int, error) {
		n, err := config.Int(key, 0)
		if err == nil && (n < 1 || n > maxPorts) {
			err = &ChoiceError{"swarm.ports", fmt.Sprint(n), fmt.Sprintf("a number from 1 to %d", maxPorts)}
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
			return false, &ChoiceError{key, quote(v), first + " or " + second}
		}
		return v == second, nil
	}
}

// ChoiceError says that the value of a key of git's configuration is none that it may have.
type ChoiceError struct {
	Key, Value string // Value is safe to print
	May        string // which it may have
}

func (e *ChoiceError) Error() string { return fmt.Sprintf("%s is %s: %s", e.Key, e.Value, e.May) }

func quote(v string) string { return "'" + text.Inert(v) + "'" }

// value is the key's, nil if it is not set or no good; first keeps the first error.
func value[T any](first *error, config *repo.Config, key string, read func(string, T) (T, error)) *T {
	if _, set := config.Get(key); !set {
		return nil
	}
	var none T
	v, err := read(key, none)
	if err != nil {
		*first = cmp.Or(*first, err)
		return nil
	}
	return &v
}
