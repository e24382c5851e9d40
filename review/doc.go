// Package review keeps the reviews of changes before they land, and decides
// whether a change may land.
//
//	refs/notes/swarm/reviews     notes  on each reviewed commit, one event a line
//	refs/swarm/reviews           table  the same lines by number, and each session's latest number
//	refs/swarm-pins/<id>.review  pin    the commits of the session's newest request
//	refs/swarm-pins/<id>.through pin    what was let land last by its approval
//
// # Guarantees
//
// An event that was acknowledged stays: both refs move together. git's own notes
// commands can drop it from the note (git notes add, and the copying of notes in
// rebase and amend, replace the ref without comparing); it is still in the table,
// and returns to the note with the next event. Lines that "git notes merge" with
// cat_sort_uniq brings into a note count like those written here. Any other text
// in a note is kept, reported, and counts for nothing.
//
// A verdict is about a change and not about a commit: [Store.Clear] says when an
// approval holds. Only a reviewer who was named gives one, never the author,
// a session that the author's agent registered, or an agent that it started; a person
// gives it in the place of any reviewer. All
// reviewers must approve, and one rejection stands until a newer request. A
// session's newest request supersedes its earlier ones. An approval is for one
// landing on one branch.
//
// Those concerned are told of each event by a message in the same transaction.
//
// # Not guaranteed
//
// Whoever can write into the repository can write any line in any session's name,
// as with any commit. [Store.Clear] judges what is there when it is asked, and [Store.Stand]
// in the transaction before a landing, or of it on a hub: what a reviewer adds while
// something is pushed to another place than the hub they have not seen.
//
// The form of a line, and of the table, is in refstore/FORMAT.md.
package review
