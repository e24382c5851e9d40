package app

import (
	"context"
	"fmt"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/lock/task"
	"github.com/git-swarm/git-swarm/orchestrator/standing"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/urfave/cli/v3"
)

func taskTakeVerb() *verb {
	return &verb{
		name: "task take", group: groupTask, args: "[N]", max: 1, short: "take the best task that is ready, or a certain one",
		long: `The best is the most urgent one, then the one for which most others wait, then the
oldest. One whose files overlap with what another session has claimed, or with a
task that it has taken, is passed over, and said to be; after ten times it goes
first. Nothing is claimed. A session has one task at a time: one that has a task is
given that again. Exits with 1 if no task is ready.`,
		session: true, json: true,
		flags: func() []cli.Flag {
			return []cli.Flag{&cli.DurationFlag{Name: "wait", Usage: "wait up to `DURATION` (10m) until one is ready"}}
		},
		run: runTaskTake,
	}
}

func runTaskTake(ctx context.Context, c *call) error {
	n, err := c.ownTask()
	if err != nil {
		return err
	}
	timeout, err := c.wait(0)
	if err != nil {
		return err
	}
	if timeout > 0 && n > 0 {
		return usageOf(c.verb, "--wait goes with no number")
	}
	l, id, agent, err := c.taking(ctx)
	if err == nil {
		err = c.swarm.CheckStaleAfter()
	}
	if err != nil {
		return err
	}
	if err := c.catchUpQuick(ctx, l, id); err != nil {
		return err
	}
	var given *task.Given
	if timeout > 0 {
		given, err = l.TakeWait(ctx, id, agent, timeout, func() error { return c.catchUpQuick(ctx, l, id) })
	} else {
		given, err = l.Take(ctx, id, n, agent)
	}
	if err != nil {
		c.tellPassed(passedOver(err))
		return err
	}
	return c.printGiven(ctx, l, given)
}

// tellPassed names the tasks that are ready and not given.
func (c *call) tellPassed(passed []task.InTheWay) {
	for _, w := range passed {
		c.notef("#%d is passed over: '%s' overlaps with %s", w.Task.Number, text.Inert(w.Spec), text.Inert(w.What()))
	}
}

func (c *call) printGiven(ctx context.Context, l *task.Backlog, g *task.Given) error {
	for _, t := range g.Back {
		c.notef("#%d was given back: %s", t.Number, text.Inert(t.Why))
	}
	if c.wantJSON() {
		id, err := l.ID(ctx)
		if err != nil {
			return err
		}
		trailer := task.TrailerOf(id, g.Task.Number)
		return c.object("task", fullTaskJSON{taskJSON: jsonTask(g.Task), Body: g.Body, Trailer: trailer, Passed: jsonPassed(g.Passed), Again: g.Again})
	}
	for _, w := range g.Passed {
		c.notef("#%d was passed over: '%s' overlaps with %s", w.Task.Number, text.Inert(w.Spec), text.Inert(w.What()))
	}
	line := fmt.Sprintf("Task #%d: %s", g.Task.Number, text.Inert(g.Task.Title))
	if g.Again {
		line += fmt.Sprintf(" (yours for %s)", text.Age(c.Now(), g.Task.Since))
	}
	if g.Body != "" {
		line += "\n\n" + text.Block(g.Body)
	}
	if err := c.printf("%s\n", line); err != nil {
		return err
	}
	for _, spec := range g.Task.Files {
		if err := c.printf("File: %s\n", text.Inert(spec)); err != nil {
			return err
		}
	}
	return nil
}

func taskGiveVerb() *verb {
	return &verb{
		name: "task give", group: groupTask, args: "[N]", max: 1, short: "give this session's task back: it is ready again",
		session: true, json: true, flags: taskReasonFlags,
		run: func(ctx context.Context, c *call) error {
			n, err := c.ownTask()
			if err != nil {
				return err
			}
			l, id, _, err := c.taking(ctx)
			if err != nil {
				return err
			}
			t, err := l.Give(ctx, id, n, c.cmd.String("reason"))
			if err != nil {
				return err
			}
			return c.printTask(t, "given back")
		},
	}
}

