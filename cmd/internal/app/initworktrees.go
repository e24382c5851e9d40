package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/orchestrator/launch"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/gitlock"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/refstore/worktree"
)

// addWorktrees makes the worktrees of those of the sessions that are wanted, and takes
// each out of added once it has one.
func (c *call) addWorktrees(ctx context.Context, all []bus.Session, wanted []bus.Registration, added *[]bus.Registration) error {
	r, err := c.Repo()
	if err != nil {
		return err
	}
	from, err := c.base(ctx)
	if err != nil {
		return err
	}
	c.warnRelative(ctx)
	paths := map[string]string{}
	var failed error
	for _, s := range all {
		for _, n := range wanted {
			if !strings.EqualFold(n.ID, s.ID) {
				continue
			}
			if clone := c.swarm.Store().Clone(); clone != "" && s.Host != clone {
				failed = cmp.Or(c.refuseElsewhere(s), failed)
				continue
			}
			w, err := launch.AddWorktree(ctx, r, launch.NewWorktree{Session: s.ID, Branch: s.Branch, Start: from.commit, Progress: c.Stderr})
			var git *repo.GitError
			if errors.As(err, &git) {
				return refuseWorktree(err)
			}
			if err != nil {
				return err
			}
			paths[s.ID] = w.Path
			*added = slices.DeleteFunc(*added, func(n bus.Registration) bool { return strings.EqualFold(n.ID, s.ID) })
			if err := c.printWorktree(w, from); err != nil {
				return err
			}
			if err := c.setUp(ctx, w, s.Workstream); err != nil { // which does not keep the others from being made
				c.fail(&callError{err, c}, c.jsonFlag())
				failed = &statusError{exitNo}
			}
		}
	}
	return cmp.Or(c.initJSON(all, paths), failed)
}

// refuseElsewhere says that a session of another clone of the hub has no worktree in this
// one. It is an error where the command line has named the session, and not the team's file.
func (c *call) refuseElsewhere(s bus.Session) error {
	err := &bus.ElsewhereError{ID: s.ID, Clone: s.Host}
	if !c.cmd.IsSet("sessions") {
		c.notef("%s: no worktree for it here", text.Inert(err.Error()))
		return nil
	}
	c.fail(&callError{err, c}, c.jsonFlag())
	return &statusError{exitNo}
}

// mend puts in order what a kill has left: git's locks, and worktrees that were being
// made.
func (c *call) mend(ctx context.Context) error {
	r, err := c.Repo()
	if err != nil {
		return err
	}
	if _, err := gitlock.Clear(r); err != nil {
		return err
	}
	mended, err := worktree.Mend(ctx, r)
	for _, name := range mended {
		c.notef("git swarm: the worktree '%s' had been cut short while it was made, and is put in order", text.Inert(name))
	}
	return err
}

func (c *call) printWorktree(w launch.Worktree, from base) error {
	if w.Kept != "" {
		c.notef("the worktree of %s had been cut short, and was made anew; files that are not as on %s are in %s", w.Session, w.Branch, text.Inert(w.Kept))
	}
	if c.wantJSON() {
		return nil
	}
	line := fmt.Sprintf("%s works in %s on %s", w.Session, text.Inert(c.near(w.Path)), w.Branch)
	if w.NewBranch {
		line += fmt.Sprintf(", from %s (%.10s)", text.Inert(from.name), from.commit)
	}
	return c.printf("%s\n", line)
}

// base is where new branches begin.
type base struct{ name, commit string }

// base is --from, else the target as this clone knows it, else what is checked out.
func (c *call) base(ctx context.Context) (base, error) {
	name := c.cmd.String("from")
	if c.cmd.IsSet("from") {
		commit, err := c.commitOf(ctx, name)
		return base{name, commit}, err
	}
	ref, err := c.targetRef(ctx, "HEAD")
	if errors.Is(err, repo.ErrNoTarget) {
		ref, err = "HEAD", nil
	}
	if err != nil {
		return base{}, err
	}
	commit, err := c.commitOf(ctx, ref)
	for _, prefix := range []string{"refs/heads/", "refs/remotes/"} {
		ref = strings.TrimPrefix(ref, prefix)
	}
	return base{ref, commit}, err
}

// formatWorktree words what can go wrong with a worktree.
func formatWorktree(err error) *wording {
	var exists *worktree.ExistsError
	var used *worktree.InUseError
	var hook *worktree.HookError
	switch {
	case errors.As(err, &exists):
		return &wording{err.Error(), "move it away (a worktree with git worktree move), then this again", exitNo}
	case errors.As(err, &used):
		return &wording{err.Error(), "git worktree list", exitNo}
	case errors.As(err, &hook):
		return &wording{err.Error() + "; the worktree is there", "", exitNo}
	}
	return nil
}
