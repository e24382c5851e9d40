// Package refstore keeps git swarm's state in a repository's refs: transactions
// over one or several refs, and the two shapes of ref that are built with them.
// It is the only writer of refs.
//
// A table is a chain of commits whose tip's tree is the state and whose log is
// its history. A journal is a chain of commits with the empty tree, one entry
// each. Both are linear, and the commits of both carry a number, counted from 1
// along the chain. A cursor is a ref to a single commit that is replaced as a
// whole. FORMAT.md beside this file specifies every byte.
//
// # Guarantees
//
// [Store.Update] runs one transaction. When it returns nil, the change is in the
// refs, in all of them, and stays there whatever is killed afterwards; when it
// returns an error, none of the refs was moved, unless the error is
// [ErrUnfinished]. Any number of processes may call it at once, git's own among
// them (git update-ref, pack-refs, gc, receive-pack): each transaction is
// applied to exactly the tips that its function read.
//
// A process that is killed within Update leaves at most a redo log, ref lock
// files that the log names, and objects. The next Update, or [Store.Recover],
// completes or undoes the transaction and removes them: if its first ref had
// moved, the others are moved too; otherwise nothing has happened.
//
// Against a power cut the refs and objects are as durable as git itself makes
// them in that repository (core.fsync).
//
// # What is not guaranteed
//
// All writers must run under one kernel, for the redo log is locked with flock(2).
// Two machines that write into one .git over a network file system still cannot
// grant the same thing twice (refs are locked as git locks them), but a killed
// writer on one is not recognised by the other.
//
// git prune and git gc --prune=now delete objects that are not yet reachable. A
// running git gc is noticed, and the objects of a transaction are protected from
// it; a bare "git prune" beside running writers is as unsafe as git's manual says.
//
// # Where things are
//
// internal/refs moves the refs, internal/redo completes or undoes what a killed
// writer began, internal/gc protects new objects from git gc. Package object
// encodes, odb stores objects, repo finds the repository, file locks and replaces
// files.
package refstore
