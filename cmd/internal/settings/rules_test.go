package settings

import (
	"errors"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/merge/heal"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// TestRules: the target's file decides, the work tree's can only be stricter, and
// git's configuration overrules both.
func TestRules(t *testing.T) {
	const hour, day = time.Hour, 24 * time.Hour
	no, wide := false, heal.Wide
	minute := time.Minute
	for name, c := range map[string]struct {
		target, workTree repo.TeamFile
		config           func(*Settings)
		want             Rules
	}{
		"nothing":      {want: Rules{15 * minute, minute, false, heal.Safe}},
		"the target's": {target: repo.TeamFile{StaleAfter: hour, LockTimeout: hour, RequireReview: true, Heal: "wide"}, want: Rules{hour, hour, true, heal.Wide}},
		"a laxer work tree": {
			target:   repo.TeamFile{StaleAfter: hour, LockTimeout: hour, RequireReview: true, Heal: "off"},
			workTree: repo.TeamFile{StaleAfter: 1, LockTimeout: day, Heal: "wide"},
			want:     Rules{hour, hour, true, heal.Off},
		},
		"laxer than the defaults": {workTree: repo.TeamFile{StaleAfter: 1, LockTimeout: day, Heal: "wide"}, want: Rules{15 * minute, minute, false, heal.Safe}},
		"a stricter work tree": {
			target:   repo.TeamFile{StaleAfter: hour, LockTimeout: hour, Heal: "wide"},
			workTree: repo.TeamFile{StaleAfter: day, LockTimeout: minute, RequireReview: true, Heal: "safe"},
			want:     Rules{day, minute, true, heal.Safe},
		},
		"the user's own": {
			target:   repo.TeamFile{StaleAfter: hour, LockTimeout: hour, RequireReview: true, Heal: "off"},
			workTree: repo.TeamFile{RequireReview: true},
			config: func(s *Settings) {
				s.config.staleAfter, s.config.lockTimeout, s.config.requireReview, s.config.heal = &minute, &minute, &no, &wide
			},
			want: Rules{minute, minute, false, heal.Wide},
		},
	} {
		s := new(Settings)
		var err error
		if s.workTree, err = layerOf(&c.workTree); err != nil {
			t.Fatal(name, err)
		}
		if c.config != nil {
			c.config(s)
		}
		if got, err := s.On(&c.target); err != nil || *got != c.want {
			t.Errorf("%s: %+v, %v, not %+v", name, got, err, c.want)
		}
	}
}

// TestRulesUnread: what may land is known without the target's file only from
// git's configuration.
func TestRulesUnread(t *testing.T) {
	bad := &repo.TeamFileError{Why: "bad"}
	if rules, err := new(Settings).WithoutTeam(bad); rules != nil || !errors.Is(err, error(bad)) {
		t.Errorf("%+v, %v", rules, err)
	}
	yes := true
	s := new(Settings)
	s.config.requireReview = &yes
	if rules, err := s.WithoutTeam(bad); err != nil || !rules.RequireReview || rules.Heal != heal.Off {
		t.Errorf("%+v, %v", rules, err)
	}
	other := errors.New("no git")
	if _, err := s.WithoutTeam(other); !errors.Is(err, other) {
		t.Error(err)
	}
	if _, err := s.On(&repo.TeamFile{Heal: "on"}); !errors.As(err, &bad) {
		t.Error(err)
	}
}
