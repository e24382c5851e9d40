// Package index tells in process what is staged: how git's index differs from a commit's
// tree, and which files of the work tree may differ from it. It starts no process and
// writes nothing.
//
// # Guarantees
//
//   - [Staged] gives what git diff --cached --no-renames gives for the same index and tree, or
//     [ErrUnread]. Then git is to be asked: the index is in parts, names folders in place of
//     files, leaves out the beginnings of names, holds a conflict, or is damaged.
//   - [Touched] leaves out no file that git would find changed, deleted or of another kind. It
//     opens none: as git does, it takes a file for unchanged that is as git saw it last. It
//     may name files that were written and have what they had before.
//   - A folder that the index knows to be the tree's is not read, as by git.
//
// The format is git's: gitformat-index(5).
package index
