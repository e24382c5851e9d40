package app

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/git-swarm/git-swarm/orchestrator/hook"
	"github.com/git-swarm/git-swarm/orchestrator/install"
	"github.com/git-swarm/git-swarm/orchestrator/launch"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/urfave/cli/v3"
)

func startVerb() *verb {
	return &verb{
		name: "start", group: groupStart, args: "[PLAN...]", max: -1, short: "say what is to be built, and let Claude Code plan it and run the sessions",
		long: `The plan is the arguments, or --file, or standard input where something is piped
into it ("-" says so), or what you write in the editor that opens. Writes the
rules of the swarm into a block of its own in CLAUDE.md (or AGENTS.md, if only
that exists), installs the hooks, and starts claude as the
orchestrator: it plans first, and asks. For --print-prompt, start your client as
the orchestrator, too: GIT_SWARM_SESSION=orchestrator claude.`,
		json: true,
		flags: func() []cli.Flag {
			return []cli.Flag{
				&cli.StringFlag{Name: "file", Aliases: []string{"f"}, Usage: "read the plan from `FILE`"},
				&cli.IntFlag{Name: "max-files-per-session", Value: 10, Usage: "how many files a session may own, `N` (default: 10)"},
				&cli.BoolFlag{Name: "print-prompt", Usage: "print the prompt and do nothing else"},
			}
		},
		run: runStart,
	}
}

func runStart(ctx context.Context, c *call) (err error) {
	most := c.cmd.Int("max-files-per-session")
	if most < 1 {
		return usageOf(c.verb, "--max-files-per-session takes a number from 1")
	}
	if c.cmd.String("file") != "" && len(c.args) > 0 {
		return usageOf(c.verb, "either a plan or --file")
	}
	printed := c.cmd.Bool("print-prompt")
	if c.wantJSON() && !printed {
		return usageOf(c.verb, "--json goes with --print-prompt")
	}
	r, err := c.Repo()
	if err != nil {
		return err
	}
	if file := c.cmd.String("file"); file != "" && file != "-" {
		if _, err := os.Stat(c.at(file)); err != nil {
			return refuseFile(file, err)
		}
	}
	if !printed { // before anybody writes a plan for nothing
		if err := c.mayOversee(); err != nil {
			return err
		}
		if err := c.mayStart(ctx, r); err != nil {
			return err
		}
	}
	plan, edited, err := c.plan(ctx, r)
	if err != nil {
		return err
	}
	if edited {
		defer func() { c.keepPlan(r, err) }()
	}
	target, err := c.landsOn(ctx, "HEAD")
	if err != nil {
		return err
	}
	prompt, err := launch.StartPrompt{Plan: plan, MaxFiles: most, Target: target}.Text()
	if err != nil {
		return err
	}
	if printed {
		return c.printPrompt(bus.Orchestrator, prompt)
	}
	if len(prompt) > launch.MaxPrompt {
		return refuseTooLong("plan")
	}
	name, err := install.WriteProtocol(r.WorkTree, target)
	if err != nil {
		return err
	}
	c.notef("The rules of the swarm are in %s, between marks: commit it, so that worktrees have it", name)
	if err := c.initClaude(ctx, r); err != nil {
		return err
	}
	client := launch.Client{Session: bus.Orchestrator, Dir: r.WorkTree, Prompt: prompt, Allow: install.OrchestratorRules(), Env: c.Env}
	return passStatus(client.Interactive(ctx))
}

// mayStart refuses where the orchestrator could not be started.
func (c *call) mayStart(ctx context.Context, r *repo.Repo) error {
	if r.WorkTree == "" {
		return refuseBareStart()
	}
	_, err := launch.ClientVersion(ctx, c.Env)
	if errors.Is(err, launch.ErrClientTooOld) {
		c.notef("%s: its sessions will not hear of each other by themselves; %s", err, installClient)
		return nil
	}
	if err != nil && !errors.Is(err, launch.ErrNoClient) {
		return refuseClient(err)
	}
	return err
}

