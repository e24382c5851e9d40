package app

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/lock/task"
	"github.com/git-swarm/git-swarm/orchestrator/launch"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/urfave/cli/v3"
)

func taskTextFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "body", Usage: "what is to be done, Markdown, `TEXT` or \"-\" for standard input"},
		&cli.StringFlag{Name: "after", Usage: "the tasks that must have landed before, `3,4`"},
		&cli.StringSliceFlag{Name: "files", Usage: "a `PATHSPEC` that it is expected to change; may be repeated"},
		&cli.IntFlag{Name: "priority", Aliases: []string{"p"}, Value: task.DefaultPriority, Usage: fmt.Sprintf("from 0, the most urgent, to 4, `N` (default: %d)", task.DefaultPriority)},
		&cli.StringFlag{Name: "for", Usage: "only for that session or kind of agent, `ID`"},
	}
}

func taskAddVerb() *verb {
	return &verb{
		name: "task add", group: groupTask, args: "TITLE", min: 1, max: 1, short: "add a task to the backlog",
		long: `A task is ready when all that it comes after has landed. Its files are what it is
expected to change: tasks whose files overlap are not given out at the same time.
git log refs/swarm/tasks shows what became of all tasks.`,
		session: true, json: true, flags: taskTextFlags,
		run: func(ctx context.Context, c *call) error {
			n, err := c.newTask()
			if err != nil {
				return err
			}
			l, by, err := c.planning(ctx)
			if err != nil {
				return err
			}
			added, err := c.addTasks(ctx, l, by, []task.New{n})
			if err != nil {
				return err
			}
			return c.printAdded(added[0])
		},
	}
}

func (c *call) newTask() (n task.New, err error) {
	n = task.New{Title: c.args[0], Priority: c.cmd.Int("priority"), For: c.cmd.String("for")}
	if n.Body, err = c.body(c.cmd.String("body")); err != nil {
		return n, err
	}
	if n.After, err = c.taskNumbers(c.cmd.String("after")); err != nil {
		return n, err
	}
	n.Files, err = c.taskFiles(c.cmd.StringSlice("files"))
	return n, err
}

