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
	StaleAfter    time.Duration // swarm.staleAfter
	LockTimeout   time.Duration // swarm.lockTimeout
	RequireReview bool          // swarm.requireReview: only what is approved lands
	Heal          heal.Level    // swarm.heal: how far conflicts are healed
}

// On are the rules for work that lands where swarm.toml says target. They are the
// target's: the work tree belongs to whom they restrain, so its swarm.toml counts
// only where it is stricter. git's configuration is the user's own, and overrules
// both.
func (s *Settings) On(target *repo.TeamFile) (*Rules, error) {
	team, err := layerOf(target)
	if err != nil {
		return nil, err
	}
	rules := &Rules{
		StaleAfter:  max(cmp.Or(team.staleAfter, 15*time.Minute), s.workTree.staleAfter),
		LockTimeout: cmp.Or(team.lockTimeout, time.Minute),

		RequireReview: team.requireReview || s.workTree.requireReview,
	}
	if own := s.workTree.lockTimeout; own > 0 {
		rules.LockTimeout = min(rules.LockTimeout, own)
	}
	if team.heal != nil {
		rules.Heal = *team.heal
	}
	if own := s.workTree.heal; own != nil {
		rules.Heal = stricter(rules.Heal, *own)
	}
	override(&rules.StaleAfter, s.config.staleAfter)
	override(&rules.LockTimeout, s.config.lockTimeout)
	override(&rules.RequireReview, s.config.requireReview)
	override(&rules.Heal, s.config.heal)
	return rules, nil
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

func override[T any](rule *T, by *T) {
	if by != nil {
		*rule = *by
	}
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
