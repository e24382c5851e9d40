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

// hasPlace refuses --claude, before anything is registered, where no checkout could hold
// Claude Code's settings, as in a bare repository.
func (c *call) hasPlace(ctx context.Context) error {
	if !c.cmd.Bool("claude") {
		return nil
	}
	r, err := c.Repo()
	if err != nil {
		return err
	}
	return install.Claude{Shared: c.cmd.Bool("shared")}.HasPlace(ctx, r)
}

// initClaude installs Claude Code's hooks.
func (c *call) initClaude(ctx context.Context, r *repo.Repo) error {
	claude := install.Claude{Shared: c.cmd.Bool("shared")}
	if !claude.Shared {
		var err error
		if claude.Command, err = ownPath(); err != nil {
			return err
		}
	}
	path, wide, err := claude.Install(ctx, r)
	if err == nil {
		err = install.InstallGitHooks(ctx, r, install.PrePush)
	}
	if err != nil {
		return err
	}
	path = text.Inert(c.near(path))
	if wide {
		c.notef("A rule in %s that is not git swarm's allows every command of it, also those that write files: better delete it, and run this again", path)
	}
	if c.wantJSON() {
		return nil
	}
	if err := c.printf("Claude Code's hooks are in %s\n", path); err != nil || wide {
		return err
	}
	return c.printf("It runs these without asking you: %s\n", install.AllowedCommands())
}

func (c *call) removeClaude(ctx context.Context, r *repo.Repo) error {
	before := install.Installed(ctx, r)
	path, err := install.Claude{Shared: c.cmd.Bool("shared")}.Remove(ctx, r)
	if err == nil {
		err = install.RemoveGuard(ctx, r)
	}
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
