package settings

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/git-swarm/git-swarm/merge/heal"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Rules restrain the sessions: what may land, and what may be taken from whom.
type Rules struct {
	StaleAfter    Value[time.Duration] // swarm.staleAfter
	LockTimeout   Value[time.Duration] // swarm.lockTimeout
	RequireReview Value[bool]          // swarm.requireReview: only what is approved lands
	Heal          Value[heal.Level]    // swarm.heal: how far conflicts are healed
}

// On are the rules for work that lands where swarm.toml says target. They are the
// target's: the work tree belongs to whom they restrain, so its swarm.toml counts
// only where it is stricter. git's configuration is the user's own, and overrules
// both: a rule that it sets is known though the work tree's file cannot be read.
// The error says that target is no good.
func (s *Settings) On(target *repo.TeamFile) (*Rules, error) {
	team, err := layerOf(target)
	if err != nil {
		return nil, err
	}
	timeout := cmp.Or(team.lockTimeout, time.Minute)
	if own := s.workTree.lockTimeout; own > 0 {
		timeout = min(timeout, own)
	}
	level := heal.Safe
	if team.heal != nil {
		level = *team.heal
	}
	if own := s.workTree.heal; own != nil {
		level = stricter(level, *own)
	}
	return &Rules{
		StaleAfter:    rule(s, max(cmp.Or(team.staleAfter, 15*time.Minute), s.workTree.staleAfter), s.config.staleAfter),
		LockTimeout:   rule(s, timeout, s.config.lockTimeout),
		RequireReview: rule(s, team.requireReview || s.workTree.requireReview, s.config.requireReview),
		Heal:          rule(s, level, s.config.heal),
	}, nil
}

// rule is what git's configuration sets, else what the files say.
func rule[T any](s *Settings, files T, config *Value[T]) Value[T] {
	switch {
	case config == nil:
		return Value[T]{files, s.workTreeBad}
	case config.bad != nil:
		return Value[T]{files, config.bad}
	}
	return *config
}

// WithoutTeam are the rules where the target's swarm.toml cannot be read: the
// strictest, for it may have held them. The error that stopped the reading is
// returned unless git's configuration says whether a review is required: without
// that, nobody knows what may land.
func (s *Settings) WithoutTeam(stopped error) (*Rules, error) {
	var bad *repo.TeamFileError
	if s.config.requireReview == nil || !errors.As(stopped, &bad) {
		return nil, stopped
	}
	return s.On(&repo.TeamFile{Heal: "off"})
}

func stricter(a, b heal.Level) heal.Level {
	for _, level := range []heal.Level{heal.Off, heal.Safe, heal.Both} {
		if a == level || b == level {
			return level
		}
	}
	return heal.Wide
}

// layer is what one swarm.toml says of the rules; zero for what it does not set.
type layer struct {
	staleAfter, lockTimeout time.Duration
	requireReview           bool
	heal                    *heal.Level
}

func layerOf(t *repo.TeamFile) (layer, error) {
	l := layer{t.StaleAfter, t.LockTimeout, t.RequireReview, nil}
	if t.Heal == "" {
		return l, nil
	}
	level, ok := heal.ParseLevel(t.Heal)
	if !ok {
		return l, &repo.TeamFileError{Why: fmt.Sprintf("heal = %q: safe, both, wide or off", t.Heal)}
	}
	l.heal = &level
	return l, nil
}
