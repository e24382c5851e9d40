package app

import (
	"context"
	"syscall"
)

func mcpVerb() *verb {
	return &verb{
		name: "mcp", group: groupTalk, short: "offer these commands to an agent as tools (MCP)",
		long: `Speaks the Model Context Protocol on standard input and output, with the tools
sync, status, message, reply, context, claim, unclaim, commit, push and review, for
the session of the worktree in which it is started. An agent whose commands run in
a sandbox that cannot write the git directory uses them instead: init --agents codex
writes it into the agent's settings.

It is a program of its own, git-swarm-mcp, beside git-swarm or on PATH.`,
		run: func(_ context.Context, c *call) error {
			program := mcpProgram()
			if program == "" {
				return &refusal{code: exitNo, what: "git-swarm-mcp is neither beside git-swarm nor on PATH", hint: installMCP}
			}
			return syscall.Exec(program, []string{program}, c.Env)
		},
	}
}
