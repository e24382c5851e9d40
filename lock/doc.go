// Package lock keeps what only one session may hold at a time: paths of the work
// tree (claims), the right to push (the push lock), and to land for a target (its conductor).
//
//	refs/swarm/claims  table  the claimed paths, each a blob where the file or folder is
//	refs/swarm/locks   table  "push" → who holds the push lock, or that it is free;
//	                          "conductor/TARGET" → the same of who lands for the target
//
// # Guarantees
//
// A claim that was granted is in the ref, and no other session holds the same
// path, a folder above it or a path below it: git's trees cannot hold both.
// Several paths are granted all or none. Every grant has an epoch, higher than
// that of any grant before it on any path, so that work done under a lost claim
// can be told from work under the present one. A session that is done holds
// nothing and is granted nothing. What a session loses to another that takes it
// over, it is told by a message in the same transaction.
//
// Each lock has one holder at a time. If the holder's process has ended on
// this machine, it can be taken over at once; otherwise when it has stood
// unchanged for its whole lease by the waiter's own clock. The clocks of two
// machines are never compared. A holder that was stopped for longer than its
// lease has lost the lock, and learns it from its context, and from Renew.
//
// Who waits is woken by a release at once, and can say for whom it waits: see
// [Wait].
//
// # Not guaranteed
//
// Claims bind those who ask: git swarm's commands, its hooks, and agents that
// follow them. An editor does not ask. Nor is there an order among those who
// wait: the first to try again after a release gets it.
//
// The bytes of both tables are in refstore/FORMAT.md.
package lock
