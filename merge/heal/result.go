package heal

import "github.com/git-swarm/git-swarm/merge/heal/linemerge"

// Result is the merged file.
type Result struct {
	Text       []byte
	Regions    []Region // where git sees a conflict, in order
	Conflicts  int      // how many of them remain
	Regenerate string   // for a file that a program makes: the command to run, if it is known
}

// Region is one conflict of git's, as its diff3 style shows it, and what became of it.
type Region struct {
	Base, Ours, Theirs linemerge.Span
	Rule               string // that healed it; empty if the conflict remains
	Why                Reason // the conflict remains; NotRefused if it does not
	OursFirst          bool   // the rule put ours before theirs, where either could be first
	Text               string // what stands in its place, without what was moved out of it; empty if the conflict remains
}
