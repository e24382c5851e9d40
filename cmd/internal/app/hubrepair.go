package app

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/urfave/cli/v3"
)

func hubRepairVerb() *verb {
	return &verb{
		name: "hub repair", group: groupHealth, short: "put back what the hub has lost, and take out what git swarm did not write",
		long: `Where somebody moved a ref of the hub back, or deleted it, this clone pushes what it
has of it; what git swarm does not write is taken off the top of a ref. What one
clone alone writes, that clone puts back. Where the hub has gone on without what
it lost, those changes are named, and the exit code is 1: whose claims they were
claims again after --give-up, with which this clone follows the hub.`,
		json: true,
		flags: func() []cli.Flag {
			return []cli.Flag{
				&cli.BoolFlag{Name: "give-up", Usage: "follow a hub that has gone on: the changes that it lost are gone here, too"},
			}
		},
		run: repairHub,
	}
}

func repairHub(ctx context.Context, c *call) error {
	b, err := c.hubBus()
	if err == nil {
		err = c.mayOversee()
	}
	if err != nil {
		return err
	}
	giveUp := c.cmd.Bool("give-up")
	done, err := b.Store().RepairHub(ctx, giveUp)
	if err != nil {
		return err
	}
	left := false
	for _, r := range done {
		left = left || r.Owner != "" || len(r.Lost) > 0 && !giveUp
		if err := c.printHubRepair(r, giveUp); err != nil {
			return err
		}
	}
	if len(done) == 0 && !c.wantJSON() {
		err = c.printf("Nothing to repair\n")
	}
	if left {
		err = errors.Join(err, no("git swarm hub repair in the clone that is named, or git swarm hub repair --give-up", "not all is repaired"))
	}
	return err
}

func (c *call) printHubRepair(r refstore.HubRepair, gaveUp bool) error {
	lost := []string{}
	for _, e := range r.Lost {
		line, _, _ := strings.Cut(e.Body, "\n")
		lost = append(lost, fmt.Sprintf("%d by %s: %s", e.Number, e.Author, line))
	}
	if c.wantJSON() {
		return c.object("repaired", map[string]any{"ref": r.Ref, "back": r.Back, "removed": r.Removed, "owner": r.Owner, "lost": lost, "gave_up": gaveUp && r.Owner == "" && len(lost) > 0})
	}
	name := text.Inert(r.Ref)
	switch {
	case r.Owner != "":
		return c.printf("%s: the clone '%s' can put it back\n", name, r.Owner)
	case r.Removed > 0:
		return c.printf("%s: took out %s that git swarm did not write\n", name, text.Count(r.Removed, "commit"))
	case len(lost) == 0:
		return c.printf("%s: put back %s\n", name, text.Count(r.Back, "change"))
	}
	what := "has gone on without"
	if gaveUp {
		what = "is as on the hub now, without"
	}
	if err := c.printf("%s %s %s:\n", name, what, text.Count(len(lost), "change")); err != nil {
		return err
	}
	for _, line := range lost {
		if err := c.printf("  %s\n", text.Inert(line)); err != nil {
			return err
		}
	}
	return nil
}
