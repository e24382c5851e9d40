package heal

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// attached reports whether an addition hangs on words of its line that the other side replaced, so that it would come
// to be said of something else than it was written for.
func (m *tokenMerge) attached(s side, a addition, other side) bool {
	words := s.names[a.in.From:a.in.To]
	for _, e := range other.edits {
		if !m.sameLine(a.at, e.at.From) && !m.sameLine(a.at, max(e.at.From, e.at.To-1)) {
			continue
		}
		if conditional(m.words(e, other)) || m.optional(s, a, e, other) || m.operator(a, e) {
			return true
		}
	}
	return m.gone(m.head(a.at), other) || m.yielded(a.at, other) || m.tagged(a.at, other) || m.imported(a.at, other) || m.assigned(a, words, other) ||
		m.ranged(words, other) || m.joined(s, a, other) || m.operands(s, a, other) ||
		slices.Contains(words, "(") && backReference().MatchString(strings.Join(m.base.names, ""))
}

// gone reports whether a word of the base, or none, is taken out by a side.
func (m *tokenMerge) gone(i int, s side) bool { return i >= 0 && s.place[i] < 0 }

// words is what an edit takes out and brings in.
func (m *tokenMerge) words(e edit, s side) string {
	in := 0
	if e.at.From > 0 {
		in = s.place[e.at.From-1] + 1
	}
	return strings.Join(m.base.names[e.at.From:e.at.To], " ") + " " + strings.Join(s.names[in:in+len(e.with)], " ")
}

// sameLine reports whether no line ends between two places of the base.
func (m *tokenMerge) sameLine(a, b int) bool {
	for i := min(a, b) + 1; i <= max(a, b) && i < len(m.base.names); i++ {
		if strings.Contains(m.base.gaps[i], "\n") {
			return false
		}
	}
	return true
}

// optional reports whether an option is added to a command of which the other side changed a word, or a parameter
// without a default behind one that the other gave a default.
func (m *tokenMerge) optional(s side, a addition, e edit, other side) bool {
	words := s.names[a.in.From:a.in.To]
	open := opening(m.base.names, a.at)
	if opening(m.base.names, e.at.From) != open {
		return false
	}
	return option(words) || e.at.From < a.at && open >= 0 &&
		strings.ContainsAny(m.words(e, other), "=?") && slices.Contains(words, ",") && !slices.Contains(words, "=") && !slices.Contains(words, "?")
}

// option reports whether words begin with an option of a command.
func option(words []token) bool {
	for i, w := range words {
		switch w {
		case ",", "\"", "'":
		default:
			return w == "-" && i+1 < len(words) && (words[i+1] == "-" || isWord(words[i+1][0]) && !isDigit(words[i+1][0]))
		}
	}
	return false
}

// operator reports whether an edit puts one operator in the place of another, in the expression that is added to.
func (m *tokenMerge) operator(a addition, e edit) bool {
	if e.at.Empty() || opening(m.base.names, e.at.From) != opening(m.base.names, a.at) || !m.sameLine(a.at, e.at.From) {
		return false
	}
	for _, w := range m.base.names[e.at.From:e.at.To] {
		if !strings.Contains("+-*/%&|^<>=!", w) {
			return false
		}
	}
	return true
}

// head is the first word of the statement that is added to, such as a command or a key, or -1 if that is a name that is
// assigned to.
func (m *tokenMerge) head(at int) int {
	open, i := opening(m.base.names, at), at-1
	if open >= 0 && m.base.names[open] != "{" {
		return -1
	}
	for ; i > open && m.base.names[i] != ";" && (i+1 == len(m.base.names) || i+1 == at || !strings.Contains(m.base.gaps[i+1], "\n")); i-- {
	}
	if i+2 < len(m.base.names) && i+1 < at && isWord(m.base.names[i+1][0]) && !strings.Contains("=:,", m.base.names[i+2]) && m.base.gaps[i+2] != "" ||
		i+2 < at && m.base.names[i+2] == ":" && m.base.gaps[i+3] != "" && open >= 0 {
		return i + 1
	}
	return -1
}

// yielded reports whether the addition is to the parameters of a block, as in do |x|, and a side replaced a word of the
// call that it is given to.
func (m *tokenMerge) yielded(at int, s side) bool {
	in := false
	for i := at - 1; i > 0 && m.sameLine(i, at); i-- {
		in = in || m.base.names[i] == "|" && m.base.names[i-1] == "do"
		if in && s.place[i] < 0 {
			return true
		}
	}
	return false
}

