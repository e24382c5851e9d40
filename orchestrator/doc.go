// Package orchestrator starts, serves and oversees the coding agents that work
// as the sessions of a repository.
//
// It holds four things, which need each other little:
//
//   - Setting up: linked worktrees with an identity (worktree.go), the hooks of
//     Claude Code and of other agents in their settings (claude.go,
//     otheragent.go, by way of hookset.go and hooktext.go), git's own hooks
//     (githooks.go, mergedriver.go), the rules in CLAUDE.md (block.go).
//   - Starting: prompts (prompt.go), the client itself (client.go, agent.go,
//     tmux.go).
//   - Serving: what an agent's hook decides at each of its events (hook.go, and
//     join.go, greet.go, stop.go, wait.go, rawpush.go beside it), and what is
//     known of each agent (presence.go).
//   - Overseeing: the monitor (monitor.go), and who is about to collide
//     (collide.go).
//
// # Guarantees
//
// What is installed into a file of somebody else's is taken out again to the
// byte; what cannot be read is left alone. A hook claims a free file before the
// agent edits it, or denies the edit: of any number that ask at once one gets it
// (package lock decides that). News is said before the cursor moves, so it can
// come twice, and not never. The collisions of two sessions are told to both
// once, whoever and however many oversee.
//
// # What it does not guarantee
//
// Hooks bind only what runs them: an agent's shell can change any file. Where the
// repository is busy for longer than a hook may take, or damaged, the edit goes on
// unclaimed, and doctor says so. What is
// known of agents (the files in swarm/agents) is not durable: losing it costs no
// more than joining again. Whether an agent has ended is known for certain only
// of processes on this machine.
//
// What is stored, and where, is in refstore/FORMAT.md.
package orchestrator
