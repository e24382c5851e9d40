// Package agents knows which coding agents are at work in a repository, and as
// which of its sessions.
//
// The hooks of an agent report its events; from them comes a Record of each agent.
// An Agent finds the session that it works as: the one that it was started as, the
// one that it had before, or one that it joins as. A Checkout is a worktree with a
// session's identity. What goes wrong in a hook is kept as a Problem, for doctor.
//
// # Guarantees
//
// A record is replaced whole or not at all, and changed by one process at a time.
// Hooks of one agent that run at once join once. An agent joins only where
// somebody has set up git swarm; elsewhere nothing is written. Present and Ended
// say yes only of what is certain.
//
// # What it does not guarantee
//
// Records are not durable: losing one costs no more than joining again. Whether
// an agent has ended is known for certain only of processes on this machine.
//
// What is stored, and where, is in refstore/FORMAT.md.
package agents
