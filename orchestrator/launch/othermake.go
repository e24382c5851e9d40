package launch

import (
	"context"
	"os/exec"
	"slices"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// claudeCode is the name of the Claude Code client's program.
const claudeCode = "claude"

// maker is how a client of another make is started: options, with the prompt behind
// them.
type maker struct {
	name     string   // of its program, and of the agent
	terminal []string // on a terminal
	headless []string // without one, to the end of the task
	trust    []string // further ones without a terminal, where its user trusts the project and its hooks
	trustEnv []string // the same, as variables
}

// makers are all of them. Without a terminal they edit files in their worktree, and run
// what their own rules, or a sandbox, let them.
func makers() []maker {
	return []maker{
		{
			name: "codex", headless: []string{"exec", "--sandbox", "workspace-write"},
			trust: []string{"--trust", "--dangerously-bypass-hook-trust"},
		},
		{
			name: "gemini", terminal: []string{"--prompt-interactive"}, headless: []string{"--approval-mode", "auto_edit", "--prompt"},
			trustEnv: []string{"GEMINI_CLI_TRUST_WORKSPACE=true"},
		},
		{name: "opencode", terminal: []string{"--prompt"}, headless: []string{"run"}},
		{
			name: "copilot", terminal: []string{"--interactive"},
			headless: []string{"--allow-tool", "write", "--allow-tool", "shell(git:*)", "--deny-tool", "shell(git push)", "--prompt"},
			trust:    []string{"--trust-folder"},
		},
	}
}

// Makes are the agents that can be launched, Claude Code first.
func Makes() []string {
	names := []string{claudeCode}
	for _, m := range makers() {
		names = append(names, m.name)
	}
	return names
}

// make is how the client is started; ok is false for Claude Code.
func (c Client) make() (m maker, ok bool) {
	all := makers()
	i := slices.IndexFunc(all, func(m maker) bool { return m.name == c.Agent })
	if i < 0 {
		return maker{name: claudeCode}, false
	}
	return all[i], true
}

// onTerminal are the arguments for a client on a terminal, without the prompt, which
// comes last.
func (c Client) onTerminal() []string {
	if m, ok := c.make(); ok {
		return m.terminal
	}
	return c.begin()
}

// otherHeadless is the client of another make without a terminal.
func (c Client) otherHeadless(ctx context.Context, m maker) *exec.Cmd {
	args := slices.Clone(m.headless)
	if c.Trust { // behind a verb such as exec, before an option that takes the prompt
		args = slices.Insert(args, min(1, len(args)-1), m.trust...)
		c.Env = c.Env.With(m.trustEnv...)
	}
	return c.command(ctx, append(args, c.Prompt)...)
}

// HasMake reports whether the program of that agent is on env's PATH.
func HasMake(env repo.Env, name string) bool {
	return programOn(context.Background(), env, name, "/").Err == nil
}
