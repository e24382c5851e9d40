// Package redo is the redo log of a repository: the queue in which writers stand,
// and the description of the change that is under way, from which the next writer
// completes or undoes what a killed one began.
//
// # Guarantees
//
//   - Whoever holds the log's lock is the only writer of git swarm in this
//     repository. The kernel passes the lock on when its holder ends.
//   - [Log.Save] describes a change before anything else is written; a description
//     that was cut short is recognised and was never acted upon.
//   - After [Recovery.Run] every ref of the described change has moved, if the first
//     one had; otherwise none has. Its lock files are gone, others' are untouched.
//
// # Not guaranteed
//
// The lock is an flock: it binds the processes of one kernel. Refs stay correct
// without it, for each move compares and locks them as git does.
//
// refstore/FORMAT.md describes the file.
package redo
