// Package land brings a branch onto its target, a branch of a remote, by a rebase and an unforced
// push. Where there is no remote, the target is a local branch (local.go).
//
// [Lander.Push] puts the branch's tip in the queue (package lock/queue; turn.go) and waits until it
// is decided. One of those who wait for a target is its conductor, the first that came, and lands all
// that wait (train.go): it fetches, rebases what is new, each upon the one before, in a scratch worktree of its own (stack.go, scratch.go, rebase.go),
// heals there the conflicts that it can, asks each one's gate, runs the verify command once on the
// whole (halve.go, verify.go), and pushes once. Then each push lets its own branch follow (move.go), and
// notifies the sessions whose claimed files or lines it changed (notify.go). [Lander.Pull] is the rebase
// alone. [Lander.Put] does not wait; [Lander.Conduct] lands what nobody waits for (conduct.go).
//
// # Guarantees
//
//   - What waits lands in the order of arrival. Who conflicts with what is about to land waits for the
//     next stack, and is refused only for what has landed. Plain git pushes are noticed: the stack is
//     rebased again.
//   - What lands has passed the verify command, itself or as a part of a stack that has. Where a stack
//     fails, the change with which it begins to fail is tried once more, alone on the target, before
//     it is refused; whoever was below or above it is not. A tree that has passed is not tried again
//     for a day.
//   - A push or pull that fails changes neither branch nor index nor files. Commits that are not
//     pushed and changes that are not committed survive. No push touches another session's branch.
//   - What lands is what git rebase would have made in the work tree, with healed conflicts named in
//     trailers "Healed: PATH RULE" of the commit; RULE is "regenerated" where a command of the
//     user's has made the file ([merge.Regenerator]). Attributes, merge drivers, filters, submodules and
//     the settings of the work tree count as there (scratchfiles.go): those of the session's own
//     work tree, where its branch is checked out on this machine. Of the user's hooks pre-rebase and pre-push run, in the session's own work tree and
//     before it queues, and no other (hooks.go).
//   - git gc --prune=now beside a push takes nothing of what is to land: a pin keeps each rebase until
//     its branch has followed, and one that is disturbed while it is made is made again (pin.go).
//   - What has landed is decided by content, so also after a squash on the remote (landedbefore.go).
//   - The conductor has a lock of its own, for each target, with a lease (package lock); the push lock is
//     held only while the target is moved. So a push to another target does not wait for the verify
//     command. A conductor that was stopped for longer than its lease starts no push; of one that was
//     started, the remote is asked.
//   - After a kill at any moment, the next push of any session goes on with what waits, also with what
//     the killed one had put, and lands nothing twice; the next push or pull in the worktree completes
//     or removes what was left there (recover.go, pending.go).
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
