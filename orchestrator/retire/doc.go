// Package retire ends sessions for good: their clients, worktrees, branches, claims and
// records.
//
// # Guarantees
//
//   - Nothing is taken away while something of the session is nowhere else: commits that
//     have not landed, changes, untracked files. With [Session.Keep] they are first kept
//     below refs/swarm-lost/, and only what git cannot keep so still stands in the way.
//   - Only worktrees that git swarm made are removed, and only the branch that it made,
//     from exactly the tip that was looked at.
//   - After a kill at any moment the session is there, or retired; the next call goes on
//     where the killed one was. The session is taken out of the table of sessions last.
//   - What the session wrote, its reviews, and what was written to it stay.
//
// # What it does not guarantee
//
// That nobody edits a file of a worktree between the last look at it and its removal, an
// instant later: a client that git swarm launched has been ended by then, and one that it
// did not launch stands in the way. Ignored files go with their worktree.
package retire
