// Package linemerge is git's line merge: it merges three versions of a file and prints the result, to
// the byte, as git merge-file does.
//
// [New] cuts the files into lines, [Merge.Hunks] says what each side changed and where that is a
// conflict, and [Merge.Render] prints the hunks, after the caller has replaced those that it can
// decide. Conflicts depend on where the line diff puts each change, so the diff follows git's (xdiff,
// "myers"): lines without a partner are set aside (diff.go), the rest is searched from both ends
// (search.go), and changes are slid to where git shows them (slide.go).
//
// # Guarantees
//
//   - Rendered unchanged, the hunks give what git merge-file prints, in each style, with its markers,
//     labels and line ends. A test compares both on generated files.
//   - Every byte is kept: line ends of either kind or none, invalid UTF-8, NUL.
//   - Nothing outside of the arguments is read, and the same arguments give the same result.
//
// # What is not guaranteed
//
// A [Merge] is not for concurrent use. Binary files are the caller's to refuse. git merge itself uses
// the diff "histogram" by default, and may show a conflict in other lines.
package linemerge
