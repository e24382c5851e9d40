package app

import (
	"context"
	"fmt"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/urfave/cli/v3"
)

func updateVerb() *verb {
	return &verb{
		name: "update", group: groupStart, args: "ID", min: 1, max: 1, short: "say what a session is doing",
		long: `A session that is done holds nothing: its claims are released with the same
step, and it claims nothing until its status is running again. An agent's hooks
set that when it starts or edits a file.`,
		session: true, json: true,
		flags: func() []cli.Flag {
			return []cli.Flag{
				&cli.StringFlag{Name: "status", Usage: "`STATUS`: running, blocked or done"},
				&cli.StringFlag{Name: "note", Usage: "`TEXT` that others see; empty clears it"},
			}
		},
		run: runUpdate,
	}
}

func runUpdate(ctx context.Context, c *call) error {
	var change bus.Change
	if c.cmd.IsSet("status") {
		status := bus.Status(c.cmd.String("status"))
		change.Status = &status
	}
	if c.cmd.IsSet("note") {
		note, err := c.body(c.cmd.String("note"))
		if err != nil {
			return err
		}
		change.Note = &note
	}
	if change == (bus.Change{}) {
		return usageOf(c.verb, "nothing to change: --status or --note")
	}
	b, err := c.Bus()
	if err != nil {
		return err
	}
	id, err := b.Resolve(ctx, c.args[0])
	if err != nil {
		return err
	}
	if err := c.mayActFor(id); err != nil {
		return err
	}
	by := id
	if c.cmd.IsSet("session") || c.viewer() != "" {
		if by, err = c.Session(); err != nil {
			return err
		}
	}
	var released []string
	err = b.SetStatus(ctx, by, id, change, func(tx *refstore.Tx) error {
		released = nil
		if change.Status == nil || *change.Status != bus.Done {
			return nil
		}
		var err error
		released, err = lock.ReleaseAllIn(tx, id)
		return err
	})
	if err != nil {
		return err
	}
	return c.printUpdated(ctx, b, id, released)
}

func (c *call) printUpdated(ctx context.Context, b *bus.Bus, id string, released []string) error {
	if !c.wantJSON() {
		if err := c.printf("Session %s updated\n", id); err != nil || len(released) == 0 {
			return err
		}
		return c.printReleased(id, released)
	}
	s, err := b.Session(ctx, id)
	if err != nil {
		return fmt.Errorf("session %s: %w", id, err)
	}
	return c.object("session", jsonSession(s))
}
