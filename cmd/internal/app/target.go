package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/orchestrator/install"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// target is what branch (a full ref name, HEAD, or anything else for one without an
// upstream) lands on; to is the branch that the user names for it, if any.
func (c *call) target(ctx context.Context, branch, to string) (repo.Target, error) {
	b, err := c.Bus()
	if err != nil {
		return repo.Target{}, err
	}
	if branch != "HEAD" && !strings.HasPrefix(branch, "refs/") { // a commit
		branch = ""
	}
	return b.FindTarget(ctx, c.swarm.Repo, branch, to)
}

// targetRef is the ref of what branch lands on, as this clone knows it.
func (c *call) targetRef(ctx context.Context, branch string) (string, error) {
	t, err := c.target(ctx, branch, "")
	if err != nil {
		return "", err
	}
	return c.swarm.Repo.TargetRef(ctx, t)
}

// recordTarget sets swarm.target where nothing names a target yet. The swarm is then
// opened anew, for it has read the configuration.
func (c *call) recordTarget(ctx context.Context) error {
	b, err := c.Bus()
	if err != nil {
		return err
	}
	err = install.RecordTarget(ctx, c.swarm.Repo, b.IsSessionBranch)
	c.swarm.Close()
	c.swarm = nil
	if errors.Is(err, repo.ErrNoTarget) { // printTarget says so
		return nil
	}
	return err
}

// printTarget says where work lands. That it is not known is no failure.
func (c *call) printTarget(ctx context.Context) error {
	t, err := c.target(ctx, "HEAD", "")
	if err == nil {
		return c.printf("%s\n", formatLandsOn(t))
	}
	line, hint, _ := c.format(err)
	c.notef("git swarm: %s", text.Inert(line))
	if hint != "" {
		c.notef("hint: %s", text.Inert(hint))
	}
	return nil
}

// warnRelative tells of a target's remote that the worktrees of sessions will not find:
// git takes a relative URL from the folder that it runs in.
func (c *call) warnRelative(ctx context.Context) {
	t, err := c.target(ctx, "HEAD", "")
	if err != nil || t.Remote == "" {
		return
	}
	config, err := c.swarm.Repo.Config()
	if err != nil {
		return
	}
	url, _ := config.Get("remote." + t.Remote + ".url")
	if strings.HasPrefix(url, "./") || strings.HasPrefix(url, "../") {
		path := filepath.Join(cmp.Or(c.swarm.Repo.WorkTree, c.swarm.Repo.CommonDir), url)
		c.notef("warning: worktrees do not find '%s', the URL of %s: git remote set-url %s %s",
			text.Inert(url), text.Inert(t.Remote), text.ShellWord(t.Remote), text.ShellWord(path))
	}
}

// formatSource says what named the target.
func formatSource(t repo.Target) string {
	switch t.Source {
	case repo.FromOption:
		return "--to"
	case repo.FromConfig:
		return "swarm.target"
	case repo.FromTeamFile:
		return repo.TeamFileName
	case repo.FromUpstream:
		return "the branch's upstream"
	case repo.FromRemoteDefault:
		return fmt.Sprintf("the default branch of %s", text.Inert(t.Remote))
	default:
		return "the default branch here"
	}
}

// formatLandsOn is the line that says where work lands.
func formatLandsOn(t repo.Target) string {
	name := text.Inert(t.String())
	if t.Remote == "" {
		name += ", a branch of this repository"
	}
	return fmt.Sprintf("Work lands on %s (%s)", name, formatSource(t))
}
