// Package queue keeps who waits to land: one entry for each session, with the tip
// as it was put, in the order of arrival, and for each that is decided what became
// of it.
//
//	refs/swarm/queue       table  <id> → the entry of that session
//	refs/swarm-pins/<id>   pin    the tip that the session has put last
//
// # Guarantees
//
// An entry that was put stays until the session that put it has taken it out: it is
// withdrawn, or decided and then seen. Its number is higher than that of every entry
// put before it. Its tip is kept from git gc as long as the session puts no other.
//
// A landing that may have happened is in the entry before the target moves
// ([Entry.Tried]), so whoever comes after a process that was killed can decide by
// asking the remote, and lands nothing twice.
//
// # Not guaranteed
//
// The package decides nothing: who may land is the conductor (package lock), and
// what becomes of an entry is decided in merge/land.
//
// The bytes of the table are in refstore/FORMAT.md.
package queue
