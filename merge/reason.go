package merge

// Reason tells why a conflict was left.
type Reason byte

const (
	NotRefused Reason = iota // it was healed
	RulesOff                 // the level is Off
	NoBase                   // there is no base to tell what each side did
	Generated                // a program makes this file
	Records                  // a record a line, written by programs
	Overlap                  // both sides changed the same words, or one removed what the other changed
	Stale                    // one side uses anew a word that the other took out
	Versions                 // both sides put one number, version or date in the place of another
	Doubled                  // a line would stand there twice
	Broken                   // the file would no longer be whole, though it is on both sides
	Unproven                 // an edit of one side would be lost or bent
)

func (r Reason) String() string {
	return [...]string{
		"healed", "rules off", "no base", "generated file", "records", "overlapping edits",
		"a word taken out by one side is used by the other", "both sides change a version",
		"a line would be doubled", "the result would not parse", "not proven",
	}[r]
}
