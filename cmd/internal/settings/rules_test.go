package settings

import (
	"errors"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/merge/heal"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// plainRules are rules of which each can be read.
type plainRules struct {
	staleAfter, lockTimeout time.Duration
	requireReview           bool
	heal                    heal.Level
}

func (r plainRules) rules() Rules {
	return Rules{Value[time.Duration]{r.staleAfter, nil}, Value[time.Duration]{r.lockTimeout, nil}, Value[bool]{r.requireReview, nil}, Value[heal.Level]{r.heal, nil}}
}

// TestRules: the target's file decides, the work tree's can only be stricter, and
// git's configuration overrules both.
func TestRules(t *testing.T) {
	const hour, day = time.Hour, 24 * time.Hour
	const minute = time.Minute
	for name, c := range map[string]struct {
		target, workTree repo.TeamFile
		config           func(*Settings)
		want             plainRules
	}{
		"nothing":      {want: plainRules{15 * minute, minute, false, heal.Safe}},
		"the target's": {target: repo.TeamFile{StaleAfter: hour, LockTimeout: hour, RequireReview: true, Heal: "wide"}, want: plainRules{hour, hour, true, heal.Wide}},
		"a laxer work tree": {
			target:   repo.TeamFile{StaleAfter: hour, LockTimeout: hour, RequireReview: true, Heal: "off"},
			workTree: repo.TeamFile{StaleAfter: 1, LockTimeout: day, Heal: "wide"},
			want:     plainRules{hour, hour, true, heal.Off},
		},
		"laxer than the defaults": {workTree: repo.TeamFile{StaleAfter: 1, LockTimeout: day, Heal: "wide"}, want: plainRules{15 * minute, minute, false, heal.Safe}},
		"a stricter work tree": {
			target:   repo.TeamFile{StaleAfter: hour, LockTimeout: hour, Heal: "wide"},
			workTree: repo.TeamFile{StaleAfter: day, LockTimeout: minute, RequireReview: true, Heal: "safe"},
			want:     plainRules{day, minute, true, heal.Safe},
		},
		"the user's own": {
			target:   repo.TeamFile{StaleAfter: hour, LockTimeout: hour, RequireReview: true, Heal: "off"},
			workTree: repo.TeamFile{RequireReview: true},
			config: func(s *Settings) {
				s.config.staleAfter, s.config.lockTimeout = &Value[time.Duration]{minute, nil}, &Value[time.Duration]{minute, nil}
				s.config.requireReview, s.config.heal = &Value[bool]{}, &Value[heal.Level]{heal.Wide, nil}
			},
			want: plainRules{minute, minute, false, heal.Wide},
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
		if got, err := s.On(&c.target); err != nil || *got != c.want.rules() {
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
	s := new(Settings)
	s.config.requireReview = &Value[bool]{true, nil}
	if rules, err := s.WithoutTeam(bad); err != nil || !rules.RequireReview.value || rules.Heal.value != heal.Off {
		t.Errorf("%+v, %v", rules, err)
	}
	s.config.requireReview.bad = errors.New("no boolean")
	if rules, err := s.WithoutTeam(bad); err != nil || rules.RequireReview.bad == nil {
		t.Errorf("%+v, %v", rules, err)
	}
	s = &Settings{workTreeBad: bad}
	s.config.heal = &Value[heal.Level]{heal.Wide, nil}
	if rules, err := s.On(new(repo.TeamFile)); err != nil || rules.RequireReview.bad == nil || rules.StaleAfter.bad == nil || rules.Heal.bad != nil {
		t.Errorf("with a bad file in the work tree: %+v, %v", rules, err)
	}
	other := errors.New("no git")
	if _, err := s.WithoutTeam(other); !errors.Is(err, other) {
		t.Error(err)
	}
	if _, err := s.On(&repo.TeamFile{Heal: "on"}); !errors.As(err, &bad) {
		t.Error(err)
	}
}