// addTasks adds tasks; what has landed before does not count for them.
func (c *call) addTasks(ctx context.Context, l *task.Backlog, by string, tasks []task.New) ([]*task.Task, error) {
	target, err := c.taskTarget(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.catchUp(ctx, l, by, target); err != nil {
		return nil, err
	}
	added, err := l.Add(ctx, by, tasks, target)
	if err != nil {
		return nil, err
	}
	return added, c.warnFor(ctx, added)
}

// warnFor names the sessions that tasks are for and that there are not, nor agents of
// that name.
func (c *call) warnFor(ctx context.Context, tasks []*task.Task) error {
	var sessions []bus.Session
	waits := map[string][]int{}
	for _, t := range tasks {
		if t.For == "" || slices.ContainsFunc(launch.Makes(), func(name string) bool { return strings.EqualFold(name, t.For) }) {
			continue
		}
		if sessions == nil {
			var err error
			if sessions, err = c.swarm.Bus().Sessions(ctx); err != nil {
				return err
			}
		}
		if !slices.ContainsFunc(sessions, func(s bus.Session) bool { return strings.EqualFold(s.ID, t.For) || strings.EqualFold(s.Agent, t.For) }) {
			waits[t.For] = append(waits[t.For], t.Number)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(waits)) {
		c.notef("warning: there is no session or agent '%s' yet, and nobody else is given %s", text.Inert(name), task.Numbers(waits[name]))
	}
	return nil
}

func (c *call) printAdded(t *task.Task) error {
	if t.State == task.Open {
		return c.printTask(t, "added; it comes after %s", task.Numbers(t.After))
	}
	return c.printTask(t, "added")
}

func taskEditVerb() *verb {
	return &verb{
		name: "task edit", group: groupTask, args: "N", min: 1, max: 1, short: "change a task",
		long: `Only what is named is changed. --after none and --files "" take away all. With
--revision, as git swarm task show N says it, a change that somebody else has made
since is not overwritten: it is refused then.`,
		session: true, json: true,
		flags: func() []cli.Flag {
			return append(taskTextFlags(),
				&cli.StringFlag{Name: "title", Usage: "another title, `TEXT`"},
				&cli.IntFlag{Name: "revision", Usage: "refuse if the task is not at revision `N` any more"})
		},
		run: runTaskEdit,
	}
}

func runTaskEdit(ctx context.Context, c *call) error {
	n, err := c.taskNumber(c.args[0])
	if err != nil {
		return err
	}
	e, err := c.taskEdit()
	if err != nil {
		return err
	}
	l, by, err := c.planning(ctx)
	if err != nil {
		return err
	}
	t, err := l.Edit(ctx, by, n, e)
	if err != nil {
		return err
	}
	if e.For != nil {
		if err := c.warnFor(ctx, []*task.Task{t}); err != nil {
			return err
		}
	}
	return c.printTask(t, "changed (revision %d)", t.Revision)
}

// taskEdit is what the options change.
func (c *call) taskEdit() (e task.Edit, err error) {
	set := false
	given := func(name string) bool { set = set || c.cmd.IsSet(name); return c.cmd.IsSet(name) }
	if given("title") {
		title := c.cmd.String("title")
		e.Title = &title
	}
	if given("for") {
		who := c.cmd.String("for")
		e.For = &who
	}
	if given("priority") {
		priority := c.cmd.Int("priority")
		e.Priority = &priority
	}
	if given("body") {
		body, err := c.body(c.cmd.String("body"))
		if err != nil {
			return e, err
		}
		e.Body = &body
	}
	if given("after") {
		after, err := c.taskNumbers(c.cmd.String("after"))
		if err != nil {
			return e, err
		}
		e.After = &after
	}
	if given("files") {
		var specs []string
		for _, spec := range c.cmd.StringSlice("files") {
			if spec != "" {
				specs = append(specs, spec)
			}
		}
		files, err := c.taskFiles(specs)
		if err != nil {
			return e, err
		}
		e.Files = &files
	}
	if !set {
		return e, usageOf(c.verb, "change what? --title, --body, --after, --files, --priority or --for")
	}
	e.Revision = c.cmd.Int("revision")
	return e, nil
}

func taskDropVerb() *verb {
	return &verb{
		name: "task drop", group: groupTask, args: "N", min: 1, max: 1, short: "say that nobody is to do a task",
		long:    `What comes after it waits on, for it will not land: change that with git swarm task edit N --after.`,
		session: true, json: true, flags: taskReasonFlags,
		run: func(ctx context.Context, c *call) error {
			n, err := c.taskNumber(c.args[0])
			if err != nil {
				return err
			}
			if !c.cmd.IsSet("reason") {
				return usageOf(c.verb, "--reason is missing: why?")
			}
			l, by, err := c.planning(ctx)
			if err != nil {
				return err
			}
			t, waiting, err := l.Drop(ctx, by, n, c.cmd.String("reason"))
			if err != nil {
				return err
			}
			if len(waiting) > 0 {
				c.notef("%s %s after it and will not become ready: git swarm task edit %d --after NUMBERS", task.Numbers(waiting), comes(len(waiting)), waiting[0])
			}
			return c.printTask(t, "dropped")
		},
	}
}

func comes(n int) string {
	if n == 1 {
		return "comes"
	}
	return "come"
}

func taskReopenVerb() *verb {
	return &verb{
		name: "task reopen", group: groupTask, args: "N", min: 1, max: 1, short: "have a task done after all, or again",
		long:    `For a task that has failed, was dropped or reverted, or has landed. An agent other than the orchestrator's does not reopen tasks.`,
		session: true, json: true,
		run: func(ctx context.Context, c *call) error {
			n, err := c.taskNumber(c.args[0])
			if err != nil {
				return err
			}
			if err := c.mayOversee(); err != nil {
				return err
			}
			l, by, err := c.planning(ctx)
			if err != nil {
				return err
			}
			t, err := l.Reopen(ctx, by, n)
			if err != nil {
				return err
			}
			return c.printTask(t, "is %s", text.Inert(string(t.State)))
		},
	}
}
