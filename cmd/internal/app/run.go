package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/orchestrator/install"
	"github.com/git-swarm/git-swarm/orchestrator/launch"
	"github.com/git-swarm/git-swarm/orchestrator/pool"
	"github.com/git-swarm/git-swarm/refstore/gitlock"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/urfave/cli/v3"
)

func runVerb() *verb {
	return &verb{
		name: "run", group: groupTask, short: "work through the backlog: a fresh client for each task, until none is left",
		long: `Keeps up to --sessions clients at work, without a terminal. Each task has a session,
a branch and a worktree of its own, T12 for task 12, which begin where work lands and go
when the task has landed. A client is told its task, what everybody follows, and what
has landed; what it says is in git swarm task log N.

A client that ends without landing its task is followed by another one in the same
worktree, which is told why, up to --tries; then the task has failed, and the worktree
stays. A session that is blocked (git swarm update T12 --status blocked --note QUESTION)
waits without a client, and others take its place; it goes on when somebody answers it:
git swarm message T12 "…" --session orchestrator. At a usage limit nothing is started
until it ends.

--agent is claude, codex, gemini, opencode or copilot, or a shell command that gets the
prompt on standard input, in the worktree, with GIT_SWARM_SESSION and GIT_SWARM_TASK set.

Several may run at once, also in other clones of a hub: they share the backlog. One that
was killed leaves its clients at work, and the next one goes on with them. Ctrl-C begins
nothing more and waits for the clients; a second one ends them and gives their tasks
back. Exits with 0 if all tasks have landed, else with 1.`,
		json: true,
		flags: func() []cli.Flag {
			return []cli.Flag{
				&cli.IntFlag{Name: "sessions", Aliases: []string{"n"}, Value: 2, Usage: "how many clients are at work at once, `N` (default: 2)"},
				&cli.StringFlag{Name: "agent", Value: "claude", Usage: "the client: `NAME`, or a command (default: claude)"},
				&cli.IntFlag{Name: "tries", Value: 2, Usage: "how many clients a task gets before it has failed, `N` (default: 2)"},
				&cli.DurationFlag{Name: "task-timeout", Value: time.Hour, Usage: "how long one client may take, `DURATION` (default: 60m)"},
				&cli.IntFlag{Name: "max-tasks", Usage: "begin at most `N` tasks"},
				&cli.StringFlag{Name: "until", Usage: "begin none after `TIME`: 14:30, \"2026-01-02 14:30\" or 8h"},
				&cli.BoolFlag{Name: "trust", Usage: "trust the project and its hooks, for this run: see git swarm launch"},
			}
		},
		run: runRun,
	}
}

// poolOptions are what the user wants of a run.
func (c *call) poolOptions() (*pool.Pool, error) {
	p := &pool.Pool{
		Now: c.Now, Sessions: c.cmd.Int("sessions"), Tries: c.cmd.Int("tries"), MaxTasks: c.cmd.Int("max-tasks"),
		Timeout: c.cmd.Duration("task-timeout"), Grace: time.Minute, Trust: c.cmd.Bool("trust"),
		Agent: strings.TrimSpace(c.cmd.String("agent")),
	}
	switch {
	case p.Sessions < 1 || p.Sessions > 100:
		return nil, usageOf(c.verb, "--sessions takes a number from 1 to 100")
	case p.Tries < 1:
		return nil, usageOf(c.verb, "--tries takes a number from 1")
	case c.cmd.IsSet("max-tasks") && p.MaxTasks < 1:
		return nil, usageOf(c.verb, "--max-tasks takes a number from 1")
	case p.Agent == "":
		return nil, usageOf(c.verb, agentTakes())
	case p.Timeout <= 0:
		return nil, usageOf(c.verb, "--task-timeout takes a duration, such as 60m")
	}
	if until := c.cmd.String("until"); c.cmd.IsSet("until") {
		var ok bool
		if p.Until, ok = parseUntil(until, c.Now()); !ok {
			return nil, usageOf(c.verb, fmt.Sprintf("--until '%s' is no time to come: 14:30, \"2026-01-02 14:30\", 2026-01-02T14:30:00Z or 8h", text.Inert(until)))
		}
	}
	if !slices.Contains(launch.Makes(), p.Agent) {
		p.Agent, p.Command = "", p.Agent
	}
	return p, nil
}

func runRun(ctx context.Context, c *call) error {
	p, err := c.poolOptions()
	if err != nil {
		return err
	}
	if err := c.mayOversee(); err != nil {
		return err
	}
	if err := c.equip(ctx, p); err != nil {
		return err
	}
	if err := c.mayRun(ctx, p); err != nil {
		return err
	}
	stop, restore := stops()
	defer restore()
	p.Stop = stop
	sum, err := p.Run(ctx)
	if sum != nil {
		if err := c.printSummary(sum); err != nil {
			return err
		}
	}
	switch {
	case errors.Is(err, pool.ErrNoClient):
		return refuseCommand(cmp.Or(p.Command, p.Agent), c.Dir)
	case err != nil:
		return err
	case !sum.Done():
		if sum.Failed > 0 && !c.wantJSON() {
			c.notef("hint: git swarm task list says why, git swarm task log N what was said; to try one again: git swarm task reopen N")
		}
		return &statusError{exitNo}
	}
	return nil
}

