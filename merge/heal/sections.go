package heal

import (
	"path"
	"regexp"
	"strings"
	"sync"
)

// areSections: sections of Markdown or rst, from a heading on, with text below the last: two headings alone may be of
// the text that follows.
func areSections(c *conflict, lines []string) bool { return c.sectionLevel(lines) != "" }

// sectionLevel is what marks the headings of sections, as ## or =, empty if the lines are no sections, or one of them
// is of a higher level than the first: the other side's would come to stand in it.
func (c *conflict) sectionLevel(lines []string) string {
	first, text, fenced := "", false, false
	for i, l := range lines {
		if strings.HasPrefix(l, "```") || strings.HasPrefix(l, "~~~") {
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
		case level != "" && !strings.HasPrefix(level, first):
			return ""
		}
		text = level == "" && (path.Ext(c.path) == ".md" || !isUnderline(l))
	}
	if !text || fenced {
		return ""
	}
	return first
}

// headingLevel is what marks the heading that lines begin with, if they do with one.
func (c *conflict) headingLevel(lines []string) string {
	switch path.Ext(c.path) {
	case ".md":
		return strings.TrimSpace(headingMark().FindString(lines[0]))
	case ".rst":
		if len(lines) > 1 && indent(lines[0]) == "" && !isUnderline(lines[0]) && isUnderline(lines[1]) {
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
