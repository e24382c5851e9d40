// Package merge works on the conflicts and the landing of branches in a repository, by git. What heals
// a conflict, a pure function over three versions of a file, is [heal.Merge].
//
// # Healing
//
// [HealCheckout] heals what has stopped in a checkout: it reads the three versions of each file in
// conflict from the index's stages (conflict.go), and writes and stages what is wholly healed
// (conflictfile.go). [Try] tells what a merge of two commits would bring, and touches nothing but the
// object store.
//
// Healed is a conflict of content alone. One of names, modes, links or submodules, a file to which
// .gitattributes gives a merge driver or none, and one that somebody has changed since git stopped are
// left exactly as they are, with the reason.
//
// # Landing
//
// [Lander] brings a branch to its remote (land.go, remote.go): it takes the push lock, fetches, rebases in
// a worktree of its own (bench.go, rebase.go), heals there what stops, asks the gate and the verify
// command, pushes, and lets the branch follow (move.go). What fails changes nothing, and what is killed
// is put in order by the next one (resume.go).
//
// Merge commits of the branch are flattened, as git rebase does.
package merge
