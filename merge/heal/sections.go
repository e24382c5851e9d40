package heal

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// areSections: sections of Markdown or rst, from a heading on, with text below the last: two headings alone may be of
// the text that follows.
func areSections(c *conflict, lines []string) bool {
	return !c.isPlainText() && c.sectionLevel(lines) != ""
}

// isPlainText reports whether a file is of text in which headings, if there are any, are underlined, and have no levels
// that are known.
func (c *conflict) isPlainText() bool { return path.Ext(c.path) == "" || path.Ext(c.path) == ".txt" }

// sectionLevel is what marks the headings of sections, as ## or =, empty if the lines are no sections, or one of them
// is of a higher level than the first: the other side's would come to stand in it. So it is if they end in what belongs
// to the heading below, or have a line of marks that underlines no heading: it may be a heading of another form.
func (c *conflict) sectionLevel(lines []string) string {
	first, text, fenced := "", false, false
	for i := 0; i < len(lines); i++ {
		if strings.HasPrefix(lines[i], "```") || strings.HasPrefix(lines[i], "~~~") {
			fenced = !fenced
		}
		level := ""
		if !fenced {
			level = c.headingLevel(lines[i:])
		}
		switch {
		case i == 0 && level == "":
			return ""
		case i == 0:
			first = level
		case level != "" && !strings.HasPrefix(level, first), level == "" && !fenced && isSetext(lines[i]):
			return ""
		}
		text = level == ""
		if !text && path.Ext(c.path) == ".rst" {
			i++ // the underline
		}
	}
	if !text || fenced || leavesOpen(lines) || headingLabel().MatchString(lines[len(lines)-1]) {
		return ""
	}
	return first
}

// separate reports whether sections that both sides brought in can stand one after the other: each is closed by the
// heading of the other, and the last by one that is there, or the end of the file. What is text of neither may be of
// both. No two have one name, and none is a release or a step, which has its place in an order.
func (c *conflict) separate(p *pieces, g group, above string, a, b []string, textA, textB string) bool {
	level := c.sectionLevel(a)
	switch {
	case c.headingLevel(a) == "" && c.headingLevel(b) == "":
		return true
	case c.isPlainText():
		return c.closesSection("", p.text(p.base[g.at.To:])+c.after) && !inOrder(a[:1]) && !inOrder(b[:1])
	case level == "", level != c.sectionLevel(b), c.fenced(), headingLabel().MatchString(above):
		return false
	case !c.closesSection(level, p.text(p.base[g.at.To:])+c.after):
		return false
	case c.runsOn(a, textA, textB) || c.runsOn(b, textB, textA):
		return false
	}
	names := map[string]bool{}
	for _, h := range c.headings(a) {
		names[h] = true
	}
	return !slices.ContainsFunc(c.headings(b), func(h string) bool { return names[h] }) && !inOrder(c.headings(a)) && !inOrder(c.headings(b))
}

// fenced reports whether the conflict is within a block of code.
func (c *conflict) fenced() bool {
	n := 0
	for l := range strings.Lines(c.before) {
		if l = strings.TrimSpace(l); strings.HasPrefix(l, "```") || strings.HasPrefix(l, "~~~") {
			n++
		}
	}
	return n%2 == 1
}

// closesSection reports whether a text begins with a heading of a level that closes sections of the one given, or has
// nothing in it. In rst levels stand in the order in which they come first.
func (c *conflict) closesSection(level, text string) bool {
	var next []string
	for l := range strings.Lines(text) {
		if l = strings.TrimRight(l, "\r\n"); strings.TrimSpace(l) != "" && !headingLabel().MatchString(l) {
			if next = append(next, l); len(next) == 2 {
				break
			}
		}
	}
	if len(next) == 0 {
		return true
	}
	below := c.headingLevel(next)
	switch {
	case below == "" || c.isPlainText():
		return below != ""
	case path.Ext(c.path) == ".md":
		return strings.HasPrefix(level, below)
	}
	first := func(mark string) int {
		at := strings.Index(c.baseFile, "\n"+strings.Repeat(mark, 3))
		if at < 0 {
			return len(c.baseFile)
		}
		return at
	}
	return first(below) <= first(level)
}

// runsOn reports whether lines that no blank line ends would take in the heading of the other side's: a paragraph of
// rst, or HTML.
func (c *conflict) runsOn(lines []string, text, other string) bool {
	blank := strings.HasSuffix(text, "\n\n") || strings.HasSuffix(text, "\n\r\n") || strings.TrimLeft(other, "\r\n") != other
	return !blank && (path.Ext(c.path) == ".rst" || strings.HasPrefix(strings.TrimSpace(lines[len(lines)-1]), "<"))
}

// headings are those of sections, their letters and digits alone and in small.
func (c *conflict) headings(lines []string) []string {
	var out []string
	for i, l := range lines {
		if c.headingLevel(lines[i:]) != "" {
			out = append(out, strings.ToLower(strings.Trim(l, "#* \t\r\n")))
		}
	}
	return out
}

// inOrder reports whether a heading is of a release, or has a number.
func inOrder(headings []string) bool {
	return slices.ContainsFunc(headings, func(h string) bool {
		return strings.Contains(h, "unreleased") || slices.ContainsFunc(tokens(h), isNumber)
	})
}

// headingLabel matches what stands above a heading and belongs to it: its label, or an anchor.
var headingLabel = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\s*(\.\. (_[^:]+:\s*$|index::|(py:)?(current)?module::)|<a\s[^>]*(/>|>\s*</a>)\s*$|<!--)`)
})

// leavesOpen reports whether an element of HTML that has blocks in it begins or ends in lines, and not both.
func leavesOpen(lines []string) bool {
	open := 0
	for _, tag := range blockTag().FindAllString(strings.Join(lines, ""), -1) {
		if open++; strings.HasPrefix(tag, "</") {
			open -= 2
		}
		if open < 0 {
			return true
		}
	}
	return open != 0
}

var blockTag = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`</?(div|details|table|section|picture)\b`) })

// isSetext reports whether a line underlines a heading in Markdown, or may in rst.
func isSetext(line string) bool { return isUnderline(line) && strings.Contains("=-~^", line[:1]) }

// headingLevel is what marks the heading that lines begin with, if they do with one.
func (c *conflict) headingLevel(lines []string) string {
	switch path.Ext(c.path) {
	case ".md":
		return strings.TrimSpace(headingMark().FindString(lines[0]))
	case ".rst", ".txt", "":
		if len(lines) > 1 && !isComment(lines[0]) && indent(lines[0]) == "" && !isUnderline(lines[0]) && isUnderline(lines[1]) && len(strings.TrimSpace(lines[0])) <= len(strings.TrimSpace(lines[1])) {
			return lines[1][:1]
		}
	}
	return ""
}

var headingMark = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^#{1,6}\s`) })

// isUnderline reports whether a line is of one mark that may underline a heading, three at least.
func isUnderline(line string) bool {
	line = strings.TrimRight(line, " \r\n")
	return len(line) > 2 && strings.Contains("=-~^\"'`#*+:.", line[:1]) && strings.Trim(line, line[:1]) == ""
}
