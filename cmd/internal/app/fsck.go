package app

import (
	"context"
	"errors"
	"slices"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/lock/queue"
	"github.com/git-swarm/git-swarm/lock/task"
	"github.com/git-swarm/git-swarm/orchestrator/monitor"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/review"
	"github.com/urfave/cli/v3"
)

func fsckVerb() *verb {
	return &verb{
		name: "fsck", group: groupHealth, short: "check everything that is stored against the format, and mend it",
		long: `Prints one line for each fault and exits with 128 if there is any. git fsck
checks the objects themselves.

--repair says how each fault would be mended, and with --write mends it. Damaged
commits are set aside: a record on top of them names them, so the ref moves
forward and its history keeps them. Damaged claims and records are dropped or
become what they were before. Only where objects are missing is a ref moved to
what can be read; what it held is kept below refs/swarm-lost/.

What a newer git swarm wrote is no damage and is left alone.`,
		json: true,
		flags: func() []cli.Flag {
			return []cli.Flag{
				&cli.BoolFlag{Name: "repair", Usage: "say how each fault would be mended"},
				&cli.BoolFlag{Name: "write", Usage: "with --repair: mend it"},
			}
		},
		run: func(ctx context.Context, c *call) error {
			switch {
			case c.cmd.Bool("repair"):
				return c.repair(ctx, c.cmd.Bool("write"))
			case c.cmd.Bool("write"):
				return usageOf(c.verb, "--write goes with --repair")
			}
			return runFsck(ctx, c)
		},
	}
}

func runFsck(ctx context.Context, c *call) error {
	b, err := c.Bus()
	if err != nil {
		return err
	}
	if b.Store().Pending() {
		if err := b.Store().Recover(ctx); err != nil {
			return err
		}
	}
	faults, read, err := b.Fsck(ctx)
	if err != nil {
		return err
	}
	more, n, err := lock.Fsck(ctx, b)
	if err != nil {
		return err
	}
	faults, read = append(faults, more...), read+n
	if more, n, err = queue.Fsck(ctx, b); err != nil {
		return err
	}
	faults, read = append(faults, more...), read+n
	if more, n, err = task.Fsck(ctx, b); err != nil {
		return err
	}
	faults, read = append(faults, more...), read+n
	if more, n, err = review.NewStore(b).Fsck(ctx); err != nil {
		return err
	}
	faults, read = append(faults, more...), read+n
	if more, n, err = monitor.Fsck(ctx, b); err != nil {
		return err
	}
	faults, read = append(faults, more...), read+n
	var hints []string
	for _, fault := range faults {
		if err := c.printFault(fault); err != nil {
			return err
		}
		if hint := damageHint(fault); hint != "" && !slices.Contains(hints, hint) {
			hints = append(hints, hint)
		}
	}
	if len(faults) > 0 {
		for _, hint := range hints {
			c.notef("hint: %s", hint)
		}
		return &statusError{exitFatal}
	}
	if c.wantJSON() {
		return c.object("ok", map[string]any{"commits": read})
	}
	return c.printf("ok: %s checked\n", text.Count(read, "commit"))
}

func (c *call) printFault(fault error) error {
	if !c.wantJSON() {
		return c.printf("%s\n", text.Inert(fault.Error()))
	}
	line := map[string]any{"fault": fault.Error()}
	var damaged *refstore.DamagedError
	if errors.As(fault, &damaged) {
		line = map[string]any{"ref": damaged.Ref, "commit": damaged.ID, "path": damaged.Path, "fault": damaged.Err.Error()}
	}
	return c.object("fault", line)
}
