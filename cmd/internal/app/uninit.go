package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/install"
	"github.com/git-swarm/git-swarm/orchestrator/launch"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/review"
	"github.com/urfave/cli/v3"
)

func uninitVerb() *verb {
	return &verb{
		name: "uninit", group: groupHealth, short: "take out of this repository what init and start wrote",
		long: `Takes out hooks, rules in agents' settings, the block in CLAUDE.md, the merge
driver and the values of git's configuration that init and start wrote, and says
which. What others wrote in the same files keeps its bytes. What sessions told
each other stays, and so do their branches and worktrees; two options take these
out, too.

--worktrees removes the worktrees that init --worktrees made, unless a file in
one of them is nowhere else; their branches stay. --refs deletes all that git
swarm knows: refs/swarm/*, the reviews' notes, and its files in the git dir.
What retire --force kept under refs/swarm-lost stays.

An agent does not run this: it would take out what holds it back.

git swarm setup --remove takes out the manual pages and completions.`,
		json: true,
		flags: func() []cli.Flag {
			return []cli.Flag{
				&cli.BoolFlag{Name: "worktrees", Usage: "remove the worktrees that init made, too"},
				&cli.BoolFlag{Name: "refs", Usage: "delete messages, context, claims and reviews, too"},
			}
		},
		run: runUninit,
	}
}

func runUninit(ctx context.Context, c *call) error {
	r, err := c.Repo()
	if err != nil {
		return err
	}
	b, err := c.Bus()
	if err != nil {
		return err
	}
	if own, err := c.agentSession(); err != nil || own != "" {
		return errors.Join(err, refuseUninit(own))
	}
	if err := nobodyAtWork(ctx, c, b, r); err != nil {
		return err
	}
	if c.cmd.Bool("worktrees") {
		if err := c.removeWorktrees(ctx, r); err != nil {
			return err
		}
	}
	changes, err := install.Uninstall(ctx, r, review.NotesRef)
	for _, change := range changes {
		err = errors.Join(err, c.printChange(change))
	}
	if err != nil {
		return err
	}
	if c.cmd.Bool("refs") {
		if b.Store().Clone() != "" {
			return no("git swarm hub leave, then this again", "other clones meet this one on its hub")
		}
		return c.eraseRefs(ctx, b, r)
	}
	const rest = "what sessions told each other goes with: git swarm uninit --refs"
	if len(changes) == 0 && !c.cmd.Bool("worktrees") {
		c.notef("nothing of git swarm's is installed here; %s", rest)
	} else {
		c.notef("%s", rest)
	}
	return nil
}

// nobodyAtWork refuses to take away what an agent at work relies on.
func nobodyAtWork(ctx context.Context, c *call, b *bus.Bus, r *repo.Repo) error {
	if !c.cmd.Bool("refs") && !c.cmd.Bool("worktrees") {
		return nil
	}
	all, err := b.Sessions(ctx)
	if err != nil {
		return err
	}
	for _, s := range all {
		if agents.In(r).AtWork(s.ID) {
			return &refusal{code: exitNo, what: fmt.Sprintf("an agent is at work as %s", s.ID), hint: "end it first; git swarm status shows all of them"}
		}
	}
	return nil
}

func (c *call) removeWorktrees(ctx context.Context, r *repo.Repo) error {
	for _, w := range launch.Worktrees(r) {
		if w.Path == r.WorkTree {
			return &refusal{code: exitNo, what: "this command runs in a worktree that it is to remove", hint: "go to the main checkout"}
		}
	}
	for _, w := range launch.Worktrees(r) {
		err := launch.RemoveWorktree(ctx, r, w, func(name string) bool { return install.IsOurs(w.Path, name) })
		var kept *launch.KeptError
		if errors.As(err, &kept) {
			if len(kept.Files) == 0 {
				module := text.Inert(c.near(filepath.Join(w.Path, kept.Modules[0])))
				return no("push it, from "+module, "a submodule has commits that its remote has not: %s", module)
			}
			return &refusal{
				code: exitNo, what: fmt.Sprintf("the worktree of %s has files that are nowhere else: %s", w.Session, text.Inert(c.near(filepath.Join(w.Path, kept.Files[0])))),
				hint: "commit or delete them; git -C " + text.ShellWord(c.near(w.Path)) + " status --ignored lists them",
			}
		}
		if err != nil {
			return err
		}
		if err := c.printGone("worktree", c.near(w.Path), fmt.Sprintf("Removed the worktree %s; its branch %s stays", text.Inert(c.near(w.Path)), text.Inert(w.Branch))); err != nil {
			return err
		}
	}
	_ = os.Remove(launch.WorktreeDir(r)) // it stays where it holds something
	return nil
}

func (c *call) printChange(change install.Change) error {
	switch {
	case change.Value:
		return c.printGone("value", change.File, "Unset "+text.Inert(change.File))
	case change.Gone:
		return c.printGone("file", change.File, "Removed "+text.Inert(c.near(change.File)))
	}
	return c.printGone("part", change.File, "Took git swarm's part out of "+text.Inert(c.near(change.File)))
}

func (c *call) printGone(what, name, line string) error {
	if c.wantJSON() {
		return c.object("removed", map[string]any{"what": what, "name": name})
	}
	return c.printf("%s\n", line)
}

// eraseRefs deletes what git swarm knows, and then its files in the git dirs.
func (c *call) eraseRefs(ctx context.Context, b *bus.Bus, r *repo.Repo) error {
	refs, err := b.Store().Erase(ctx, "refs/swarm/", "refs/swarm-remotes/", refstore.PinPrefix, filepath.ToSlash(filepath.Dir(review.NotesRef))+"/")
	if err != nil {
		return err
	}
	if err := c.printGone("refs", fmt.Sprint(len(refs)), "Deleted "+text.Count(len(refs), "ref")+" of git swarm's"); err != nil {
		return err
	}
	dirs, err := filepath.Glob(filepath.Join(r.CommonDir, "worktrees", "*"))
	if err != nil {
		return err
	}
	for _, dir := range append(dirs, r.CommonDir) {
		files, err := filepath.Glob(filepath.Join(dir, "swarm-*"))
		if err != nil {
			return err
		}
		for _, f := range append(files, filepath.Join(dir, "swarm")) {
			if err := os.RemoveAll(f); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}
