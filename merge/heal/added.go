package heal

import (
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/merge/heal/linemerge"
)

// added: as words, but a side may only add, within a line that both kept and between words that both kept, which tell
// where the addition belongs. What is added may not be about what the other side changed: it is within the same
// brackets still, of a call of the same function, uses no name that the other renamed, and is neither a comment nor a
// part of a condition; and what it is added to is what it was (attached.go). Whole lines are for above, cleared and placed.
func added(c *conflict) (string, bool) {
	text, ok := additions(c)
	w := c.tokenMerge()
	if !ok || !w.ok || commented(c.base, c.ours) || commented(c.base, c.theirs) || addNear(w.ours.additions(), w.theirs.additions()) ||
		!w.mayAdd(w.ours, w.theirs, c.base, c.theirs) || !w.mayAdd(w.theirs, w.ours, c.base, c.ours) {
		return "", false
	}
	return text, true
}

// addNear reports whether both sides add at places near each other: they may be one, which each diff shows elsewhere.
func addNear(ours, theirs []addition) bool {
	return slices.ContainsFunc(ours, func(a addition) bool {
		return slices.ContainsFunc(theirs, func(b addition) bool { return max(a.at, b.at)-min(a.at, b.at) < minGap })
	})
}

// mayAdd reports whether each addition of a side is of words within a line, and not about what the other side changed,
// whose text is given.
func (m *tokenMerge) mayAdd(s, other side, base, text string) bool {
	was, now := count(base), count(text)
	went, came := was.minus(now), now.minus(was)
	for _, a := range s.additions() {
		words := strings.Join(s.names[a.in.From:a.in.To], " ")
		if !s.withinLine(a) || !m.enclosedAlike(a.at, other) || m.attached(s, a, other) || conditional(words) || remarkBehind().MatchString(s.text(a)) ||
			usesRenamed(words, base, text) || count(words).any(func(t token) bool { return ofFamily(t, went, came) }) {
			return false
		}
	}
	return true
}

// addition is words that a side put before a word of the base, and took out none for.
type addition struct {
	at int            // in the base
	in linemerge.Span // in the side
}

func (s side) additions() []addition {
	var out []addition
	at, in := 0, 0
	for _, e := range s.edits {
		in += e.at.From - at
		if e.at.Empty() {
			out = append(out, addition{e.at.From, linemerge.Span{From: in, To: in + len(e.with)}})
		}
		at, in = e.at.To, in+len(e.with)
	}
	return out
}

// text is the words of an addition with the white space before each.
func (s side) text(a addition) string {
	var b strings.Builder
	for i := a.in.From; i < a.in.To; i++ {
		b.WriteString(s.gaps[i] + s.names[i])
	}
	return b.String()
}

// withinLine reports whether no line of a side is made of an addition alone.
func (s side) withinLine(a addition) bool {
	lines := 0
	for i := a.in.From; i <= a.in.To; i++ {
		if i == 0 || i == len(s.names) || strings.Contains(s.gaps[i], "\n") {
			lines++
		}
	}
	return lines < 2
}

// enclosedAlike reports whether a place of the base is within the same brackets on a side, and behind the same name,
// as a.b( and in a (have.
func (m *tokenMerge) enclosedAlike(at int, s side) bool {
	open, there := opening(m.base.names, at), opening(s.names, s.place[at])
	if open < 0 || there < 0 {
		return open == there
	}
	if s.place[open] != there {
		return false
	}
	for open > 0 && m.base.names[open] == "(" && !isWord(m.base.names[open-1][0]) && opening(m.base.names, open) >= 0 {
		open = opening(m.base.names, open) // the parameters of a function are for whom it is given to
	}
	for i := open - 1; i >= 0 && (isWord(m.base.names[i][0]) || joins[m.base.names[i]]) && (m.base.gaps[i+1] == "" || i == open-1); i-- {
		if s.place[i] < 0 {
			return false
		}
	}
	return true
}

// opening is the place of the innermost bracket that is open at a place, or -1.
func opening(words []token, at int) int {
	closed := 0
	for i := at - 1; i >= 0; i-- {
		switch words[i] {
		case ")", "]", "}":
			closed++
		case "(", "[", "{":
			if closed--; closed < 0 {
				return i
			}
		}
	}
	return -1
}

// conditional reports whether words make a condition of others, or a part of one.
func conditional(words string) bool {
	before := ""
	for w := range strings.FieldsSeq(strings.ToLower(words)) {
		option := before == "-"
		before = w
		if option {
			continue // as in --no-wait
		}
		switch w {
		case "and", "or", "not", "no", "never", "only", "except", "without", "!", "if", "unless", "else":
			return true
		}
	}
	return strings.Contains(words, "& &") || strings.Contains(words, "| |") || strings.Contains(words, "?") && strings.Contains(words, ":")
}
