// Package land brings a branch onto its target, a branch of a remote, by a rebase and an unforced
// push.
//
// [Lander.Push] takes the push lock, fetches, rebases what is new in a scratch worktree of its own
// (scratch.go, rebase.go) and heals there the conflicts that it can, asks the gate, runs the verify
// command, pushes, and lets the checked out branch follow (move.go). It notifies the sessions whose
// claimed files or lines it changed (notify.go). [Lander.Pull] is the rebase alone.
//
// # Guarantees
//
//   - Pushes that use the lock land one after the other. Plain git pushes are noticed: the branch is
//     rebased again.
//   - A push or pull that fails changes neither branch nor index nor files. Commits that are not
//     pushed and changes that are not committed survive.
//   - What lands is what git rebase would have made in the work tree, with healed conflicts named in
//     trailers "Healed: PATH RULE" of the commit. Attributes, merge drivers, filters, submodules and
//     the work tree's own settings count as there (scratchfiles.go). Of the user's hooks pre-rebase and
//     pre-push run, in the session's own work tree, and no other (hooks.go).
//   - What has landed is decided by content, so also after a squash on the remote (landedbefore.go).
//   - After a kill at any moment, the next push or pull in the worktree completes or removes what was
//     left (recover.go), and lands nothing twice (pending.go).
//
// # What is not guaranteed
//
// Merge commits of the branch are flattened, as git rebase does by default; replaced objects
// (refs/replace), rerere, rebase.backend, rebase.autoSquash and the reflog's fork point have no say. In
// a sparse checkout the .gitattributes outside of it count, too; an untracked one does not. A commit that lands may follow one
// that plain git has pushed without gate or verify command. A branch whose work tree is in the way
// stays where it is although its commits have landed ([Landed.Stayed]). If a push is killed and a git
// command that it had started goes on, the next push waits for it, or ends as one that may be
// tried again.
package land
