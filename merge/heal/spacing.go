package heal

import (
	"slices"
	"strings"
)

// spacing: both sides made the same edit but for white space that means nothing. The side with fewer
// blanks at the ends of lines is taken, else the one that sorts first.
func spacing(c *conflict) (string, bool) {
	p := c.lines()
	differ := false
	text, ok := p.weave(0, func(g group) ([]int32, bool) {
		differ = true
		ours, theirs := render(p.base, g.at, g.ours), render(p.base, g.at, g.theirs)
		a, b := p.text(ours), p.text(theirs)
		if !sameButSpacing(c.kind, a, b) {
			return nil, false
		}
		if i, j := trailing(a), trailing(b); i < j || i == j && a < b {
			return ours, true
		}
		return theirs, true
	})
	return text, ok && differ
}

// sameButSpacing leaves out of account blank lines and blanks at the ends of lines; blanks between
// words where no quote is near; and indentation where it means nothing.
func sameButSpacing(kind fileType, a, b string) bool {
	x, y := solid(a), solid(b)
	if !kind.indents() && !strings.ContainsAny(a, "\"'`") {
		return slices.Equal(strings.Fields(strings.Join(x, "\n")), strings.Fields(strings.Join(y, "\n")))
	}
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if strings.Trim(x[i], " \t\r\n") != strings.Trim(y[i], " \t\r\n") || kind.indents() && indent(x[i]) != indent(y[i]) {
			return false
		}
	}
	return true
}

// solid returns the lines that are not blank.
func solid(s string) []string {
	var out []string
	for _, l := range splitLines(s) {
		if strings.Trim(l, " \t\r\n") != "" {
			out = append(out, l)
		}
	}
	return out
}

// trailing counts the blanks at the ends of lines.
func trailing(s string) int {
	n := 0
	for _, l := range splitLines(s) {
		l = strings.TrimRight(l, "\r\n")
		n += len(l) - len(strings.TrimRight(l, " \t"))
	}
	return n
}
