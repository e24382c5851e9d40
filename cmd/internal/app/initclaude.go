package app

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/orchestrator/install"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// initClaude installs Claude Code's hooks.
func (c *call) initClaude(ctx context.Context, r *repo.Repo) error {
	claude := install.Claude{Shared: c.cmd.Bool("shared")}
	if !claude.Shared {
		var err error
		if claude.Command, err = ownPath(); err != nil {
			return err
		}
	}
	path, err := claude.Install(ctx, r)
	if err != nil {
		return err
	}
	if c.wantJSON() {
		return nil
	}
	return c.printf("Claude Code's hooks are in %s\n", text.Inert(c.near(path)))
}

func (c *call) removeClaude(ctx context.Context, r *repo.Repo) error {
	before := install.Installed(ctx, r)
	path, err := install.Claude{Shared: c.cmd.Bool("shared")}.Remove(ctx, r)
	if err != nil {
		return err
	}
	if c.wantJSON() {
		return nil
	}
	return c.printRemoved(path, before[path] != nil)
}

// ownPath is the absolute path under which git-swarm is run from elsewhere.
func ownPath() (string, error) {
	if self, err := os.Executable(); err == nil && filepath.Base(self) == "git-swarm" {
		return self, nil
	}
	path, err := exec.LookPath("git-swarm")
	if err != nil {
		return "", refuseNotOnPath()
	}
	return filepath.Abs(path)
}
