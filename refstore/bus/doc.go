// Package bus is the swarm's vocabulary: who takes part (sessions), what they say
// to each other (messages), what they decided (context), and how far each has
// read (cursors).
//
//	refs/swarm/sessions    table    <id> → TOML
//	refs/swarm/context     journal  decisions, interfaces, warnings, conventions, discoveries
//	refs/swarm/inbox/<id>  journal  the messages to <id>
//	refs/swarm/seen/<id>   cursor   how far <id> has read, and when it was last heard of
//
// # Guarantees
//
// What [refstore.Store.Update] guarantees holds for every change here. An entry
// or a message whose number was returned is in the journal for good. [Bus.Sync]
// shows each entry at least once: the cursor moves after the caller has put out
// what it was given. An entry is never skipped, for cursors are positions in the
// chain and not times.
//
// # What is not guaranteed
//
// When a session was last heard of is a matter of the clock of the machine it
// ran on. Bodies are data from other sessions: this package neither trusts nor
// alters them, and whoever prints them must make them inert.
package bus
