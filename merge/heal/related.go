package heal

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/git-swarm/git-swarm/merge/heal/linemerge"
)

// related reports whether two replacements within one line are about each other, so that together they say what neither
// side wrote: a name and its version, a number and its unit, a module and what is imported from it, a mark of a format
// and an argument, what an assertion is given and what it expects.
func (m *tokenMerge) related() bool {
	return m.ok && (m.relatedTo(m.ours.edits, m.theirs.edits) || m.relatedTo(m.theirs.edits, m.ours.edits))
}

func (m *tokenMerge) relatedTo(before, after []edit) bool {
	for _, e := range before {
		for _, f := range after {
			if e.at.Empty() || f.at.Empty() || e.at.To > f.at.From || !m.sameLine(e.at.From, f.at.From) {
				continue
			}
			first, second, between := m.base.names[e.at.From:e.at.To], m.base.names[f.at.From:f.at.To], m.base.names[e.at.To:f.at.From]
			if m.versioned(e.at, f.at) || measured(first, between, second) || m.formatted(e.at, f.at) || m.oneClaim(e.at.From, f.at.From) {
				return true
			}
		}
	}
	return false
}

// line is the line of a word of the base, without white space.
func (m *tokenMerge) line(at int) []token {
	first, last := at, at+1
	for ; first > 0 && !strings.Contains(m.base.gaps[first], "\n"); first-- {
	}
	for ; last < len(m.base.names) && !strings.Contains(m.base.gaps[last], "\n"); last++ {
	}
	return m.base.names[first:last]
}

// versioned reports whether a name, or what a version is compared by, was replaced before a version that was.
func (m *tokenMerge) versioned(name, number linemerge.Span) bool {
	at := number.From > 0 && m.base.names[number.From-1] == "@"
	if !slices.ContainsFunc(m.base.names[number.From:number.To], func(t token) bool { return isVersion(t) || at && isNumber(t) }) {
		return false
	}
	for i := name.To; i < number.From; i++ {
		path := m.base.names[i-1] == "/" && m.base.gaps[i] == ""
		if t := m.base.names[i]; isWord(t[0]) && !path || strings.Contains("(){},;", t) {
			return false
		}
	}
	return true
}

// measured reports whether a number was replaced before its unit, as in 10 * time.Second.
func measured(number, between, unit []token) bool {
	return len(number) == 1 && isNumber(number[0]) && len(unit) == 1 && isWord(unit[0][0]) && slices.Contains(between, "*") &&
		!slices.ContainsFunc(between, func(t token) bool { return !isWord(t[0]) && t != "*" && t != "." })
}

// formatted reports whether a mark of a format was replaced, as the d of %d, before a word that is no part of the format.
func (m *tokenMerge) formatted(mark, argument linemerge.Span) bool {
	return (mark.From > 0 && m.base.names[mark.From-1] == "%" && m.base.gaps[mark.From] == "" || m.base.names[mark.From] == "%") &&
		slices.Contains(m.base.names[mark.To:argument.From], "\"")
}

// oneClaim reports whether a line imports from a module or asserts something: each of its parts is about the others.
func (m *tokenMerge) oneClaim(a, b int) bool {
	return m.ofOneImport(a, b) || slices.ContainsFunc(m.line(a), func(t token) bool { return asserts().MatchString(t) })
}

// ofOneImport reports whether two words are of a line that takes names from a module, but are not two names of its list.
func (m *tokenMerge) ofOneImport(a, b int) bool {
	line, open := m.line(a), opening(m.base.names, a)
	return takesNames(line) && (open < 0 || open != opening(m.base.names, b)) && !m.listed(line, a, b)
}

// listed reports whether two words are names of one list without brackets, as behind from a import.
func (m *tokenMerge) listed(line []token, a, b int) bool {
	from := func(at int) bool {
		for i := at - 1; i >= 0 && m.sameLine(i, at); i-- {
			if m.base.names[i] == "import" {
				return line[0] == "from"
			}
		}
		return false
	}
	return from(a) && from(b) && !slices.Contains(line, "as")
}

var asserts = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(?i:assert|expect)\w*$`) })

// takesNames reports whether a line takes names from a module.
func takesNames(line []token) bool {
	if len(line) == 0 {
		return false
	}
	switch line[0] {
	case "from", "import", "use":
		return true
	case "export":
		return slices.Contains(line, "from")
	}
	return slices.Contains(line, "require")
}
