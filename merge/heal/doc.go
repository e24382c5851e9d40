// Package heal merges three versions of a file as git does and heals conflicts that git leaves.
//
// [Merge] is a pure function over bytes. It finds git's own conflicts (the regions of git merge-file,
// from a line diff that follows xdiff's), heals those in which both sides' edits can be carried out
// together, and returns the others as git writes them, to the byte, in the style, with the labels and
// the marker size asked for. For each it says which rule healed it, or why none did.
//
// # Guarantees
//
//   - With no rule applied, and where git merges cleanly, the text is what git merge-file prints.
//   - A heal is checked before it is returned, by code that knows nothing of the rules (proof.go):
//     each token that one side added is there, none is that one side removed and the other left
//     alone, each side's order holds, and nothing is there that no side wrote. A token is a word, a
//     number with its points and hyphens, or a mark; white space is no token.
//   - Swapping the sides gives the same heals. The one exception is the rule unordered: ours come
//     before theirs.
//   - Nothing is healed without a base, in a lock file or another generated file (the command to make
//     it anew is returned), in a file of records, or in a binary one.
//   - No version, number or date is picked: where both sides changed the same one, the conflict
//     stays. Where each changed one of its own, only above, bumps and the rules of wide heal.
//   - A file that is whole on both sides is whole when healed: Go, JSON, TOML and YAML are parsed,
//     elsewhere brackets must match and quotes be even. Else every heal in it is taken back.
//   - Bytes are kept: line ends of either kind or none, invalid UTF-8, NUL, very long lines.
//
// # What is not guaranteed
//
// Two edits that can be carried out together may still be wrong together: the code may no longer
// compile, or do what nobody meant. That is what review and the verify command are for.
//
// Conflicts are git merge-file's, which uses the diff "myers". git merge itself has used "histogram"
// since ort became its default, and may show a conflict in other lines.
//
// # Rules
//
// Rules are tried in this order; the first that fits and to which nothing objects heals. A rule is
// measured on 5,767 real conflicted files of 25 public repositories by what people committed in the
// end. P is the share of files in which every conflict came out as people had it, among the files
// that needed this rule as the last of the list; n is their number, and the interval is over
// repositories (95 %). P+ also counts the same lines in another order. About 15 % of disagreement is
// people's own: they edited further, or chose a side. A rule is safe with P of at least 0.80 and the
// lower end at least 0.75.
//
//	rule        level  P     interval   P+    n    heals
//	spacing     safe   1.00  1.00-1.00  1.00   24  the same edit on both sides but for white space that means nothing
//	neighbours  safe   0.84  0.78-0.90  0.85  298  lines replaced or deleted by each side, which only touch
//	words       safe   0.84  0.79-0.89  0.85  188  words replaced by each side in the same lines, 3 tokens apart or more
//	contained   safe   0.85  0.78-0.89  0.87  138  one side made the other's edit and more, in a few lines or without numbers
//	respaced    safe   0.83  0.76-0.89  0.83  101  one side changed only white space; indentation follows the other's lines
//	implied     safe   0.88  0.77-0.97  0.88   80  one side's text is what both edits make, and keeps words within its edit
//	above       safe   0.88  0.80-0.95  0.88   94  lines brought in right above a line in which the other changed a word
//	bumps       safe   0.93  0.78-0.98  0.93   42  as neighbours, each side a version of its own, in a few lines and not in TOML
//	touching    wide   0.60  0.51-0.75  0.64   96  as neighbours, in spite of any evidence but a line doubled
//	beside      wide   0.71  0.62-0.80  0.77  168  lines brought in next to lines that the other changed in place
//	covered     wide   0.66  0.55-0.78  0.71  118  one side made the other's edit and more
//	additions   wide   0.67  0.53-0.80  0.68  133  as words, where a side only adds words or lines
//	near        wide   0.66  0.47-0.81  0.66   41  as words, but nearer: 2 words or marks apart, in a few lines 1
//	unordered   wide   0.57  0.46-0.66  0.84   74  imports or ignored files brought in at the same place
//
// The rules were written with the cases of 13 of the repositories; of the other 12 only figures were
// seen, but these too decided which rules were kept. Safe P is 0.85 and 0.86 on the two parts, with 0.15
// of all files healed as people did, wide P 0.79 and 0.77 with 0.22 and 0.23.
//
// White space is merged apart from words where a side changed it: an edit of words moves with the
// indentation that the other side gave to its lines.
//
// The reasons. A replacement says where it belongs, an addition does not: so neighbours and words are
// safe, and beside and additions are not, unless the line below hardly changed (above). An edit that
// the other side made as well is no conflict of intentions (spacing, contained, implied), unless one
// side wrote the whole anew and holds the other's edit by chance (covered). Words and white space are
// two things to change (respaced). The order of imports means nothing, but people have one (unordered).
//
// Where git's other diffs see a conflict and the one used here sees none, the files merge by lines
// alone: git swarm calls that "lines", which is no rule.
//
// # Evidence
//
// Whatever the rule, a conflict stays if there is a sign that the edits have to do with each other
// (evidence.go). Without these checks the rules above are right in 3 of 5 files.
//
//   - One side uses anew a word that the other took out: it was renamed or removed. Insertions beside
//     such a line are right in 1 of 4 files.
//   - Both sides put one version, number or date in the place of another (but see above).
//   - Both sides bring in one word, each in lines of its own: they do one thing in two ways. Lines that
//     touch are then right in 3 of 5 files. Rules that look for a common edit do not mind.
//   - One side changes a comment and the other the code beside it: right in 3 of 5 files as well.
//   - A line or a definition would stand there twice.
//
// # Reading the code
//
// merge.go is the heart and reads from top to bottom. git's line merge is package linemerge. A conflict
// as rules see it is conflict.go, with token.go, align.go (go-diff on interned tokens), group.go, and
// tokenmerge.go for white space apart from words. rules.go lists the rules; proof.go, evidence.go and syntax.go
// are the checks.
package heal
