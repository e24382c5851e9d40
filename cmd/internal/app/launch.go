package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/git-swarm/git-swarm/orchestrator"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/urfave/cli/v3"
)

func taskFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "task", Aliases: []string{"t"}, Usage: "what the session is to do, `TEXT`; - for standard input"},
		&cli.IntFlag{Name: "max-files-per-session", Value: 10, Usage: "how many files it may own, `N` (default: 10)"},
	}
}

func promptVerb() *verb {
	return &verb{
		name: "prompt", group: groupStart, args: "ID", min: 1, max: 1, short: "print the prompt for a session, to paste",
		flags: taskFlags,
		run: func(ctx context.Context, c *call) error {
			agents, err := c.agents(ctx)
			if err != nil {
				return err
			}
			return c.printf("%s", agents[0].Prompt)
		},
	}
}

func launchVerb() *verb {
	return &verb{
		name: "launch", group: groupStart, args: "ID...", min: 1, max: -1, short: "start Claude Code in the worktree of each session",
		long: `Within tmux each session gets a window. With -p they run without a terminal, all
at once, and what they say is shown line by line. --print prints the commands.`,
		flags: func() []cli.Flag {
			return append(taskFlags(),
				&cli.BoolFlag{Name: "headless", Aliases: []string{"p"}, Usage: "without a terminal, to the end of the task"},
				&cli.BoolFlag{Name: "print", Usage: "print the commands instead"})
		},
		run: runLaunch,
	}
}

func runLaunch(ctx context.Context, c *call) error {
	agents, err := c.agents(ctx)
	if err != nil {
		return err
	}
	switch {
	case c.cmd.Bool("print"):
		for _, a := range agents {
			words := make([]string, 0, 4)
			for _, w := range a.Arguments() {
				words = append(words, shellQuote(w))
			}
			if err := c.printf("cd %s && GIT_SWARM_SESSION=%s %s\n", shellQuote(a.Dir), a.Session, strings.Join(words, " ")); err != nil {
				return err
			}
		}
		return nil
	case c.cmd.Bool("headless"):
		return c.runHeadless(ctx, agents)
	case c.Env.Get("TMUX") == "":
		return wordAgent(orchestrator.ErrNoTmux)
	}
	for _, a := range agents {
		if err := a.Window(ctx); err != nil {
			return wordAgent(err)
		}
		if err := c.printf("%s started in tmux window %s\n", a.Session, a.Session); err != nil {
			return err
		}
	}
	return nil
}

// runHeadless runs all at once and shows what each says.
func (c *call) runHeadless(ctx context.Context, agents []orchestrator.Agent) error {
	ctx, restore := undoable(ctx)
	defer restore()
	var out sync.Mutex
	var all sync.WaitGroup
	errs := make([]error, len(agents))
	for i, a := range agents {
		all.Go(func() {
			errs[i] = a.Headless(ctx, func(text string) {
				out.Lock()
				defer out.Unlock()
				for line := range strings.Lines(inertText(text)) {
					fmt.Fprintf(c.Stdout, "%s| %s\n", a.Session, strings.TrimRight(line, "\n"))
				}
			})
		})
	}
	all.Wait()
	for i, err := range errs {
		if err != nil {
			return wordAgent(fmt.Errorf("%s: %w", agents[i].Session, err))
		}
	}
	return nil
}

// agents are the clients of the sessions named, with their prompts.
func (c *call) agents(ctx context.Context) ([]orchestrator.Agent, error) {
	task := c.cmd.String("task")
	if task == "-" {
		content, err := io.ReadAll(io.LimitReader(c.Stdin, bus.MaxBody+1))
		if err != nil {
			return nil, err
		}
		task = string(content)
	}
	if strings.TrimSpace(task) == "" {
		return nil, usageOf(c.verb, "--task is missing: what is the session to do?")
	}
	if len(task) > bus.MaxBody || strings.ToValidUTF8(task, "") != task {
		return nil, bus.Inputf("the task has more than %d bytes, or is not valid UTF-8", bus.MaxBody)
	}
	most := c.cmd.Int("max-files-per-session")
	if most < 1 {
		return nil, usageOf(c.verb, "--max-files-per-session takes a number from 1")
	}
	b, err := c.Bus()
	if err != nil {
		return nil, err
	}
	settings, err := c.Settings()
	if err != nil {
		return nil, err
	}
	all, err := b.Sessions(ctx)
	if err != nil {
		return nil, err
	}
	var agents []orchestrator.Agent
	for _, arg := range c.args {
		id, err := b.Resolve(ctx, arg)
		if err != nil {
			return nil, err
		}
		a, err := c.agent(id, strings.TrimSpace(task), most, settings, all)
		if err != nil {
			return nil, err
		}
		agents = append(agents, a)
	}
	return agents, nil
}

func (c *call) agent(id, task string, most int, settings *settings, all []bus.Session) (orchestrator.Agent, error) {
	p := orchestrator.SessionPrompt{Task: task, Target: settings.Target, Review: settings.RequireReview, MaxFiles: most}
	for _, s := range all {
		if s.ID == id {
			p.Session = s
		} else {
			p.Peers = append(p.Peers, s)
		}
	}
	if p.Session.ID == "" {
		return orchestrator.Agent{}, &refusal{exitNo, "the orchestrator has no worktree: git swarm start runs it", ""}
	}
	var err error
	p.Worktree, err = orchestrator.FindWorktree(c.open.repo, id)
	if errors.Is(err, orchestrator.ErrNoWorktree) {
		hint := fmt.Sprintf("git swarm init --sessions \"%s:%s\" --worktrees", id, inert(p.Session.Workstream))
		return orchestrator.Agent{}, &refusal{exitNo, fmt.Sprintf("session %s has no worktree", id), hint}
	}
	if err != nil {
		return orchestrator.Agent{}, err
	}
	text, err := p.Text()
	return orchestrator.Agent{Session: id, Dir: p.Worktree, Prompt: text, Env: c.Env}, err
}

// shellQuote quotes a word for the shell, to the byte.
func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
