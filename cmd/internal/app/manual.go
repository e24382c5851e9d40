package app

import (
	"fmt"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/guide"
)

// manual is the manual page git-swarm(1) in troff, made from the tables of
// commands and keys.
func manual() string {
	var b strings.Builder
	b.WriteString(".TH GIT\\-SWARM 1 \"\" \"git swarm\" \"Git Manual\"\n" +
		".SH NAME\ngit\\-swarm \\- several agents or people in one repository\n" +
		".SH SYNOPSIS\n.B git swarm\n[\\-C \\fIDIR\\fR] [\\-\\-session \\fIID\\fR] \\fICOMMAND\\fR [\\fIARGUMENTS\\fR]\n" +
		".SH DESCRIPTION\nLets several agents or people work in one repository without overwriting each other: shared decisions, messages, claims, reviews, and one push at a time, kept in git itself under refs/swarm.\n" +
		".SH COMMANDS\n")
	for _, v := range verbs() {
		if v.hidden {
			continue
		}
		fmt.Fprintf(&b, ".SS %s\n%s.\n", guide.Troff(v.usage()), guide.Troff(upperFirst(v.short)))
		if v.long != "" {
			fmt.Fprintf(&b, ".PP\n.nf\n%s\n.fi\n", guide.Troff(v.long))
		}
		for _, f := range v.allFlags() {
			names, usage := describeFlag(f)
			fmt.Fprintf(&b, ".TP\n.B %s\n%s\n", guide.Troff(names), guide.Troff(usage))
		}
	}
	b.WriteString(".SH ENVIRONMENT\n.TP\n.B GIT_SWARM_SESSION\nthe session that commands act as, unless \\-\\-session names one\n" +
		".SH CONFIGURATION\nThese are keys of \\fBgit config\\fR. Those marked with * may also stand, without \"swarm.\", in a committed swarm.toml at the top of the work tree; git's configuration comes first.\n")
	for _, k := range configKeys() {
		fmt.Fprintf(&b, ".TP\n.B %s\n%s\n", guide.Troff(k.marked()), guide.Troff(k.described()))
	}
	b.WriteString(".SH EXIT STATUS\n0 done, yes; 1 a plain no; 75 try again; 128 not a repository, or state damaged; 129 wrong usage.\n" +
		".SH GUIDES\n")
	for _, g := range guide.All() {
		fmt.Fprintf(&b, ".TP\n\\fBgit\\-swarm\\-%s\\fR(7)\n%s\n", guide.Troff(g.Name), guide.Troff(g.Short))
	}
	b.WriteString(".SH SEE ALSO\n\\fBgit\\fR(1), \\fBgit\\-notes\\fR(1), \\fBgit\\-worktree\\fR(1)\n")
	return b.String()
}

// marked is the key, with a star if swarm.toml may hold it.
func (k configKey) marked() string {
	if k.team {
		return k.name + " *"
	}
	return k.name
}

// described is what the key means, with its default.
func (k configKey) described() string {
	if k.standard == "" {
		return k.means
	}
	return k.means + " (default: " + k.standard + ")"
}
