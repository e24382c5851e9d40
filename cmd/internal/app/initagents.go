package app

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/orchestrator/install"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// otherAgents are those of --agents, each once.
func (c *call) otherAgents() (agents []install.OtherAgent, err error) {
	names := strings.FieldsFunc(c.cmd.String("agents"), func(r rune) bool { return strings.ContainsRune(" \t\n,", r) })
	if c.cmd.IsSet("agents") && len(names) == 0 {
		return nil, usageOf(c.verb, "option '--agents' needs a value")
	}
	for _, name := range names {
		a, ok := install.FindAgent(name)
		switch {
		case name == "claude":
			return nil, usageOf(c.verb, "Claude Code has an option of its own: --claude")
		case !ok:
			return nil, usageOf(c.verb, fmt.Sprintf("no hooks for '%s': --agents takes codex, cursor and gemini, and --git-hooks serves every other tool", text.Inert(name)))
		}
		agents = append(agents, a)
	}
	return agents, nil
}

func (c *call) installAgents(ctx context.Context, r *repo.Repo, agents []install.OtherAgent) error {
	if len(agents) == 0 {
		return nil
	}
	target, err := c.landsOn(ctx, "HEAD")
	if err != nil {
		return err
	}
	for _, a := range agents {
		if err := a.Install(ctx, r, target); err != nil {
			return err
		}
		if c.wantJSON() {
			continue
		}
		if err := c.printf("%s's hooks are in %s: commit it, so that worktrees and clones have it\n", a.Title, text.Inert(c.near(filepath.Join(r.WorkTree, a.File)))); err != nil {
			return err
		}
		if a.Name == "codex" {
			c.notef("Codex asks you once to trust them (/hooks), and ignores some refusals; git hooks do not: git swarm init --git-hooks")
		}
	}
	return nil
}

func (c *call) removeAgents(ctx context.Context, r *repo.Repo, agents []install.OtherAgent) error {
	for _, a := range agents {
		there := a.Installed(r)
		if err := a.Remove(ctx, r); err != nil {
			return err
		}
		if c.wantJSON() {
			continue
		}
		if err := c.printRemoved(filepath.Join(r.WorkTree, a.File), there); err != nil {
			return err
		}
	}
	return nil
}

func (c *call) printRemoved(path string, there bool) error {
	if there {
		return c.printf("Removed git swarm's hooks from %s\n", text.Inert(c.near(path)))
	}
	return c.printf("No hooks of git swarm's in %s\n", text.Inert(c.near(path)))
}
