// Package install writes what makes git swarm work by itself, and takes it out
// again: hooks in the settings of Claude Code and of other agents, hooks and a
// merge driver of git's, and the rules for agents in CLAUDE.md or AGENTS.md.
//
// # Guarantees
//
// Installing twice changes nothing the second time. In a file that is not ours
// alone, all other bytes stay as they are, and Remove restores the file to the byte;
// a file that held nothing else is deleted. A file that cannot be understood, is
// read-only, or is a link out of the work tree is left alone with an error. Each
// file is replaced whole or not at all. Git hooks of others stay as and where they
// are, and run before ours, in every worktree; folders of hooks that are content, or
// outside of the repository, are not written to.
//
// # What it does not guarantee
//
// Several files are changed one after the other: a kill in between leaves some
// changed. Installing, or removing, again completes it. Whether an agent runs its
// hooks is up to the agent: see launch.ProbeHooks.
package install
