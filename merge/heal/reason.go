package heal

// Reason tells why a conflict was left.
type Reason byte

const (
	NotRefused Reason = iota // it was healed
	RulesOff                 // the level is Off
	NoBase                   // there is no base to tell what each side did
	Binary                   // a NUL byte near the head of a version
	Generated                // a program makes this file
	Records                  // a record a line, written by programs
	TooLarge                 // too much to align
	Overlap                  // no rule fits: the edits overlap, or their order cannot be told
	Stale                    // one side uses anew a word that the other took out
	Alike                    // both sides bring in the same word, each at its place
	Remark                   // one side changes a comment beside code that the other changes
	Requoted                 // one side changes how a string is quoted, the other what it escapes
	Versions                 // both sides put one number, version or date in the place of another
	Doubled                  // a line or a definition would stand there twice, or more often in the file than on either side
	LineEnds                 // each side has line ends of one kind, and the result would have both
	Broken                   // the file would no longer be whole, though it is on both sides
	Names                    // a name would be used that nothing declares, or declared and not used
	Unproven                 // an edit of one side would be lost or bent
)

func (r Reason) String() string {
	return [...]string{
		"healed",
		"rules are off",
		"no base",
		"binary file",
		"generated file",
		"file of records",
		"too large",
		"the edits overlap",
		"one side uses a word that the other took out",
		"both sides bring in the same word",
		"one side changes a comment, the other the code beside it",
		"one side changes how a string is quoted, the other what it escapes",
		"both sides change a version",
		"a line would be doubled",
		"line ends would be mixed",
		"the result would not parse",
		"a name would be undefined, unused or declared twice",
		"not proven",
	}[r]
}
