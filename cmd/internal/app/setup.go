package app

import (
	"context"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/orchestrator/install"
	"github.com/urfave/cli/v3"
)

func setupVerb() *verb {
	return &verb{
		name: "setup", group: groupStart, short: "check that all is there that git swarm start needs, and put the manual pages in place",
		long: `Prints one line for each thing that is needed, and exits with 1 if one is
missing. On a terminal it then offers to write the manual pages and the shells'
completions, if man does not find them yet.

With --man it writes them without asking, and does nothing else. For a program in
PREFIX/bin, the pages go to PREFIX/share/man, where man looks for them ("git swarm
--help" and "man git-swarm-landing" then work), and the completions of bash, fish
and zsh to PREFIX/share, or to the user's own folders where the shell does not
look there. Each file is named. --remove removes exactly these files again.

With --agents, the hooks of other agents go into your own settings, for all your
projects (git swarm init --agents puts them into one project), and nothing else is
done; with --remove they are taken out again. In a repository in which nobody has
set up a swarm they do nothing.`,
		json: true,
		flags: func() []cli.Flag {
			return []cli.Flag{
				&cli.BoolFlag{Name: "man", Usage: "write the manual pages and completions"},
				&cli.StringFlag{Name: "agents", Usage: "install the hooks of other agents for all projects: `LIST` of codex, gemini, opencode, copilot"},
				&cli.BoolFlag{Name: "remove", Usage: "remove the manual pages and completions, or with --agents the hooks"},
			}
		},
		run: runSetup,
	}
}

func runSetup(ctx context.Context, c *call) error {
	if c.cmd.IsSet("agents") {
		return c.setupAgents()
	}
	switch write, remove := c.cmd.Bool("man"), c.cmd.Bool("remove"); {
	case remove: // --man --remove is the same
		return c.removeDocs()
	case write:
		return c.writeDocs()
	}
	findings := []finding{c.checkGit(ctx), c.checkPath(), c.checkClient(ctx)}
	if findings[1].state == "note" {
		findings[1].state = "bad"
	}
	manual := c.checkManual(ctx)
	findings = append(findings, manual...)
	if r, err := c.Repo(); err != nil {
		line, hint, _ := c.format(err)
		findings = append(findings, finding{"repository", "bad", line, hint})
	} else {
		findings = append(findings, finding{"repository", "ok", text.Inert(r.CommonDir), ""}, c.checkIdentity(ctx, r))
		if err := install.RenewGitHooks(ctx, r); err != nil {
			line, hint, _ := c.format(err)
			findings = append(findings, finding{"git hooks", "bad", line, hint})
		}
	}
	err := c.printFindings(findings)
	if len(manual) > 0 && manual[0].state == "note" && !c.wantJSON() {
		if err := c.offerDocs(); err != nil {
			return err
		}
	}
	return err
}

// setupAgents puts the hooks of agents into the user's own settings, or takes them out.
func (c *call) setupAgents() error {
	if c.cmd.Bool("man") {
		return usageOf(c.verb, "either --man or --agents")
	}
	agents, err := c.otherAgents()
	if err != nil {
		return err
	}
	for _, a := range agents {
		if !a.HasHome() {
			return usageOf(c.verb, a.Title+" reads hooks in projects alone: git swarm init --agents "+a.Name)
		}
	}
	for _, a := range agents {
		if err := c.setupAgent(a); err != nil {
			return err
		}
	}
	return nil
}

func (c *call) setupAgent(a install.OtherAgent) error {
	if c.cmd.Bool("remove") {
		there := a.InHome(c.Env)
		path, err := a.RemoveHome(c.Env)
		if err != nil || c.wantJSON() {
			return err
		}
		return c.printRemoved(path, there)
	}
	path, err := a.InstallHome(c.Env)
	if err != nil || c.wantJSON() {
		return err
	}
	c.tellTrust(a)
	return c.printf("%s's hooks are in %s, for all your projects\n", a.Title, text.Inert(path))
}
