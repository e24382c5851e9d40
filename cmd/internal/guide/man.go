package guide

import (
	"fmt"
	"regexp"
	"strings"
)

// Man is the guide as a manual page of section 7, in troff.
func (g Guide) Man() string {
	var b strings.Builder
	name := "git-swarm-" + g.Name
	fmt.Fprintf(&b, ".TH %s 7 \"\" \"git swarm\" \"Git Manual\"\n.SH NAME\n%s \\- %s\n", strings.ToUpper(Troff(name)), Troff(name), Troff(g.Short))
	inline := newInline()
	blocks := parse(g.Text())
	for i, x := range blocks {
		switch x.kind {
		case heading:
			switch {
			case x.level == 1: // the title: NAME stands for it
				b.WriteString(".SH DESCRIPTION\n")
			case x.level == 2:
				fmt.Fprintf(&b, ".SH %s\n", strings.ToUpper(Troff(plainText(x.text))))
			default:
				fmt.Fprintf(&b, ".SS %s\n", Troff(plainText(x.text)))
			}
		case paragraph:
			if i > 0 && blocks[i-1].kind != heading {
				b.WriteString(".PP\n")
			}
			b.WriteString(inline.troff(x.text) + "\n")
		case item:
			mark := `\(bu`
			if x.mark != "-" {
				mark = x.mark
			}
			fmt.Fprintf(&b, ".IP %s 4\n%s\n", mark, inline.troff(x.text))
		case code:
			fmt.Fprintf(&b, ".PP\n.RS 4\n.nf\n%s\n.fi\n.RE\n", Troff(x.text))
		case row:
			fmt.Fprintf(&b, ".TP\n%s\n%s\n", inline.troff(x.cells[0]), inline.troff(rowText(x)))
		}
	}
	b.WriteString(".SH SEE ALSO\n\\fBgit\\-swarm\\fR(1)\n")
	return b.String()
}

// rowText is what stands behind a row's first cell: of a table with more than
// two columns, each cell with the heading of its column.
func rowText(x block) string {
	if len(x.cells) == 2 {
		return x.cells[1]
	}
	var parts []string
	for i, c := range x.cells[1:] {
		if c != "" {
			parts = append(parts, x.head[i+1]+": "+c)
		}
	}
	return strings.Join(parts, "; ")
}

// inline turns the marks within a line of Markdown into fonts.
type inline struct{ link, code, strong *regexp.Regexp }

func newInline() *inline {
	return &inline{
		link:   regexp.MustCompile(`\[([^\]]+)\]\(([^)\s]+)\)`),
		code:   regexp.MustCompile("`([^`]+)`"),
		strong: regexp.MustCompile(`\*\*([^*]+)\*\*`),
	}
}

// troff puts code and what is strong into bold. A link to another guide becomes
// its page, a link to anything else its address.
func (in *inline) troff(text string) string {
	text = in.link.ReplaceAllStringFunc(text, func(link string) string {
		m := in.link.FindStringSubmatch(link)
		switch name, isGuide := strings.CutSuffix(m[2], ".md"); {
		case strings.HasPrefix(m[2], "#"), strings.HasPrefix(m[2], "../"):
			return m[1]
		case isGuide && !strings.Contains(name, "/"):
			return "**git-swarm-" + name + "**(7)"
		}
		return m[1] + " (" + m[2] + ")"
	})
	text = in.code.ReplaceAllString(text, "\x01$1\x02")
	text = in.strong.ReplaceAllString(text, "\x01$1\x02")
	return strings.NewReplacer("\x01", `\fB`, "\x02", `\fR`).Replace(Troff(text))
}

// plainText is a heading without marks.
func plainText(text string) string { return strings.NewReplacer("`", "", "**", "").Replace(text) }

// Troff escapes text for a manual page. What is not ASCII is escaped too: not
// every man reads UTF-8.
func Troff(s string) string {
	var b strings.Builder
	for i, line := range strings.Split(s, "\n") {
		if i > 0 {
			b.WriteString("\n")
		}
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			b.WriteString(`\&`)
		}
		for _, r := range line {
			switch {
			case r == '\\':
				b.WriteString(`\e`)
			case r == '-':
				b.WriteString(`\-`)
			case r > 0x7e:
				fmt.Fprintf(&b, `\[u%04X]`, r)
			default:
				b.WriteRune(r)
			}
		}
	}
	return b.String()
}
