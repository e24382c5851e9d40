// Package settings reads swarm.* of git's configuration, and behind it swarm.toml,
// the file in which a team keeps its defaults.
//
// swarm.toml is committed by anybody: nothing in it is run. A value that is no good is an error that names its key.
package settings

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/merge/heal"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Settings are swarm.* of git's configuration, and behind it those of swarm.toml.
// Where work lands is not among them: see repo.FindTarget.
type Settings struct {
	StaleAfter  time.Duration // swarm.staleAfter
	LockTimeout time.Duration // swarm.lockTimeout
	FoldCase    bool          // core.ignoreCase
	Sessions    []string      // of swarm.toml: "ID:workstream"

	RequireReview bool       // swarm.requireReview: only what is approved lands
	Heal          heal.Level // swarm.heal: how far conflicts are healed
	Verify        string     // swarm.verify, of git's configuration only: a command to run
}

// Read reads the configuration of r, and swarm.toml if there is a work tree.
func Read(r *repo.Repo) (*Settings, error) {
	config, err := r.Config()
	if err != nil {
		return nil, err
	}
	s := &Settings{StaleAfter: 15 * time.Minute, LockTimeout: time.Minute}
	if r.WorkTree != "" {
		if err := s.readTeamFile(filepath.Join(r.WorkTree, repo.TeamFileName)); err != nil {
			return nil, err
		}
	}
	if s.StaleAfter, err = config.Duration("swarm.staleafter", s.StaleAfter); err != nil {
		return nil, err
	}
	if s.LockTimeout, err = config.Duration("swarm.locktimeout", s.LockTimeout); err != nil {
		return nil, err
	}
	if s.RequireReview, err = config.Bool("swarm.requirereview", s.RequireReview); err != nil {
		return nil, err
	}
	s.Verify, _ = config.Get("swarm.verify")
	if v, ok := config.Get("swarm.heal"); ok {
		if s.Heal, ok = heal.ParseLevel(v); !ok {
			return nil, fmt.Errorf("swarm.heal is '%s': safe, wide or off", text.Inert(v))
		}
	}
	if s.FoldCase, err = config.Bool("core.ignorecase", false); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Settings) readTeamFile(path string) error {
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	t, err := repo.ParseTeamFile(content)
	if err != nil {
		return err
	}
	s.Sessions, s.RequireReview = t.Sessions, t.RequireReview
	s.StaleAfter, s.LockTimeout = cmp.Or(t.StaleAfter, s.StaleAfter), cmp.Or(t.LockTimeout, s.LockTimeout)
	if t.Heal == "" {
		return nil
	}
	var ok bool
	if s.Heal, ok = heal.ParseLevel(t.Heal); !ok {
		return &repo.TeamFileError{Why: fmt.Sprintf("heal = %q: safe, wide or off", t.Heal)}
	}
	return nil
}
