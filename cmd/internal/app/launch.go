package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/install"
	"github.com/git-swarm/git-swarm/orchestrator/launch"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/worktree"
	"github.com/urfave/cli/v3"
	"golang.org/x/term"
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
		flags: taskFlags, json: true,
		run: func(ctx context.Context, c *call) error {
			clients, err := c.clients(ctx)
			if err != nil {
				return err
			}
			return c.printPrompt(clients[0].Session, clients[0].Prompt)
		},
	}
}

func (c *call) printPrompt(session, prompt string) error {
	if c.wantJSON() {
		return c.object("prompt", map[string]any{"session": session, "prompt": prompt})
	}
	return c.printf("%s", prompt)
}

// resumePrompt is what a session that is resumed is told where nobody says more.
const resumePrompt = "Go on where you stopped. Begin with git swarm sync: others may have changed things meanwhile."

func launchVerb() *verb {
	return &verb{
		name: "launch", group: groupStart, args: "ID... [-- OPTION...]", min: 1, max: -1, passes: true, short: "start an agent in the worktree of each session",
		long: `Each session gets a tmux window: where you are, or, outside of tmux, in a tmux
session of the swarm's own. Without tmux, one session can be started right here.
With -p they run without a terminal, all at once, and what they say is shown line
by line. With --background they are the client's own background sessions, which
can be attached to, listed and stopped (claude agents), wake on a message, and ask
when you attach. Both may edit files and run git, the verbs of git swarm that a
session needs, and the commands of swarm.allow; what else they may do is up to the
project's settings. --print prints the commands, to run in terminals of your own:
a line each, for which the prompt is kept in a file (so it is no command for an
agent's shell, which may refuse what a shell expands).

What follows -- goes to the client: git swarm launch A --task "…" -- --model opus.

--resume takes sessions up again that are parked, or whose client has ended: each
goes on with its last conversation, in the client that had it, and with the options
that it was started with if none follow. It needs no --task; one that is given is
said there.

The agent is Claude Code, or with --agent another: codex, gemini, opencode, copilot.
Most run hooks only once you trust the project; without a terminal there is nobody
to ask, and --trust says that you do, for this run: what the project's settings name
then runs, too.`,
		json: true,
		flags: func() []cli.Flag {
			return append(taskFlags(),
				&cli.BoolFlag{Name: "resume", Usage: "go on with the session's last conversation"},
				&cli.StringFlag{Name: "agent", Value: "claude", Usage: "start `NAME`: claude, codex, gemini, opencode or copilot (default: claude)"},
				&cli.BoolFlag{Name: "trust", Usage: "with -p: trust the project and its hooks, for this run"},
				&cli.BoolFlag{Name: "headless", Aliases: []string{"p"}, Usage: "without a terminal, to the end of the task"},
				&cli.BoolFlag{Name: "background", Aliases: []string{"b"}, Usage: "as background sessions of the client's own"},
				&cli.BoolFlag{Name: "print", Usage: "print the commands instead"})
		},
		run: runLaunch,
	}
}

func runLaunch(ctx context.Context, c *call) error {
	if err := c.checkLaunch(); err != nil {
		return err
	}
	if err := c.mayOversee(); err != nil {
		return err
	}
	if err := c.mayPass(); err != nil {
		return err
	}
	clients, err := c.clients(ctx)
	if err != nil {
		return err
	}
	for i := range clients {
		clients[i].Trust = c.cmd.Bool("trust")
	}
	for agent, of := range byAgent(clients) {
		if c.cmd.Bool("print") {
			break
		}
		if err := c.mayLaunch(agent, of); err != nil {
			return err
		}
	}
	if err := c.renewAgents(ctx); err != nil {
		return err
	}
	for agent := range byAgent(clients) {
		if err := c.tellUnwired(ctx, agent); err != nil {
			return err
		}
	}
	if err := c.equipClients(clients); err != nil {
		return err
	}
	return c.start(ctx, clients)
}

// byAgent are the clients of each make.
func byAgent(clients []launch.Client) map[string][]launch.Client {
	of := map[string][]launch.Client{}
	for _, a := range clients {
		of[a.Agent] = append(of[a.Agent], a)
	}
	return of
}

// checkLaunch refuses options that do not go together.
func (c *call) checkLaunch() error {
	headless, background, printed := c.cmd.Bool("headless"), c.cmd.Bool("background"), c.cmd.Bool("print")
	agent := c.cmd.String("agent")
	switch {
	case headless && printed:
		return usageOf(c.verb, "either --headless or --print")
	case headless && background:
		return usageOf(c.verb, "either --headless or --background")
	case !slices.Contains(launch.Makes(), agent):
		return usageOf(c.verb, fmt.Sprintf("--agent takes %s, not '%s'", strings.Join(launch.Makes(), ", "), text.Inert(agent)))
	case agent != "claude" && background:
		return usageOf(c.verb, fmt.Sprintf("only Claude Code has background sessions: for %s, leave out --background for a tmux window, or give --headless", agent))
	case c.cmd.Bool("trust") && !headless:
		return usageOf(c.verb, "--trust goes with --headless: on a terminal the agent asks you")
	case background && slices.ContainsFunc(c.rest, func(o string) bool { return o == "--settings" || strings.HasPrefix(o, "--settings=") }):
		return usageOf(c.verb, "a background session has settings of git swarm's: put yours into .claude/settings.local.json")
	}
	return nil
}

