package launch

import (
	"context"
	"os/exec"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// claudeCode is the name of the Claude Code client's program.
const claudeCode = "claude"

// maker is how a client of another make is started.
type maker struct {
	name     string // of its program, and of the agent
	verb     string // behind that, where there is no terminal; "" for none
	terminal string // the option that takes the prompt on a terminal, "" if that is the last argument
	headless string // the same without one

	alone    [][]string                    // options without a terminal; the user's own take their place
	trust    []string                      // further ones without a terminal, where its user trusts the project and its hooks
	trustEnv []string                      // the same, as variables
	resume   func(id string) []string      // what takes a conversation of that id, or Newest, up again: behind all options
	allow    func(command string) []string // options that let it run a command without asking, nil if it cannot be told
}

// makers are all of them. Without a terminal they edit files in their worktree, and run
// what their own rules, or a sandbox, let them.
func makers() []maker {
	return []maker{
		{
			name: "codex", verb: "exec", alone: [][]string{{"--sandbox", "workspace-write"}},
			trust:  []string{"--trust", "--dangerously-bypass-hook-trust"},
			resume: orNewest([]string{"resume"}, "resume", "--last"),
		},
		{
			name: "gemini", terminal: "--prompt-interactive", headless: "--prompt", alone: [][]string{{"--approval-mode", "auto_edit"}},
			trustEnv: []string{"GEMINI_CLI_TRUST_WORKSPACE=true"},
			resume:   orNewest([]string{"--resume"}, "--resume", "latest"),
			allow: func(command string) []string {
				return []string{"--allowed-tools", "run_shell_command(" + command + ")"}
			},
		},
		{name: "opencode", verb: "run", terminal: "--prompt", resume: orNewest([]string{"--session"}, "--continue")},
		{
			name: "copilot", terminal: "--interactive", headless: "--prompt",
			alone:  [][]string{{"--allow-tool", "write"}, {"--allow-tool", "shell(git:*)"}, {"--deny-tool", "shell(git push)"}},
			trust:  []string{"--trust-folder"},
			resume: orNewest([]string{"--resume"}, "--continue"),
			allow:  func(command string) []string { return []string{"--allow-tool", "shell(" + command + ":*)"} },
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
	m, ok := c.make()
	if !ok {
		return c.claudeOnTerminal()
	}
	return withPrompt(slices.Concat(c.allowed(m), c.Options, c.resumed(m)), m.terminal)
}

// orNewest names a conversation by its id behind those words, or the newest by the others.
func orNewest(named []string, newest ...string) func(string) []string {
	return func(id string) []string {
		if id == Newest {
			return newest
		}
		return append(slices.Clone(named), id)
	}
}

// resumed is what takes Resume up again.
func (c Client) resumed(m maker) []string {
	if c.Resume == "" {
		return nil
	}
	return m.resume(c.Resume)
}

// allowed are the options that let the client run Commands.
func (c Client) allowed(m maker) (args []string) {
	if m.allow == nil {
		return nil
	}
	for _, command := range c.Commands {
		args = append(args, m.allow(command)...)
	}
	return args
}

// withPrompt ends arguments with the option that takes the prompt, if there is one.
func withPrompt(args []string, option string) []string {
	if option == "" {
		return args
	}
	return append(args, option)
}

// otherHeadless is the client of another make without a terminal.
func (c Client) otherHeadless(ctx context.Context, m maker) *exec.Cmd {
	var args []string
	if m.verb != "" {
		args = append(args, m.verb)
	}
	if c.Trust {
		args = append(args, m.trust...)
		c.Env = c.Env.With(m.trustEnv...)
	}
	for _, option := range m.alone {
		if !replaced(option[0], c.Options) {
			args = append(args, option...)
		}
	}
	args = withPrompt(slices.Concat(args, c.allowed(m), c.Options, c.resumed(m)), m.headless)
	return c.command(ctx, append(args, c.Prompt)...)
}

// replaced reports whether the user's options hold one that can be given once. Those
// that say what is allowed, or denied, add up.
func replaced(option string, own []string) bool {
	adds := strings.HasPrefix(option, "--allow-") || strings.HasPrefix(option, "--deny-")
	return !adds && slices.ContainsFunc(own, func(o string) bool { return o == option || strings.HasPrefix(o, option+"=") })
}

// HasMake reports whether the program of that agent is on env's PATH.
func HasMake(env repo.Env, name string) bool {
	return programOn(context.Background(), env, name, "/").Err == nil
}
