package app

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/launch"
	"github.com/git-swarm/git-swarm/orchestrator/setup"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// setUp sets a worktree up, if git swarm made it and that is not done, and says what it
// did. What git and swarm.setup print goes to standard error.
func (c *call) setUp(ctx context.Context, w launch.Worktree, workstream string) error {
	r, s := c.swarm.Repo, c.swarm
	settings, err := s.Settings()
	if err != nil {
		return err
	}
	ports, err := settings.Ports.Get()
	if err != nil {
		return err
	}
	at, ok := agents.CheckoutOf(r, w.Session)
	if !ok {
		return nil
	}
	job := setup.Worktree{
		Session: w.Session, Path: w.Path, GitDir: at.GitDir(), From: copiesFrom(r),
		Command: settings.Setup, Ports: ports, Env: c.Env, Out: c.Stderr,
	}
	done, err := job.Run(ctx)
	if errors.Is(err, setup.ErrUnderWay) {
		c.notef("%s: %s", w.Session, err)
		return nil
	}
	for _, skipped := range done.Skipped {
		c.notef("%s was not copied for %s: %s", text.Inert(skipped.Path), w.Session, text.Inert(skipped.Why))
	}
	if err != nil {
		return refuseSetUp(w, workstream, err)
	}
	return c.printSetUp(w, done)
}

func (c *call) printSetUp(w launch.Worktree, done setup.Result) error {
	if !done.Ran || c.wantJSON() {
		return nil
	}
	var parts []string
	if done.Submodules {
		parts = append(parts, "submodules")
	}
	if n := len(done.Copied); n > 0 {
		parts = append(parts, "copies of "+shortList(done.Copied))
	}
	if done.Command {
		parts = append(parts, "swarm.setup")
	}
	if len(parts) == 0 {
		return nil
	}
	return c.printf("%s is set up: %s; ports %d-%d\n", w.Session, text.Inert(strings.Join(parts, ", ")), done.Ports.First, done.Ports.First+done.Ports.Count-1)
}

// copiesFrom is the checkout whose ignored files new worktrees get: the main one, or,
// where the repository is bare, the one that the command runs in.
func copiesFrom(r *repo.Repo) string {
	if !r.Bare && filepath.Base(r.CommonDir) == ".git" {
		return filepath.Dir(r.CommonDir)
	}
	return r.WorkTree
}

// refuseSetUp words a set-up that failed: the worktree stays.
func refuseSetUp(w launch.Worktree, workstream string, err error) error {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return no("mend it, then "+setUpAgain(w.Session, workstream),
		"set-up of %s failed, and its worktree stays: %s", w.Session, line)
}