// tagged reports whether the addition is an attribute of an element to which a side gave another name.
func (m *tokenMerge) tagged(at int, s side) bool {
	for i := at - 1; i > 0 && m.base.names[i] != ">"; i-- {
		if m.base.names[i-1] == "<" && isWord(m.base.names[i][0]) && m.base.gaps[i] == "" {
			return s.place[i] < 0
		}
	}
	return false
}

// imported reports whether the line takes names from a module, and a side replaced a word in it.
func (m *tokenMerge) imported(at int, s side) bool {
	at = min(at, len(m.base.names)-1)
	return at >= 0 && slices.ContainsFunc(s.edits, func(e edit) bool {
		return !e.at.Empty() && m.sameLine(at, e.at.From) && m.ofOneImport(at, e.at.From)
	})
}

// assigned reports whether a name more is assigned from a value that a side replaced.
func (m *tokenMerge) assigned(a addition, words []token, s side) bool {
	if !slices.Contains(words, ",") {
		return false
	}
	for i := a.at; i < len(m.base.names) && m.sameLine(a.at, i); i++ {
		if m.base.names[i] == "=" && opening(m.base.names, i) <= opening(m.base.names, a.at) {
			at := opening(m.base.names, i)
			return slices.ContainsFunc(s.edits, func(e edit) bool {
				return e.at.From > i && m.sameLine(i, e.at.From) && opening(m.base.names, e.at.From) == at
			})
		}
	}
	return false
}

// ranged reports whether a bound is added to a range, such as < 4, of which a side replaced a number: there may be
// nothing between.
func (m *tokenMerge) ranged(words []token, s side) bool {
	bounds := false
	for i := range words {
		bounds = bounds || isNumber(words[i]) && i > 0 && strings.Contains("<>=~^!", words[i-1]) && slices.ContainsFunc(words[:i], func(w token) bool { return strings.Contains("<>~^!", w) })
	}
	return bounds && slices.ContainsFunc(s.edits, func(e edit) bool { return slices.ContainsFunc(m.base.names[e.at.From:e.at.To], isNumber) })
}

// joined reports whether the addition is a part of one name, path or address, in which there is no blank, of which the
// other side changed another part.
func (m *tokenMerge) joined(s side, a addition, other side) bool {
	apart := func(i int) bool { return strings.Contains("()[]{}\"'`,;", m.base.names[i]) }
	first, last := a.at, a.at
	if s.gaps[a.in.From] == "" {
		for ; first > 0 && !apart(first-1) && (first == a.at || m.base.gaps[first] == ""); first-- {
		}
	}
	if s.gaps[a.in.To] == "" {
		for ; last < len(m.base.names) && !apart(last) && (last == a.at || m.base.gaps[last] == ""); last++ {
		}
	}
	return touched(other, first, last)
}

// touched reports whether a side edits within words of the base.
func touched(s side, first, last int) bool {
	return slices.ContainsFunc(s.edits, func(e edit) bool { return first < last && e.at.From < last && e.at.To > first })
}

// operands reports whether a side replaced the value that stands right before, or right behind, what is added, but for
// the arguments of calls: as in load(x)?, or await load(x). Entries of a list do not hang on those beside them.
func (m *tokenMerge) operands(s side, a addition, other side) bool {
	words := s.names[a.in.From:a.in.To]
	if entry := words[0] == "," || words[len(words)-1] == ","; entry && opening(m.base.names, a.at) >= 0 {
		return false
	}
	names := m.base.names
	part := func(i, depth int) bool {
		return depth > 0 || strings.Contains("()[]", names[i]) || isWord(names[i][0]) || joins[names[i]]
	}
	edited := func(i int) bool {
		return slices.ContainsFunc(other.edits, func(e edit) bool { return e.at.From <= i && i < max(e.at.To, e.at.From+1) })
	}
	depth := 0
	for i := a.at - 1; i >= 0 && part(i, depth) && (i == a.at-1 || m.base.gaps[i+1] == "" || depth > 0); i-- {
		switch {
		case strings.Contains(")]", names[i]):
			depth++
		case strings.Contains("([", names[i]):
			depth--
		}
		if depth < 0 {
			break
		}
		if depth == 0 && edited(i) {
			return true
		}
	}
	depth = 0
	for i := a.at; i < len(names) && part(i, depth) && (i == a.at || m.base.gaps[i] == "" || depth > 0); i++ {
		if depth == 0 && edited(i) {
			return true
		}
		switch {
		case strings.Contains("([", names[i]):
			depth++
		case strings.Contains(")]", names[i]):
			if depth--; depth < 0 {
				return false
			}
		}
	}
	return false
}

// backReference matches a reference to a group of a pattern by its number, which an added group moves.
var backReference = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[$\\][1-9]`) })
