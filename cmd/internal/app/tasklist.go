package app

import (
	"context"
	"errors"
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
	ready, finished, any := c.cmd.Bool("ready"), c.cmd.Bool("all"), false
	list := c.listing([]string{"No", "State", "Prio", "Task", "Note"}, 3, 4)
	lines := taskLines{list: list, now: c.Now()}
	err = l.Each(ctx, func(t *task.Task, landed func(int) bool) bool {
		any = true
		if ready && t.State != task.Ready || t.State.Finished() && !finished || me != "" && t.Holder != me && !strings.EqualFold(t.For, me) {
			return true
		}
		return lines.add(t, landed)
	})
	if err := errors.Join(err, list.end()); err != nil {
		return err
	}
	if list.empty && !c.wantJSON() {
		c.notef("%s", c.noTasks(any, me))
	}
	return nil
}

// noTasks says what there is none of; any is whether there is any task.
func (c *call) noTasks(any bool, me string) string {
	switch {
	case !any:
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
