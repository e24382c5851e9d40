package app

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/git-swarm/git-swarm/cmd/internal/demo"
	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/urfave/cli/v3"
)

func demoVerb() *verb {
	return &verb{
		name: "demo", group: groupStart, short: "watch three sessions work together, on real git in a scratch folder",
		long: `Makes a remote, a repository and a worktree for each of three sessions, runs the
commands that it prints, and removes everything. Exits with 1 if anything is not
as it says.

With --hub two clones of the remote take part, as on two machines: they meet through
it, and one leaves again.

With --scratch it only makes the remote and the repository, in FOLDER/hub.git and
FOLDER/app, for you to try things in.`,
		flags: func() []cli.Flag {
			return []cli.Flag{
				&cli.BoolFlag{Name: "hub", Usage: "show two clones that meet through a remote"},
				&cli.BoolFlag{Name: "keep", Usage: "leave the folder to explore"},
				&cli.StringFlag{Name: "scratch", Usage: "make the repository in the new `FOLDER`, and nothing else"},
			}
		},
		run: runDemo,
	}
}

func runDemo(ctx context.Context, c *call) error {
	ctx, restore := undoable(ctx)
	defer restore()
	keep := c.cmd.Bool("keep")
	if c.cmd.IsSet("scratch") {
		if keep || c.cmd.Bool("hub") || c.cmd.String("scratch") == "" {
			return usageOf(c.verb, "--scratch takes the name of a new folder, and goes without --keep and --hub")
		}
		return c.makeScratch(ctx, c.cmd.String("scratch"))
	}
	play := demo.Play
	if c.cmd.Bool("hub") {
		play = demo.PlayHub
	}
	kept, err := play(ctx, demo.Options{Env: c.Env, Out: c.Stdout, Colours: c.colours(), Keep: keep})
	if err == nil && keep {
		err = c.printf("\nLeft to explore: cd %s\n", text.ShellWord(kept))
	}
	return err
}

func (c *call) makeScratch(ctx context.Context, folder string) error {
	err := demo.Make(ctx, c.Env, c.at(folder))
	switch {
	case errors.Is(err, fs.ErrExist):
		return refuseExists(folder)
	case err != nil:
		return err
	}
	return c.printf("%s is a repository with a remote, %s\n", text.Inert(filepath.Join(folder, "app")), text.Inert(filepath.Join(folder, "hub.git")))
}