// planFile is where a plan is edited.
func planFile(r *repo.Repo) string { return filepath.Join(r.GitDir, "SWARM_PLAN") }

// keepPlan removes an edited plan once a client had it, however that ended. Else
// the editor begins with it the next time.
func (c *call) keepPlan(r *repo.Repo, err error) {
	var ended *statusError
	if err == nil || errors.As(err, &ended) {
		_ = os.Remove(planFile(r))
		return
	}
	c.notef("Your plan is kept: git swarm start begins with it")
}

// landsOn is the branch that work on branch lands on, "" if nothing says which.
func (c *call) landsOn(ctx context.Context, branch string) (string, error) {
	b, err := c.Bus()
	if err != nil {
		return "", err
	}
	return hook.LandsOn(ctx, b, branch)
}

// plan is what the user wants, from wherever it is given; edited says that it is
// kept in planFile.
func (c *call) plan(ctx context.Context, r *repo.Repo) (plan string, edited bool, err error) {
	file := c.cmd.String("file")
	switch {
	case len(c.args) == 1 && c.args[0] == "-" || file == "-":
		plan, err = c.readPlan()
	case file != "":
		var content []byte
		if content, err = os.ReadFile(c.at(file)); err != nil {
			err = refuseFile(file, err)
		}
		plan = string(content)
	case len(c.args) > 0:
		plan = strings.Join(c.args, " ")
	default:
		if c.piped() {
			plan, err = c.readPlan()
		}
		if edited = err == nil && strings.TrimSpace(plan) == ""; edited {
			plan, err = c.edit(ctx, r)
		}
	}
	if err != nil {
		return "", edited, err
	}
	plan = strings.TrimSpace(plan)
	switch {
	case plan == "":
		return "", edited, refuseEmptyPlan()
	case !isText(plan):
		return "", edited, bus.Inputf("the plan has more than %d bytes, or is no text", bus.MaxBody)
	}
	return plan, edited, nil
}

func (c *call) readPlan() (string, error) {
	content, err := io.ReadAll(io.LimitReader(c.Stdin, bus.MaxBody+1))
	return string(content), err
}

// isText reports whether a client can be given it.
func isText(s string) bool {
	return len(s) <= bus.MaxBody && utf8.ValidString(s) && !strings.Contains(s, "\x00")
}

// piped reports whether standard input is a file or a pipe, and so may hold a plan.
func (c *call) piped() bool {
	in, ok := c.Stdin.(*os.File)
	if !ok {
		return false
	}
	info, err := in.Stat()
	return err == nil && (info.Mode().IsRegular() || info.Mode()&fs.ModeNamedPipe != 0)
}

const planHelp = `
# What is to be built? Say it as you would to a colleague: what it is to do,
# what is given, what matters. Lines that begin with # are dropped, and an
# empty text stops here.
`

// edit opens the user's editor, as git does.
func (c *call) edit(ctx context.Context, r *repo.Repo) (string, error) {
	editor, err := repo.Output(r.Git(ctx, "var", "GIT_EDITOR"))
	if err != nil {
		return "", err
	}
	path := planFile(r)
	before, err := os.ReadFile(path) // of a start that failed
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if err := os.WriteFile(path, append(before, planHelp...), 0o666); err != nil {
		return "", err
	}
	defer launch.LeaveKeys()()
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", strings.TrimSpace(editor)+` "$@"`, "editor", path)
	cmd.Dir, cmd.Env = c.Dir, c.Env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, c.Stderr, c.Stderr
	if err := cmd.Run(); err != nil {
		return "", refuseEditor(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	var kept []string
	for line := range strings.Lines(string(content)) {
		if !strings.HasPrefix(line, "#") {
			kept = append(kept, line)
		}
	}
	if text := strings.Join(kept, ""); strings.TrimSpace(text) != "" {
		return text, os.WriteFile(path, []byte(text), 0o666)
	}
	return "", os.Remove(path)
}