// start starts the clients, or prints how.
func (c *call) start(ctx context.Context, clients []launch.Client) error {
	headless := c.cmd.Bool("headless")
	for _, a := range clients {
		fromStdin := headless && a.Agent == "claude"
		if !fromStdin && len(a.Prompt) > launch.MaxPrompt {
			return refuseTooLong("task")
		}
	}
	switch {
	case headless:
		return c.runHeadless(ctx, clients)
	case c.cmd.Bool("background") && !c.cmd.Bool("print"):
		return c.runBackground(ctx, clients)
	}
	if !c.cmd.Bool("background") {
		for i := range clients { // what the settings allow need not be said again
			clients[i].Allow = install.Unset(ctx, c.swarm.Repo, clients[i].Allow)
		}
	}
	if c.cmd.Bool("print") {
		return c.printLaunches(clients)
	}
	return c.openWindows(ctx, clients)
}

// printLaunches prints a command line for each client.
func (c *call) printLaunches(clients []launch.Client) error {
	for _, a := range clients {
		line, err := c.launchLine(a)
		switch {
		case err != nil:
		case c.wantJSON():
			err = c.object("launch", map[string]any{"session": a.Session, "command": line})
		default:
			err = c.printf("%s\n", line)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// openWindows starts each client in a tmux window, or the only one right here if
// there is no tmux.
func (c *call) openWindows(ctx context.Context, clients []launch.Client) error {
	tmux, err := launch.FindTmux(ctx, c.Env, c.swarm.Repo)
	if errors.Is(err, launch.ErrNoTmux) && len(clients) == 1 && c.onTerminal() {
		return passStatus(clients[0].Interactive(ctx))
	}
	if err != nil {
		return err
	}
	for _, a := range clients {
		if err := c.openWindow(ctx, tmux, a); err != nil {
			return err
		}
	}
	if tmux.Own != "" {
		c.notef("They run in a tmux session of their own; to see them: tmux attach -t %s", tmux.Own)
	}
	return nil
}

func (c *call) openWindow(ctx context.Context, tmux *launch.Tmux, a launch.Client) error {
	line, err := c.launchLine(a)
	if err != nil {
		return err
	}
	window := strings.TrimPrefix(tmux.Own+":"+a.Session, ":")
	err = tmux.Open(ctx, a.Session, a.Dir, line)
	switch {
	case errors.Is(err, launch.ErrWindow):
		return refuseWindow(window)
	case err != nil:
		return err
	case c.wantJSON():
		return c.object("launch", map[string]any{"session": a.Session, "window": window})
	}
	return c.printf("%s started in tmux window %s\n", a.Session, window)
}

// tellUnwired says that another agent than Claude Code will run no hooks of ours.
func (c *call) tellUnwired(ctx context.Context, agent string) error {
	a, ok := install.FindAgent(agent)
	if !ok || a.InHome(c.Env) {
		return nil
	}
	places, err := a.Places(ctx, c.swarm.Repo, agentOptions())
	if err == nil && len(places) == 0 {
		c.notef("%s has no hooks of git swarm's here, and hears and claims nothing by itself: git swarm init --agents %s", a.Title, a.Name)
	}
	return err
}

// mayLaunch refuses where there is no client, or where one is running already.
func (c *call) mayLaunch(agent string, clients []launch.Client) error {
	if agent != "claude" && !launch.HasMake(c.Env, agent) {
		return no("install it, or start it by hand with what git swarm prompt prints", "'%s' is not on PATH", agent)
	}
	if err := launch.HasClient(c.Env); agent == "claude" && err != nil {
		return err
	}
	for _, a := range clients {
		if agents.In(c.swarm.Repo).AtWork(a.Session) {
			return refuseSecondAgent(a.Session)
		}
	}
	return nil
}

// resumed is the agent that the session is resumed with: last, which has worked as it
// last, for a conversation goes on with the client that had it. "" is an unknown one.
func (c *call) resumed(session, last, worktree string) (string, error) {
	agent := c.cmd.String("agent")
	switch {
	case last == "":
	case c.cmd.IsSet("agent") && agent != last:
		return "", refuseOtherAgent(session, last, agent)
	case !slices.Contains(launch.Makes(), last):
		return "", refuseResume(session, last, worktree)
	default:
		agent = last
	}
	if agent != "claude" && c.cmd.Bool("background") {
		return "", refuseBackground(session, agent)
	}
	return agent, nil
}

func (c *call) launchLine(a launch.Client) (string, error) {
	file := launch.PromptFile(c.swarm.Repo.CommonDir, a.Session)
	if c.cmd.Bool("background") {
		return a.BackgroundLine(file)
	}
	return a.Line(file)
}

// onTerminal reports whether both ends of the command are a terminal.
func (c *call) onTerminal() bool {
	in, ok := c.Stdin.(*os.File)
	return ok && term.IsTerminal(int(in.Fd())) && c.terminalWidth() > 0
}

// runHeadless runs all at once and shows what each says.
func (c *call) runHeadless(ctx context.Context, clients []launch.Client) error {
	ctx, restore := undoable(ctx)
	defer restore()
	var out sync.Mutex
	var all sync.WaitGroup
	errs := make([]error, len(clients))
	for i, a := range clients {
		all.Go(func() {
			errs[i] = a.Headless(ctx, func(said string) {
				out.Lock()
				defer out.Unlock()
				if c.wantJSON() {
					_ = c.object("output", map[string]any{"session": a.Session, "text": said})
					return
				}
				for line := range strings.Lines(text.Block(said)) {
					fmt.Fprintf(c.Stdout, "%s| %s\n", a.Session, strings.TrimRight(line, "\n"))
				}
			})
		})
	}
	all.Wait()
	var failed error
	for i, err := range errs {
		if err != nil {
			c.notef("git swarm: %s: %s", clients[i].Session, text.Inert(err.Error()))
			failed = &statusError{exitNo}
		}
	}
	return failed
}

// clients are the clients of the sessions named, with their prompts.
func (c *call) clients(ctx context.Context) ([]launch.Client, error) {
	task := c.cmd.String("task")
	if task == "-" {
		content, err := io.ReadAll(io.LimitReader(c.Stdin, bus.MaxBody+1))
		if err != nil {
			return nil, err
		}
		task = string(content)
	}
	if strings.TrimSpace(task) == "" && c.cmd.Bool("resume") {
		task = resumePrompt
	}
	if strings.TrimSpace(task) == "" {
		return nil, usageOf(c.verb, "--task is missing: what is the session to do?")
	}
	if !isText(task) {
		return nil, bus.Inputf("the task has more than %d bytes, or is no text", bus.MaxBody)
	}
	most := c.cmd.Int("max-files-per-session")
	if most < 1 {
		return nil, usageOf(c.verb, "--max-files-per-session takes a number from 1")
	}
	b, err := c.Bus()
	if err != nil {
		return nil, err
	}
	review := false
	if !c.cmd.Bool("resume") { // whose prompt says nothing of it
		rules, err := c.Rules(ctx)
		if err != nil {
			return nil, err
		}
		if review, err = rules.RequireReview.Get(); err != nil {
			return nil, err
		}
	}
	all, err := b.Sessions(ctx)
	if err != nil {
		return nil, err
	}
	var clients []launch.Client
	for _, arg := range c.args {
		id, err := b.Resolve(ctx, arg)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(clients, func(a launch.Client) bool { return a.Session == id }) {
			continue
		}
		a, err := c.client(ctx, id, strings.TrimSpace(task), most, review, all)
		if err != nil {
			return nil, err
		}
		clients = append(clients, a)
	}
	return clients, nil
}

func (c *call) client(ctx context.Context, id, task string, most int, review bool, all []bus.Session) (launch.Client, error) {
	p := launch.SessionPrompt{Task: task, Review: review, MaxFiles: most}
	for _, s := range all {
		if s.ID == id {
			p.Session = s
		} else {
			p.Peers = append(p.Peers, s)
		}
	}
	if p.Session.ID == "" {
		return launch.Client{}, refuseOrchestratorWorktree()
	}
	var err error
	p.Worktree, err = agents.FindWorktree(c.swarm.Repo, id)
	if errors.Is(err, agents.ErrNoWorktree) {
		return launch.Client{}, refuseNoWorktree(id, p.Session.Workstream)
	}
	if err != nil {
		return launch.Client{}, err
	}
	if half, err := worktree.HalfMade(ctx, c.swarm.Repo, p.Worktree); err != nil || half {
		return launch.Client{}, cmp.Or(err, refuseHalfMade(id, p.Session.Workstream))
	}
	if p.Target, err = c.landsOn(ctx, "refs/heads/"+p.Session.Branch); err != nil {
		return launch.Client{}, err
	}
	a := launch.Client{Session: id, Agent: c.cmd.String("agent"), Dir: p.Worktree, Port: launch.PortOf(c.swarm.Repo, id), Prompt: task, Env: c.Env}
	if c.cmd.Bool("resume") { // which had the rest of the prompt when it began
		last := agents.In(c.swarm.Repo).Last(id)
		a.Resume, a.Job = cmp.Or(last.ID, launch.Newest), last.Job
		a.Agent, err = c.resumed(id, cmp.Or(last.Kind, p.Session.Agent), p.Worktree)
		return a, err
	}
	a.Prompt, err = p.Text()
	return a, err
}
