package heal

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/git-swarm/git-swarm/merge/heal/linemerge"
)

// doubtful reports whether an edit may not be right for the block at its new place: it says something about the
// old one, or about what the side that moved the block changed.
func (m *relocation) doubtful() bool {
	of, other := m.ours, m.theirs
	if !m.byOurs {
		of, other = m.theirs, m.ours
	}
	was, is := splitLines(other), splitLines(of)
	now := linemerge.Span{From: m.line, To: m.line + m.in.Len()}
	above, nowAbove := strings.Join(was[:m.on.From], ""), strings.Join(is[:now.From], "")
	from, to := surroundings(was, m.on), surroundings(is, now)
	brought, took := count(m.edited).minus(count(m.block)), count(m.block).minus(count(m.edited))
	switch {
	case m.kind == records, m.kind == ignoreList:
		return true
	case opens(above) || opens(nowAbove) || conditions(above) != conditions(nowAbove):
		return true
	case disagree(brought, took, count(m.base), count(of), count(other)):
		return true
	case from.head != to.head && from.lacks(to, brought), !from.unique || !to.unique:
		return true
	case defines(m.block):
		return m.isText() && m.hasMore()
	}
	return (m.isText() || from.head != to.head) && m.hasMore() || m.passes(brought)
}

// isText reports whether the file is one of text or of data: a line that is brought in there belongs under a heading or
// a key, which the block may have left.
func (m *relocation) isText() bool {
	switch m.kind {
	case jsonFile, tomlFile, yamlFile:
		return true
	}
	return slices.Contains([]string{"", ".md", ".rst", ".adoc", ".txt", ".html", ".xml", ".ini", ".cfg"}, strings.ToLower(path.Ext(m.opts.Path)))
}

// hasMore reports whether the edit brings lines in, or takes some out, that are indented no more than the block.
func (m *relocation) hasMore() bool {
	outer := len(outerIndent(splitLines(m.block)))
	n := 0
	for _, l := range splitLines(m.edited) {
		if linemerge.HasWord(l) && len(indent(l)) <= outer {
			n++
		}
	}
	for _, l := range splitLines(m.block) {
		if linemerge.HasWord(l) && len(indent(l)) <= outer {
			n--
		}
	}
	return n != 0
}

// defines reports whether a block begins with a definition: what it defines has no turn in an order.
func defines(block string) bool {
	for l := range strings.Lines(block) {
		text := strings.TrimSpace(l)
		if !isComment(l) && !annotation().MatchString(text) {
			return definitionHead().MatchString(text) && !noHead().MatchString(text)
		}
	}
	return false
}

// disagree reports whether the edit brings in a word that the side that moved the block took out of the file, or
// brought into it as well; or takes one out of the file that the other uses once more.
func disagree(brought, took, base, mover, other tally) bool {
	return brought.any(func(t token) bool {
		return isWord(t[0]) && (mover[t] == 0) != (base[t] == 0)
	}) || took.any(func(t token) bool {
		return isWord(t[0]) && other[t] == 0 && mover[t] > base[t]
	})
}

// scope is where a block stands: the line with words right above that is indented less, whether there is one such line
// in the file, and the words of what that line and the outermost above it are the heads of, but for the block's.
type scope struct {
	head         string
	unique       bool
	inner, outer tally
}

func surroundings(lines []string, at linemerge.Span) scope {
	s := scope{unique: true, inner: tally{}, outer: tally{}}
	left := len(outerIndent(lines[at.From:at.To]))
	for i := at.From - 1; i >= 0 && left > 0; i-- {
		l := lines[i]
		if !linemerge.HasWord(l) || len(indent(l)) >= left {
			continue
		}
		left = len(indent(l))
		end := at.To
		for end < len(lines) && (strings.TrimSpace(lines[end]) == "" || len(indent(lines[end])) > left) {
			end++
		}
		s.outer = count(strings.Join(lines[i:at.From], "") + strings.Join(lines[at.To:end], ""))
		if s.head == "" {
			s.head, s.inner, s.unique = l, s.outer, slices.Index(lines, l) == i && !slices.Contains(lines[i+1:], l)
		}
	}
	return s
}

// lacks reports whether one of the words stands where a block was, and not where it went.
func (s scope) lacks(to scope, words tally) bool {
	return words.any(func(t token) bool {
		return isWord(t[0]) && (s.inner[t] > 0 && to.inner[t] == 0 || s.outer[t] > 0 && to.outer[t] == 0)
	})
}

// outerIndent is the indentation of those lines with words that have the least.
func outerIndent(lines []string) string {
	return outermost(slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return !linemerge.HasWord(l) }))
}

// passes reports whether the block was moved past a line with a name that the edit brings into it.
func (m *relocation) passes(brought tally) bool {
	file, to := m.Theirs, m.to.Theirs.From
	if !m.byOurs {
		file, to = m.Ours, m.to.Ours.From
	}
	past := linemerge.Span{From: to, To: m.on.From}
	if m.on.To <= to {
		past = linemerge.Span{From: m.on.To, To: to}
	}
	between, block := count(file.Join(past)), count(m.block)
	return brought.any(func(t token) bool { return isName(t) && block[t] == 0 && between[t] > 0 })
}

// opens reports whether a comment or a string over several lines is open at the end of a text.
func opens(text string) bool {
	for _, pair := range [][2]string{{"/*", "*/"}, {"<!--", "-->"}} {
		if strings.LastIndex(text, pair[0]) > strings.LastIndex(text, pair[1]) {
			return true
		}
	}
	for _, quote := range []string{`"""`, "'''", "`"} {
		if strings.Count(text, quote)%2 != 0 {
			return true
		}
	}
	begun := hereDocument().FindAllStringSubmatchIndex(text, -1)
	if begun == nil {
		return false
	}
	last := begun[len(begun)-1]
	end := text[last[2]:last[3]]
	return !slices.ContainsFunc(splitLines(text[last[1]:]), func(l string) bool { return strings.TrimSpace(l) == end })
}

// conditions counts the conditions of a preprocessor that are open at the end of a text.
func conditions(text string) int {
	n := 0
	for l := range strings.Lines(text) {
		switch l = strings.TrimSpace(l); {
		case strings.HasPrefix(l, "#if"):
			n++
		case strings.HasPrefix(l, "#endif"):
			n--
		}
	}
	return n
}

var hereDocument = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`<<[-~]?['"]?([A-Z_]{3,})\b`) })
