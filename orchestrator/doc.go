// Package orchestrator sets up and oversees the sessions of a repository. So
// far: a worktree for each of them.
package orchestrator
