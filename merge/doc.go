// Package merge heals conflicts in a git checkout, and predicts those of a merge that has not been
// made. The decision itself, a pure function over three versions of a file, is [heal.Merge]; landing
// a branch is package land.
//
// [Checkout.Heal] works where git has stopped: it reads the three versions of each unmerged file from
// the index (unmerged.go), and writes and stages what is wholly healed (workfile.go). A
// [Regenerator] makes files anew that a program writes, by the user's commands. [Try] reports what a
// merge of two commits would bring.
//
// # Guarantees
//
//   - Only a conflict of content is healed. One of names, modes, symbolic links or submodules, and a
//     file to which .gitattributes gives another merge driver or none, stay exactly as git left them,
//     and the reason is returned.
//   - A file that somebody has changed since git stopped is not written.
//   - A file is replaced at once and staged after that. A process that is killed in between leaves
//     the healed file unstaged; the next call stages it.
//   - Try writes nothing but objects.
//
// # What is not guaranteed
//
// Files are compared with what git left and then replaced: an edit that is saved in the moment
// between is lost. Several calls in one checkout at once take turns at git's index lock, and one of
// them may fail with git's error.
package merge
