// Package orchestrator holds no code. The packages below it start, serve and watch
// over the coding agents that work as the sessions of a repository:
//
//   - install writes the hooks of agents and of git into their settings, and the
//     rules for agents into CLAUDE.md or AGENTS.md, and takes both out again;
//   - launch makes worktrees, writes prompts, and starts agents;
//   - agents knows which agents are at work, and as which session;
//   - hook decides what to answer when an agent's hook reports an event;
//   - monitor watches all sessions, and warns those whose branches would conflict.
package orchestrator
