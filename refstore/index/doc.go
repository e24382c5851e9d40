// Package index tells in process what is staged: how git's index differs from a commit's
// tree. It starts no process and writes nothing.
//
// # Guarantees
//
//   - [Staged] gives what git diff --cached --no-renames gives for the same index and tree, or
//     [ErrUnread]. Then git is to be asked: the index is in parts, names folders in place of
//     files, leaves out the beginnings of names, holds a conflict, or is damaged.
//   - A folder that the index knows to be the tree's is not read, as by git.
//
// The format is git's: gitformat-index(5).
package index
