// Package review keeps what was said of a change before it lands, and decides
// whether it may.
//
//	refs/notes/swarm/reviews  notes  on each reviewed commit, one event a line
//	refs/swarm/reviews        table  the same lines by number, and each session's latest number
//
// # Guarantees
//
// An event that was acknowledged stays: both refs move together, and what git's
// own notes commands drop from the notes (git notes add, and the copying of
// notes in rebase and amend, replace the ref without comparing) is still in the
// table and returns to the note with the next event. Lines that come to a note
// by "git notes merge" with cat_sort_uniq count like those written here.
//
// A verdict is about a change and not about a commit: see [Store.Clear] for when
// an approval holds. Only a reviewer who was named gives one, never the author.
//
// # What is not guaranteed
//
// Who writes into the repository can write any line in any session's name, as
// with any commit.
package review
