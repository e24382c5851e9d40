package app

import (
	"fmt"
	"io"
	"strings"
)

// manual writes the manual page, git-swarm(1). It is made from the command
// table; the copy beside cmd/git-swarm/main.go is compared with it by a test.
func manual(w io.Writer) error {
	var b strings.Builder
	b.WriteString(".TH GIT-SWARM 1 \"\" \"git swarm\" \"Git Manual\"\n" +
		".SH NAME\ngit-swarm \\- several sessions at work on one repository\n" +
		".SH SYNOPSIS\n.B git swarm\n[\\-C \\fIDIR\\fR] [\\-\\-session \\fIID\\fR] \\fICOMMAND\\fR [\\fIARGUMENTS\\fR]\n" +
		".SH DESCRIPTION\nShared decisions, messages, claims and one push at a time, kept in git itself under refs/swarm.\n" +
		".SH COMMANDS\n")
	for _, v := range verbs() {
		if v.hidden {
			continue
		}
		fmt.Fprintf(&b, ".SS %s\n%s.\n", troff(strings.TrimPrefix(v.usage(), "git swarm ")), troff(upperFirst(v.short)))
		if v.long != "" {
			fmt.Fprintf(&b, ".PP\n.nf\n%s\n.fi\n", troff(v.long))
		}
		for _, f := range v.allFlags() {
			names, text := describeFlag(f)
			fmt.Fprintf(&b, ".TP\n.B %s\n%s\n", troff(names), troff(text))
		}
	}
	b.WriteString(".SH ENVIRONMENT\n.TP\n.B GIT_SWARM_SESSION\nthe session that commands act as, behind \\-\\-session\n" +
		".SH CONFIGURATION\n.TP\n.B swarm.session, swarm.remote, swarm.target, swarm.staleAfter, swarm.lockTimeout\nsee the README; swarm.toml at the top of the work tree holds the team's defaults\n" +
		".SH EXIT STATUS\n0 done, yes; 1 a plain no; 75 try again; 128 not a repository, or state damaged; 129 wrong usage.\n" +
		".SH SEE ALSO\n\\fBgit\\fR(1), \\fBgit-notes\\fR(1), \\fBgit-worktree\\fR(1)\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// troff escapes text for a manual page.
func troff(s string) string {
	lines := strings.Split(strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(s), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
