package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/lock/queue"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

func queueVerb() *verb {
	return &verb{
		name: "queue", news: true, group: groupLand, short: "who waits to land, in the order of arrival",
		long: `An entry is a branch's tip as it was put by git swarm push. One that has landed, or
was refused, stands there until the session's next push or pull has seen it.
git swarm push --cancel takes one's own entry out. With a hub, clones that wait for
each other are named below, in their order.`,
		json: true,
		run: func(ctx context.Context, c *call) error {
			b, err := c.Bus()
			if err != nil {
				return err
			}
			all, err := queue.Entries(ctx, b)
			if err != nil {
				return err
			}
			clones, err := lock.Turns(ctx, b)
			if err != nil {
				return err
			}
			if c.wantJSON() {
				for _, e := range all {
					if err := c.object("queued", jsonQueued(b, e)); err != nil {
						return err
					}
				}
				for _, t := range clones {
					if err := c.object("in-line", map[string]any{"clone": t.Clone, "session": t.Session, "target": t.Target, "since": text.Stamp(t.Since)}); err != nil {
						return err
					}
				}
				return nil
			}
			if len(all) == 0 {
				c.notef("nobody waits to land")
				return c.printClones(clones)
			}
			return errors.Join(c.printLines(c.queueLines(b, all, c.terminalWidth())), c.printClones(clones))
		},
	}
}

// queueLines is the table of the queue.
func (c *call) queueLines(b *bus.Bus, all []*queue.Entry, width int) []text.Line {
	colours := map[queue.Stage]text.Colour{queue.Verifying: text.Yellow, queue.Landing: text.Yellow, queue.Landed: text.Green, queue.Refused: text.Red}
	var rows [][]text.Cell
	for _, e := range all {
		note := ""
		switch {
		case e.Decided():
			note = e.Why
		case !e.Attended(b):
			note = "no process waits"
		}
		rows = append(rows, []text.Cell{
			text.Bold.Cell(e.Session),
			{Text: text.Inert(queuedName(e))},
			{Text: text.Inert(repo.Target{Remote: e.Remote, Branch: e.Target}.String())},
			colours[e.Stage].Cell(string(e.Stage)),
			{Text: text.Inert(note)},
			{Text: text.Ago(c.Now(), e.Since)},
		})
	}
	return text.Table([]string{"ID", "Branch", "Onto", "Stage", "Note", "Put"}, []int{4, 1}, width, rows)
}

// printClones names the clones of the hub that are in line to land, the first one first.
func (c *call) printClones(clones []*lock.Turn) (err error) {
	for i, t := range clones {
		if i == 0 || clones[i-1].Target != t.Target {
			err = errors.Join(err, c.printf("In line on the hub for %s:\n", text.Inert(t.Target)))
		}
		err = errors.Join(err, c.printf("  %s, for %s (%s)\n", t.Clone, text.Inert(t.Session), text.Ago(c.Now(), t.Since)))
	}
	return err
}

// queuedName is what an entry is of: a branch, or a commit where HEAD was detached.
func queuedName(e *queue.Entry) string {
	if e.Branch == "" {
		return fmt.Sprintf("%.10s", e.Tip)
	}
	return e.Branch
}

type queuedJSON struct {
	Session string  `json:"session"`
	Number  int     `json:"number"`
	Branch  string  `json:"branch"`
	Tip     string  `json:"tip"`
	Remote  string  `json:"remote"`
	Target  string  `json:"target"`
	Stage   string  `json:"stage"`
	Since   *string `json:"since"`
	Waits   bool    `json:"waits"`
	After   string  `json:"after"`
	Why     string  `json:"why"`
	Log     string  `json:"log"`
}

func jsonQueued(b *bus.Bus, e *queue.Entry) queuedJSON {
	return queuedJSON{
		Session: e.Session, Number: e.Number, Branch: e.Branch, Tip: e.Tip, Remote: e.Remote, Target: e.Target, Stage: string(e.Stage),
		Since: text.Stamp(e.Since), Waits: e.Attended(b), After: e.After, Why: e.Why, Log: e.Log,
	}
}
