package app

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/lock/task"
	"github.com/urfave/cli/v3"
)

func taskListVerb() *verb {
	return &verb{
		name: "task list", group: groupTask, short: "list the tasks that are not finished",
		session: true, json: true,
		flags: func() []cli.Flag {
			return []cli.Flag{
				&cli.BoolFlag{Name: "ready", Usage: "only those that can be taken"},
				&cli.BoolFlag{Name: "mine", Usage: "only that of this session, and those that are for it"},
				&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "those that have landed or were dropped, too"},
			}
		},
		run: runTaskList,
	}
}

func runTaskList(ctx context.Context, c *call) error {
	l, err := c.backlog(ctx)
	if err != nil {
		return err
	}
	me := ""
	if c.cmd.Bool("mine") {
		if me, err = c.Session(); err != nil {
			return err
		}
		if me, err = l.Bus.Resolve(ctx, me); err != nil {
			return err
		}
	}
	c.lookCatchUp(ctx, l)
	all, err := l.List(ctx)
	if err != nil {
		return err
	}
	ready, finished := c.cmd.Bool("ready"), c.cmd.Bool("all")
	shown := slices.DeleteFunc(slices.Clone(all), func(t *task.Task) bool {
		return ready && t.State != task.Ready || t.State.Finished() && !finished ||
			me != "" && t.Holder != me && !strings.EqualFold(t.For, me)
	})
	if c.wantJSON() {
		for _, t := range shown {
			if err := c.object("task", jsonTask(t)); err != nil {
				return err
			}
		}
		return nil
	}
	if len(shown) == 0 {
		c.notef("%s", c.noTasks(len(all), me))
		return nil
	}
	return c.printLines(c.taskLines(all, shown, c.terminalWidth()))
}

// noTasks says what there is none of.
func (c *call) noTasks(all int, me string) string {
	switch {
	case all == 0:
		return `no tasks yet: git swarm task add "TITLE"`
	case me != "":
		return "no tasks of or for " + me
	case c.cmd.Bool("ready"):
		return "no task is ready: git swarm task list"
	}
	return "no unfinished tasks; finished ones, too: git swarm task list --all"
}

// stateColour is how a task's state is shown.
func stateColour(s task.State) text.Colour {
	switch s {
	case task.Ready, task.Landed:
		return text.Green
	case task.Taken, task.Review:
		return text.Yellow
	case task.Failed, task.Reverted:
		return text.Red
	case task.Dropped:
		return text.Dim
	}
	return ""
}

// taskLines is the table of tasks. all is what they may wait for.
func (c *call) taskLines(all, shown []*task.Task, width int) []text.Line {
	landed := map[int]bool{}
	for _, t := range all {
		if t.State == task.Landed {
			landed[t.Number] = true
		}
	}
	rows := make([][]text.Cell, 0, len(shown))
	cells := make([]text.Cell, 0, 5*len(shown)) // of all rows: there can be many
	for _, t := range shown {
		cells = append(cells,
			text.Bold.Cell("#"+strconv.Itoa(t.Number)),
			stateColour(t.State).Cell(string(t.State)),
			text.Cell{Text: strconv.Itoa(t.Priority)},
			text.Cell{Text: text.Inert(t.Title)},
			text.Cell{Text: text.Inert(c.taskNote(t, landed))},
		)
		rows = append(rows, cells[len(cells)-5:])
	}
	return text.Table([]string{"No", "State", "Prio", "Task", "Note"}, []int{3, 4}, width, rows)
}

// taskNote is what there is to say of a task in its state.
func (c *call) taskNote(t *task.Task, landed map[int]bool) string {
	switch t.State {
	case task.Open:
		waits := slices.DeleteFunc(slices.Clone(t.After), func(n int) bool { return landed[n] })
		return "after " + task.Numbers(waits)
	case task.Taken, task.Review:
		note := fmt.Sprintf("%s, for %s", t.Holder, text.Age(c.Now(), t.Since))
		if t.Part {
			note += ", in part landed"
		}
		return note
	case task.Landed:
		if n := len(t.Commits); n > 0 {
			return fmt.Sprintf("%s, %s", short(t.Commits[n-1].ID), text.Ago(c.Now(), t.Ended))
		}
		return text.Ago(c.Now(), t.Ended)
	case task.Ready:
		note := "added " + text.Ago(c.Now(), t.Added)
		if t.For != "" {
			note += ", for " + t.For
		}
		switch {
		case t.Waits == 1:
			note += ", 1 waits"
		case t.Waits > 1:
			note += fmt.Sprintf(", %d wait", t.Waits)
		}
		return note
	}
	return t.Why
}
