// Package refs moves several refs at once, or none, beside any other git at work
// on the same repository. [Files] does it in process by git's own protocol of lock
// files; [Git] asks the git command wherever that protocol is not enough
// (reftable, SHA-256, shared repositories, hooks).
//
// # Guarantees
//
//   - [Backend.Swap] compares each ref with what the caller read while it holds the
//     ref's lock as git itself takes it: no update of git's or ours is lost.
//   - Of the updates of a Swap the first takes effect first. A process that is
//     killed within Swap leaves lock files that [Backend.Unlock] recognises by
//     their content; the locks of others are never touched.
//   - A ref whose file is not one that git or we would write is a [DamagedError]
//     to readers and writers, and stays as it is.
//
// # Not guaranteed
//
// A Swap that is killed can leave some refs moved and others not: package redo
// completes it. Swap does not protect new objects from a git gc: package gc does.
package refs
