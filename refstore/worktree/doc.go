// Package worktree makes linked worktrees, and puts in order what a kill has left of
// one that was being made.
//
// # Purpose
//
// A git worktree add that is killed can leave a record below worktrees/ on which every
// later git fetch in the repository fails, and a folder whose index is empty: a commit
// there deletes all files.
//
// # Guarantees
//
//   - [Make] builds folder, index and git's record of them apart, and puts them in
//     place by one rename each, the record last. After a kill at any moment there is a
//     whole worktree or none; the next Make completes it or begins anew.
//   - Several processes may make worktrees of one repository at once, also the same.
//   - What stands in the place of the worktree is replaced only if it is a worktree of
//     this repository that was never whole. Files in it that are not as they would be
//     checked out are kept, in a folder beside it.
//   - [Mend] takes away records that git cannot read, into swarm/lost.
//
// # What it does not guarantee
//
// In a repository with reftables git itself makes the worktree: after a kill, there may
// be one that is not whole until the next Make or Mend.
package worktree
