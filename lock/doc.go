// Package lock grants what only one session may hold: paths of the work tree
// (claims) and the right to push (the push lock).
//
//	refs/swarm/claims  table  the claimed paths, each a blob where the file or folder is
//	refs/swarm/locks   table  "push" → who holds the push lock, or that it is free
//
// # Guarantees
//
// A grant that was returned is in the ref, and nobody else holds the same path,
// a folder above it or a path below it: git's trees cannot hold both. Several
// paths are granted all or none. Every grant has an epoch, higher than that of
// any grant before it on any path, so that work done under a lost claim can be
// told from work under the present one.
//
// The push lock has one holder at a time. It is taken from a holder whose
// process is gone from this machine at once, and from any other when it has
// stood unchanged for its whole lease by the waiter's own clock; clocks of two
// machines are never compared. A holder that was stopped for longer than its
// lease has lost the lock, and finds out at its next renewal or check.
//
// # What is not guaranteed
//
// Claims bind those who ask: git swarm's commands, its hooks, and the sessions
// that heed them. An editor does not ask.
package lock
