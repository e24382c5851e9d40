// Package monitor watches over all sessions: a Monitor takes snapshots, reports
// what has happened in between, and warns sessions whose branches would conflict. A
// Poller does so whenever something moves.
//
// # Guarantees
//
// Two sessions are told of a conflict between their branches once, whoever and
// however many monitor, and again only when it grows or comes back. What git would
// merge, or the healer would heal, is no conflict. A Poller misses no change: one
// that happens while a snapshot is shown is in the next.
//
// # What it does not guarantee
//
// Changes that cancel each other out between two snapshots are not reported.
// Conflicts are found between branches, not in what is not committed yet.
//
// The table of conflicts is described in refstore/FORMAT.md.
package monitor