func taskReasonFlags() []cli.Flag {
	return []cli.Flag{&cli.StringFlag{Name: "reason", Aliases: []string{"m"}, Usage: "why, `TEXT`"}}
}

func taskFailVerb() *verb {
	return &verb{
		name: "task fail", group: groupTask, args: "[N]", max: 1, short: "say that this session has tried its task in vain",
		long:    `It is not ready again until git swarm task reopen N.`,
		session: true, json: true, flags: taskReasonFlags,
		run: func(ctx context.Context, c *call) error {
			n, err := c.ownTask()
			if err != nil {
				return err
			}
			if !c.cmd.IsSet("reason") {
				return usageOf(c.verb, "--reason is missing: why?")
			}
			l, id, _, err := c.taking(ctx)
			if err != nil {
				return err
			}
			t, err := l.Fail(ctx, id, n, c.cmd.String("reason"))
			if err != nil {
				return err
			}
			return c.printTask(t, "has failed")
		},
	}
}

func taskDoneVerb() *verb {
	return &verb{
		name: "task done", group: groupTask, args: "[N]", max: 1, short: "say that nothing more is to be done for this session's task",
		long: `git swarm push finishes a task by itself. Where commits of this session have not
landed yet, the task lands with them, by the next git swarm push; where all have,
after git swarm push --part, or there are none, it has landed now.`,
		session: true, json: true,
		run: runTaskDone,
	}
}

func runTaskDone(ctx context.Context, c *call) error {
	n, err := c.ownTask()
	if err != nil {
		return err
	}
	l, id, _, err := c.taking(ctx)
	if err != nil {
		return err
	}
	target, err := c.taskTarget(ctx)
	if err != nil {
		return err
	}
	if err := c.catchUp(ctx, l, id, target); err != nil {
		return err
	}
	unlanded, err := c.unlandedCommits(ctx, id, target.Tip)
	if err != nil {
		return err
	}
	dirty, err := c.uncommitted(ctx, id)
	if err != nil {
		return err
	}
	t, ready, err := l.Done(ctx, id, n, unlanded)
	if err != nil {
		return err
	}
	if dirty {
		c.notef("warning: where %s works there are changes that are not committed, and do not land: git swarm commit", id)
	}
	if unlanded {
		return c.printTask(t, "lands with your next git swarm push")
	}
	c.tellReady(ready)
	return c.printTask(t, "is done")
}

// uncommitted reports whether something is changed and not committed where the session works:
// in its worktree, or here, if it has none.
func (c *call) uncommitted(ctx context.Context, id string) (bool, error) {
	b := c.swarm.Bus()
	s, err := b.Session(ctx, id)
	if err != nil {
		return false, err
	}
	at, _ := standing.CheckoutOf(ctx, b, s)
	if r := c.swarm.Repo; at.Dir == "" && r.WorkTree != "" {
		at = standing.Checkout{Bus: b, Repo: r, Dir: r.WorkTree, Head: "HEAD"}
	}
	if at.Dir == "" {
		return false, nil
	}
	left, err := at.Left(ctx)
	return left.Dirty, err
}

// unlandedCommits reports whether the session has commits that the target, at tip, does
// not have: on its branch, where its worktree is another one, else at HEAD. Where there is no
// target, or nothing is checked out, none are.
func (c *call) unlandedCommits(ctx context.Context, id, tip string) (bool, error) {
	r, from := c.swarm.Repo, "HEAD"
	if dir := c.worktreeOf(id); dir != "" && dir != r.WorkTree {
		at, err := c.swarm.Bus().Session(ctx, id)
		if err != nil {
			return false, err
		}
		branch, err := c.swarm.Bus().Store().Tip(ctx, "refs/heads/"+at.Branch)
		if err != nil {
			return false, err
		}
		from = string(branch)
	} else if r.WorkTree == "" {
		return false, nil
	}
	if tip == "" || from == "" {
		return false, nil
	}
	out, err := repo.Output(r.GitParsed(ctx, "rev-list", "--max-count=1", from, "^"+tip))
	return out != "", err
}
