package app

import (
	"context"

	"github.com/git-swarm/git-swarm/cmd/internal/demo"
	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/urfave/cli/v3"
)

func demoVerb() *verb {
	return &verb{
		name: "demo", group: groupStart, short: "see three sessions at work together, on real git in a scratch folder",
		long: `Makes a remote, a repository and a worktree for each of three sessions, runs the
commands that it prints, and removes everything. Exits with 1 if anything is not
as it says.`,
		flags: func() []cli.Flag {
			return []cli.Flag{&cli.BoolFlag{Name: "keep", Usage: "leave the folder to explore"}}
		},
		run: func(ctx context.Context, c *call) error {
			ctx, restore := undoable(ctx)
			defer restore()
			keep := c.cmd.Bool("keep")
			app, err := demo.Play(ctx, demo.Options{Env: c.Env, Out: c.Stdout, Colours: c.colours(), Keep: keep})
			if err == nil && keep {
				err = c.printf("\nLeft to explore: cd %s\n", text.ShellWord(app))
			}
			return err
		},
	}
}