// stops are the interrupts from the keyboard, and what else asks us to end.
func stops() (<-chan struct{}, func()) {
	signals, stop, done := make(chan os.Signal, 2), make(chan struct{}), make(chan struct{})
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		for {
			select {
			case <-signals:
			case <-done:
				return
			}
			select {
			case stop <- struct{}{}:
			case <-done:
				return
			}
		}
	}()
	return stop, func() { signal.Stop(signals); close(done) }
}

// equip gives the pool what it works with.
func (c *call) equip(ctx context.Context, p *pool.Pool) (err error) {
	if p.Repo, err = c.Repo(); err != nil {
		return err
	}
	if p.Backlog, err = c.backlog(ctx); err != nil {
		return err
	}
	if p.Retire, err = c.retiring(ctx); err != nil {
		return err
	}
	target, err := c.target(ctx, "HEAD", "")
	if err != nil {
		return err
	}
	rules, err := c.Rules(ctx)
	if err != nil {
		return err
	}
	if p.Review, err = rules.RequireReview.Get(); err != nil {
		return err
	}
	if p.LandsOn, err = c.landsOn(ctx, "HEAD"); err != nil {
		return err
	}
	c.warnRelative(ctx)
	self, err := os.Executable()
	if err != nil {
		return err
	}
	commands, err := install.Allowed(p.Repo)
	if err != nil {
		return err
	}
	p.Teller, p.Tell = c.teller(p.Backlog.Bus), c.printPoolEvent
	p.Allow, p.Commands = install.RulesFor(commands), commands
	p.Target = func(ctx context.Context) (string, error) { return p.Repo.TargetRef(ctx, target) }
	p.Fetch = func(ctx context.Context) error {
		if target.Remote == "" {
			return nil
		}
		cmd := p.Repo.GitParsed(ctx, "fetch", "--quiet", "--no-auto-maintenance", target.Remote)
		_, err := repo.OutputBy(cmd, func() error {
			return gitlock.Attached(p.Repo, cmd, gitlock.Ref(p.Repo, "refs/remotes/"+target.String()))
		})
		return err
	}
	p.Worker = func(dir string) *exec.Cmd {
		cmd := exec.Command(self, "-C", p.Repo.CommonDir, "pool-worker", dir)
		cmd.Dir, cmd.Env = p.Repo.CommonDir, c.Env
		for _, name := range []string{"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"} {
			cmd.Env = repo.Env(cmd.Env).Without(name)
		}
		return cmd
	}
	return nil
}

// mayRun refuses where nothing could be begun.
func (c *call) mayRun(ctx context.Context, p *pool.Pool) error {
	known, err := p.Backlog.Exists(ctx)
	if err != nil {
		return err
	}
	if !known {
		return no(`git swarm task add "TITLE"`, "there are no tasks yet")
	}
	if err := launch.CheckWorktrees(ctx, p.Repo); err != nil {
		return err
	}
	if p.Command != "" {
		return c.mayRunCommand(ctx, p.Command)
	}
	if err := c.mayLaunch(p.Agent, nil); err != nil {
		return err
	}
	if err := c.renewAgents(ctx); err != nil {
		return err
	}
	return c.tellUnwired(ctx, p.Agent)
}

// mayRunCommand refuses a command whose first word the shell does not find. Of one that
// begins with more than a name only the shell can tell.
func (c *call) mayRunCommand(ctx context.Context, command string) error {
	word := strings.Fields(command)[0]
	if strings.ContainsAny(word, "=$`'\"\\;&|<>(){}*?[]~!#") {
		return nil
	}
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", `command -v -- "$1"`, "sh", word)
	cmd.Dir, cmd.Env = c.Dir, c.Env
	if cmd.Run() != nil || strings.HasPrefix(filepath.Clean(word), "../") {
		return refuseCommand(command, c.Dir)
	}
	return nil
}

// refuseCommand says that the command's program is not there. One that is there as seen
// from dir, where run was typed, is named by its full path: a client's folder is another.
func refuseCommand(command, dir string) error {
	word, rest, _ := strings.Cut(strings.TrimSpace(command), " ")
	full := word
	if !filepath.IsAbs(word) {
		full = filepath.Join(dir, word)
	}
	file, err := os.Stat(full)
	switch {
	case err != nil || !file.Mode().IsRegular() || !strings.Contains(word, "/"):
	case file.Mode().Perm()&0o111 == 0:
		return no("chmod +x "+text.ShellWord(word), "'%s' may not be executed", text.Inert(word))
	case !filepath.IsAbs(word):
		return no("git swarm run --agent "+text.ShellWord(strings.TrimSpace(full+" "+rest)), "'%s' is not there in a task's worktree, where clients are started", text.Inert(word))
	}
	return no(agentTakes(), "'%s' is not there to be run", text.Inert(command))
}

func agentTakes() string {
	return "--agent takes " + strings.Join(launch.Makes(), ", ") + ", or a command"
}

// poolWorkerVerb is what a run starts for each client.
func poolWorkerVerb() *verb {
	return &verb{
		name: "pool-worker", hidden: true, args: "DIR", min: 1, max: 1, short: "what git swarm run starts for each client; not meant to be typed",
		run: func(ctx context.Context, c *call) error {
			r, err := c.Repo()
			if err != nil {
				return err
			}
			w := pool.Worker{Repo: r, Env: c.Env, SetUp: func(ctx context.Context, w launch.Worktree, out *os.File) error {
				c.Stdout, c.Stderr = out, out
				return c.setUp(ctx, w, w.Session)
			}}
			return w.Run(ctx, c.args[0])
		},
	}
}
