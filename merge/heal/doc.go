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
//     alone, each side's order holds (but for lines that the other moved), and nothing is there that no side wrote. A token is a word, a
//     number with its points and hyphens, or a mark; white space is no token.
//   - Swapping the sides gives the same heals. The exceptions are records and the rules of both, which
//     put lines of the two sides after each other: ours come first, unless the lines around are sorted, or
//     ours end in an annotation or a comment of the line below, or end the block that theirs are in.
//   - A line that both sides brought in stands no more often in the file than on either side, unless
//     each has it within a definition of its own; and line ends of one kind stay of one kind.
//   - Nothing outside of git's conflicts changes, but where moved lets an edit follow its lines; and that it does only
//     where no conflict is left in the file.
//   - In Go no name becomes undefined, unused or declared twice that neither side leaves so, as far as one file tells.
//   - Nothing is healed without a base, in a lock file or another generated file (the command to make
//     it anew is returned), or in a binary one; in a file of records only what is appended.
//   - No version, number or date is picked: where both sides changed the same one, the conflict
//     stays. Where each changed one of its own, only above, bumps and the rules of wide heal.
//   - A file that is whole on both sides is whole when healed: Go, JSON, TOML and YAML are parsed, in
//     Python indentation and brackets are looked at, elsewhere brackets must match and quotes be even. Else every heal in it is taken back.
//   - Bytes are kept: line ends of either kind or none, invalid UTF-8, NUL, very long lines.
//
// [Check] holds a resolution that somebody else made against the same proof, and tells in what it differs.
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
// measured on 5,534 real conflicted files of 24 public repositories by what people committed in the
// end. P is the share of files in which every conflict came out as people had it, among the files
// that needed this rule as the last of the list; n is their number, and the interval is over
// repositories (95 %). P+ also counts the same lines in another order. About 15 % of disagreement is
// people's own: they edited further, or chose a side. P is shown, and is not what makes a rule safe: that
// is that no edit is lost, doubled or bent. 166 disagreements of safe on this set, 121
// of both and 138 of wide were read, which was all of them when they were: READING.md has the counts and classes.
// Checks against the faults that they showed are among those below.
//
//	rule        level  P     interval   P+    n    heals
//	spacing     safe   1.00  1.00-1.00  1.00   22  the same edit on both sides but for white space that means nothing
//	neighbours  safe   0.85  0.79-0.90  0.86  275  lines replaced or deleted by each side, which only touch
//	words       safe   0.87  0.81-0.92  0.87  193  words replaced by each side in the same lines, 3 tokens apart or more
//	contained   safe   0.86  0.76-0.94  0.90   78  one side made the other's edit and more, in a few lines or without numbers
//	respaced    safe   0.85  0.78-0.91  0.85  102  one side changed only white space; indentation follows the other's lines
//	implied     safe   1.00  1.00-1.00  1.00   10  one side's text is what both edits make, and keeps words within its edit
//	above       safe   0.89  0.80-0.96  0.89   62  lines brought in right above a line in which the other changed a word
//	cleared     safe   0.68  0.53-0.80  0.70   73  lines brought in next to lines that the other side took out
//	records     safe   -     -          -       0  records, as JSON lines, that both sides brought in at the end of the file
//	bumps       safe   0.93  0.75-0.98  0.93   41  as neighbours, each side a version of its own, in a few lines and not in TOML
//	renamed     safe   0.74  0.59-0.88  0.74   46  one side renamed a name throughout the file, and the other edited in these lines
//	added       safe   0.68  0.50-0.85  0.68   65  words that one side adds to a line in which the other changed words, 3 tokens apart or more
//	unordered   both   0.60  0.49-0.73  0.87   75  imports or ignored files that both sides brought in at one place
//	entries     both   0.57  0.40-0.71  0.95   44  entries of a list, brought in at one place
//	items       both   0.26  0.18-0.72  0.84  103  items of lists and changelogs, brought in at one place
//	sections    both   1.00  1.00-1.00  1.00    4  sections of Markdown or rst under headings of one level, brought in at one place
//	tests       both   0.67  0.52-0.88  0.83   42  tests, brought in at one place
//	cases       both   0.00  0.00-0.00  1.00    6  branches of a switch, brought in at one place
//	apart       both   0.57  0.47-0.68  0.86  169  other lines brought in at one place of which none looks like one of the other side's
//	defined     both   0.58  0.49-0.65  0.77  106  tests, branches of a switch and other definitions, each under a name of its own, brought in at one place
//	placed      both   0.77  0.66-0.85  0.85  138  lines brought in next to lines that the other changed in place, or above ones it made more of
//	near        both   0.75  0.52-0.94  0.75   20  as words, but nearer: 2 words or marks apart, in a few lines 1
//	moved       both   0.50  0.00-1.00  0.50    2  lines that one side moved and the other edited: the edit follows
//	touching    wide   0.65  0.56-0.81  0.69   86  as neighbours, in spite of any evidence but a line doubled
//	beside      wide   0.72  0.61-0.81  0.77   83  lines brought in next to lines that the other changed in place
//	covered     wide   0.69  0.59-0.80  0.74  108  one side made the other's edit and more, or more of the same words
//	additions   wide   0.68  0.57-0.80  0.70   69  as words, where a side only adds words or lines
//
// On a second set, 5,592 files of 29 other repositories that the rules had not seen, an earlier version of
// safe healed 1,031 files, with P 0.80 (0.75 to 0.85). All 207 disagreements were read: 171 were people's
// own, 13 unclear, and in 23 an edit was lost, doubled or bent: 9 by contained, 5 by above, 3 each by
// neighbours, respaced and implied. The checks against these kinds have been added since (lost_test.go
// has one of each). The table is of the rules as they are now, on the first set;
// with these the second has not been run.
//
// White space is merged apart from words where a side changed it: an edit of words moves with the
// indentation that the other side gave to its lines.
//
// The reasons. A replacement says where it belongs, an addition does not: so neighbours and words are
// safe, and near is for both; beside and additions are not, unless the line below hardly changed (above), or all
// that the other side did there is to take lines out, with which the insertion has nothing to do (cleared), or words
// that both kept stand on both sides of it in one line, within the same brackets (added). An edit that
// the other side made as well is no conflict of intentions (spacing, contained, implied), unless one
// side wrote the whole anew and holds the other's edit by chance (covered). Words and white space are
// two things to change (respaced). Of lines that both bring in at one place people kept both in 82 of 100
// regions, in either order: for a few kinds of lines that have nothing in common this is done at the level
// both, which is judged by the same lines in any order (P+). Tests take nothing from each other: two that
// begin and end alike are two still, as their names say (defined); and a section is closed by the next heading of its
// level (sections). There, too, an insertion beside a line changed in place
// is kept, between that line and the one that nobody changed (placed). A name that one side renamed throughout
// the file is the same name still (renamed): evidence and proof then hold for the text under the old names.
// Lines that one side moved are the same lines still (moved): proof then holds for the files with the lines moved in all of them.
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
//   - Both sides put one version, number or date in the place of another (but see above). What both put at one place,
//     and alike, is no choice, and does not count.
//   - Both sides bring in one word, each in lines of its own: they do one thing in two ways. Lines that
//     touch are then right in 3 of 5 files. Rules that look for a common edit do not mind; nor do placed and beside
//     where the file has the word three times already, unless both sides use it alike (uses.go): give it a value, add
//     it, import it, call it or name it as an option, or have it by one and the same word. With s = s.strip() above
//     save(s.strip()) it would be done twice.
//   - One side changes a comment and the other the code beside it: right in 3 of 5 files as well.
//   - A line or a definition would stand there twice.
//   - A line was deleted that the other side changed: a deletion contains no change. Nor is one of two
//     replacements of the same words chosen, outside of wide.
//   - A line that is brought in looks like the line that the other side changed, or uses a word of that
//     change, or begins as a name does that the other side gave another beginning: it was made from the old
//     line.
//   - Of several lines that the other side changed alike, or with whose marks a line is brought in beside them, one
//     more would have been changed, too (placed).
//   - Lines brought in at one place have all their words in a line of the other side's, or are not closed (brackets,
//     conditions of a preprocessor).
//   - It depends on the line above them, or on their order, what they mean (seam.go): one side's go on in a list and the
//     other's are its last, or end what goes on above; they are arguments of a call, or begin with else or catch; they
//     return; a comment or an annotation stands above them, and one side's end in another; both take the next number;
//     each ends, by its indentation or a head such as [name], the block that the other begins in. Where one does, it
//     comes last.
//   - Sections stand above text that is in none, so that the last would take it in, or above one of a lower level; or
//     their headings have numbers or are of releases, and so a place in an order; or one ends in the label of what is
//     below, or leaves an element of HTML open (sections.go).
//   - Branches of a switch may be for one value, as a wildcard or a condition may, or run into the next.
//   - Both import one name, from wherever, or define it, however its head is written, or give one key a value.
//   - Both sides change a version that is written as a list, (1, 8, 0, 'alpha', 0), each in parts of its own.
//   - One side comments a line out, or in, and the other indents it.
//   - Lines are brought in beside a line that the other changed, and use a name of a family in which that
//     line renamed another: where buf_oom became str_oom, buf_puts. Or each side changed one half of a name, as a.b or
//     a-b: together they may name nothing.
//   - A renamed name is taken out or replaced by the other side, brought in as a part of something else, or used anew
//     where lines merge by themselves (renamed).
//   - What one side adds to a line is an argument of a call of which the other replaced the function or the brackets, a
//     part of a condition, or a remark; or both sides add near each other (added). Or it hangs on a word that the other
//     replaced: the command of an option, the key of a value, the module of a name, the element of an attribute,
//     another part of an address, the operator of an operand, the number beside a bound of a range, the call that is
//     waited for, that is given a block, or whose result is taken apart. Or it comes behind a parameter that the other
//     gave a default, or among groups of a pattern that are counted (attached.go).
//   - Lines that were moved stand twice in a file, are fewer than three with words, are not whole, or keep less than half of
//     their words; or the edit has to do with the place where they were (scope.go): it uses a word of what they were in,
//     or of lines that they were moved past, and they are no definition; it brings a line into a list of a text; or they
//     went into a comment, a string or a function with the same head as another (moved).
//   - What two replacements in one line say together neither side wrote: of a name and its version, a number and its unit,
//     a module and what is imported from it, a mark of a format and its argument, a case and what is expected (related.go).
//   - Two edits meet at a line without a word, or both with more lines than there were.
//   - One side changes how a string is quoted, and the other a backslash; not where all that one does is to bring in lines
//     whose quotes are closed.
//
// # Reading the code
//
// merge.go is the heart and reads from top to bottom. git's line merge is package linemerge. A conflict
// as rules see it is conflict.go, with token.go, align.go (go-diff on interned tokens), group.go, and
// tokenmerge.go for white space apart from words. rules.go lists the rules; proof.go, evidence.go, file.go,
// syntax.go, python.go and gonames.go are the checks.
package heal
