package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/orchestrator/install"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// otherAgents are those of --agents, each once.
func (c *call) otherAgents() (agents []install.OtherAgent, err error) {
	names := strings.FieldsFunc(c.cmd.String("agents"), func(r rune) bool { return strings.ContainsRune(" \t\n,", r) })
	if c.cmd.IsSet("agents") && len(names) == 0 {
		return nil, usageOf(c.verb, "option '--agents' needs a value")
	}
	for _, name := range names {
		a, ok := install.FindAgent(name)
		switch {
		case name == "claude":
			return nil, usageOf(c.verb, "Claude Code has an option of its own: git swarm init --claude")
		case !ok:
			return nil, usageOf(c.verb, fmt.Sprintf("no hooks for '%s': --agents takes %s, and git swarm init --git-hooks serves every other tool", text.Inert(name), strings.Join(install.AgentNames(), ", ")))
		}
		agents = append(agents, a)
	}
	return agents, nil
}

func (c *call) installAgents(ctx context.Context, r *repo.Repo, agents []install.OtherAgent) error {
	if err := install.InstallGitHooks(ctx, r, install.PrePush); err != nil {
		return err
	}
	for _, a := range agents {
		if err := a.Install(ctx, r, agentOptions()); err != nil {
			return c.orForAll(a, err)
		}
		if c.wantJSON() {
			continue
		}
		if err := c.printf("%s's hooks are in %s, for the main checkout and each worktree; git does not show it\n", a.Title, a.File()); err != nil {
			return err
		}
		c.tellTrust(a)
	}
	return nil
}

// orForAll names the other place for an agent's hooks, where the project's cannot
// hold them.
func (c *call) orForAll(a install.OtherAgent, err error) error {
	if !errors.Is(err, install.ErrCommitted) && !errors.Is(err, install.ErrNoCheckout) || !a.HasHome() {
		return err
	}
	line, _, code := c.format(err)
	return &refusal{code: code, what: line, hint: "for all your projects, outside of them: git swarm setup --agents " + a.Name}
}

// tellTrust says what the agent will ask its user, or skips without asking.
func (c *call) tellTrust(a install.OtherAgent) {
	if wants := trustOf(a.Name); wants != "" {
		c.notef("%s", wants)
	}
	if a.Name == "codex" && mcpProgram() == "" && c.verb.name != "setup" { // which writes the hooks alone
		c.notef("In Codex's sandbox commands cannot write the git directory, and so not claim, message or commit; tools can: %s, then this again", installMCP)
	}
}

// installMCP installs the server of git swarm mcp.
const installMCP = "go install github.com/git-swarm/git-swarm/cmd/git-swarm-mcp@latest"

// trustOf is what an agent's user has to answer before it runs hooks, "" for nothing.
func trustOf(agent string) string {
	switch agent {
	case "codex":
		return "Codex runs them once you trust them: start codex here on a terminal, and answer that you trust the folder (once for all worktrees), then 'Trust all' to the hooks. Until then codex exec skips them without a word"
	case "gemini":
		return "Gemini CLI runs them once you trust the folder: start gemini in a worktree on a terminal, and answer 'Trust parent folder' (once for all worktrees). With --skip-trust it reads no hooks; without a terminal it wants GEMINI_CLI_TRUST_WORKSPACE=true"
	case "copilot":
		return "Copilot CLI runs them once you trust the folder: answer yes when it asks. With -p it skips them without a word, unless you add --trust-folder"
	}
	return ""
}

// agentOptions are what the agents' settings depend on here.
func agentOptions() install.Options { return install.Options{MCP: mcpProgram()} }

// mcpProgram is the absolute path of git-swarm-mcp, beside this program or on PATH;
// "" without it.
func mcpProgram() string {
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), "git-swarm-mcp")
		if info, err := os.Stat(beside); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return beside
		}
	}
	path, err := exec.LookPath("git-swarm-mcp")
	if err != nil {
		return ""
	}
	path, _ = filepath.Abs(path)
	return path
}

// renewAgents does for worktrees that were made since what init --agents did.
func (c *call) renewAgents(ctx context.Context) error {
	r, err := c.Repo()
	if err != nil {
		return err
	}
	return install.Renew(ctx, r, agentOptions())
}

func (c *call) removeAgents(ctx context.Context, r *repo.Repo, agents []install.OtherAgent) error {
	for _, a := range agents {
		changed, err := a.Remove(ctx, r)
		if err != nil {
			return err
		}
		if c.wantJSON() {
			continue
		}
		for _, path := range changed {
			if err := c.printRemoved(path, true); err != nil {
				return err
			}
		}
		if len(changed) == 0 {
			if err := c.printf("No hooks of git swarm's for %s\n", a.Title); err != nil {
				return err
			}
		}
	}
	return install.RemoveGuard(ctx, r)
}

func (c *call) printRemoved(path string, there bool) error {
	if there {
		return c.printf("Removed git swarm's hooks from %s\n", text.Inert(c.near(path)))
	}
	return c.printf("No hooks of git swarm's in %s\n", text.Inert(c.near(path)))
}
