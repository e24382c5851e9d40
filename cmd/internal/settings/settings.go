// Package settings reads swarm.* of git's configuration, and behind it swarm.toml,
// the file in which a team keeps its defaults.
//
// swarm.toml is committed by anybody: nothing in it is run, and it may name a
// remote but no URL. A value that is no good is an error that names its key.
package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/merge/heal"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/pelletier/go-toml/v2"
)

// Settings are swarm.* of git's configuration, and behind it those of swarm.toml.
type Settings struct {
	Remote      string        // swarm.remote; "" if not set
	TeamRemote  string        // of swarm.toml, and so only the name of a remote, never a URL or option
	Target      string        // swarm.target; "" if not set
	StaleAfter  time.Duration // swarm.staleAfter
	LockTimeout time.Duration // swarm.lockTimeout
	FoldCase    bool          // core.ignoreCase
	Sessions    []string      // of swarm.toml: "ID:workstream"

	RequireReview bool       // swarm.requireReview: only what is approved lands
	Heal          heal.Level // swarm.heal: how far conflicts are healed
	Verify        string     // swarm.verify, of git's configuration only: a command to run
}

// teamFile is swarm.toml at the top of the work tree. It is committed, so it may
// hold nothing that runs.
type teamFile struct {
	Sessions    []string `toml:"sessions"`
	Remote      string   `toml:"remote"`
	Target      string   `toml:"target"`
	StaleAfter  string   `toml:"staleAfter"`
	LockTimeout string   `toml:"lockTimeout"`

	RequireReview bool   `toml:"requireReview"`
	Heal          string `toml:"heal"`
}

// Read reads the configuration of r, and swarm.toml if there is a work tree.
func Read(r *repo.Repo) (*Settings, error) {
	config, err := r.Config()
	if err != nil {
		return nil, err
	}
	s := &Settings{StaleAfter: 15 * time.Minute, LockTimeout: time.Minute}
	if r.WorkTree != "" {
		if err := s.readTeamFile(filepath.Join(r.WorkTree, "swarm.toml")); err != nil {
			return nil, err
		}
	}
	if v, ok := config.Get("swarm.remote"); ok {
		s.Remote = v
	}
	if v, ok := config.Get("swarm.target"); ok {
		s.Target = v
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
	var t teamFile
	if err := toml.NewDecoder(bytes.NewReader(content)).DisallowUnknownFields().Decode(&t); err != nil {
		var strict *toml.StrictMissingError
		if errors.As(err, &strict) && len(strict.Errors) > 0 {
			return fmt.Errorf("swarm.toml: unknown key '%s'", text.Inert(strings.Join(strict.Errors[0].Key(), ".")))
		}
		return fmt.Errorf("swarm.toml: %w", err)
	}
	s.Sessions, s.TeamRemote, s.Target, s.RequireReview = t.Sessions, t.Remote, t.Target, t.RequireReview
	if t.Heal != "" {
		var ok bool
		if s.Heal, ok = heal.ParseLevel(t.Heal); !ok {
			return fmt.Errorf("swarm.toml: heal = %q: safe, wide or off", t.Heal)
		}
	}
	for _, d := range []struct {
		key, text string
		to        *time.Duration
	}{{"staleAfter", t.StaleAfter, &s.StaleAfter}, {"lockTimeout", t.LockTimeout, &s.LockTimeout}} {
		if d.text == "" {
			continue
		}
		if *d.to, err = time.ParseDuration(d.text); err != nil || *d.to <= 0 {
			return fmt.Errorf("swarm.toml: %s = %q is no duration such as \"15m\"", d.key, d.text)
		}
	}
	return nil
}
