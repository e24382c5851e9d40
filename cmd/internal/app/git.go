package app

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"slices"

	"github.com/urfave/cli/v3"
)

func gitStatusVerb() *verb {
	return &verb{
		name: "git-status", group: groupGit, max: -1, raw: true, short: "git status",
		run: func(ctx context.Context, c *call) error { return c.git(ctx, "status", c.args...) },
	}
}

func gitDiffVerb() *verb {
	return &verb{
		name: "git-diff", group: groupGit, max: -1, raw: true, args: "[--staged]", short: "git diff",
		run: func(ctx context.Context, c *call) error { return c.git(ctx, "diff", c.args...) },
		flags: func() []cli.Flag {
			return []cli.Flag{&cli.BoolFlag{Name: "staged", Usage: "what the next commit would hold"}}
		},
	}
}

func gitLogVerb() *verb {
	return &verb{
		name: "git-log", group: groupGit, max: -1, raw: true, short: "git log",
		run: func(ctx context.Context, c *call) error { return c.git(ctx, "log", c.args...) },
	}
}

// git runs git in our place: same streams, same exit code. An interrupt at the
// terminal reaches git by itself, and is git's to answer.
func (c *call) git(ctx context.Context, command string, args ...string) error {
	r, err := c.Repo()
	if err != nil {
		return err
	}
	interrupt := make(chan os.Signal, 1)
	signal.Notify(interrupt, os.Interrupt)
	defer signal.Stop(interrupt)
	cmd := r.Git(context.WithoutCancel(ctx), slices.Concat([]string{command}, args)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = c.Stdin, c.Stdout, c.Stderr
	return passStatus(cmd.Run())
}

// passStatus turns a failure that git has told already into its exit code.
func passStatus(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return &statusError{max(exit.ExitCode(), exitNo)}
	}
	return err
}
