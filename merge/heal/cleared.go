package heal

import (
	"slices"
	"strings"
)

// cleared: one side brought in lines right above or below lines that the other took out. Both can be done
// if each is whole in itself and the insertion has nothing of what went: none of its lines looks like one
// that went, it uses no name that went, and it does not belong into a block that went.
func cleared(c *conflict) (string, bool) {
	p := c.lines()
	n, okX := countBeside(p.x, p.y, p.staysWithout)
	m, okY := countBeside(p.y, p.x, p.staysWithout)
	if !okX || !okY || n+m == 0 || c.usesGone() {
		return "", false
	}
	return p.weave(0, mustBeApart)
}

// countBeside counts the insertions among edits that touch a change among others, and reports whether each is one
// that may, and edits touch nowhere else.
func countBeside(edits, others []edit, may func(insertion, change edit) bool) (n int, ok bool) {
	for _, e := range edits {
		for _, f := range others {
			switch {
			case f.at.To < e.at.From || e.at.To < f.at.From, f.at.Empty() && !e.at.Empty():
			case !e.at.Empty() || f.at.Empty() || !may(e, f):
				return n, false
			default:
				n++
			}
		}
	}
	return n, true
}

// staysWithout reports whether the lines beside an insertion go, and it keeps its meaning without them.
func (p *pieces) staysWithout(insertion, deletion edit) bool {
	if len(deletion.with) > 0 {
		return false
	}
	in, out := p.words(insertion.with), p.words(p.base[deletion.at.From:deletion.at.To])
	if len(in) == 0 || len(out) == 0 {
		return len(in) == 0 && len(out) == 0
	}
	inBlock := insertion.at.From == deletion.at.To && len(indent(in[0])) > len(outermost(out))
	return !inBlock && complete(in, p.text(insertion.with)) && complete(out, p.text(p.base[deletion.at.From:deletion.at.To])) &&
		!slices.ContainsFunc(in, func(l string) bool {
			return slices.ContainsFunc(out, func(m string) bool { return looksLike(l, m) })
		})
}

// words returns the lines that are not blank.
func (p *pieces) words(ids []int32) []string {
	var out []string
	for _, id := range ids {
		if l := p.names[id]; strings.TrimSpace(l) != "" {
			out = append(out, l)
		}
	}
	return out
}

// usesGone reports whether one side brings in a word that the other took out for good: in the place of
// which it put something else, of which it took out the definition, or that its file has nowhere any more. That
// is less than stale, which minds words of the language too.
func (c *conflict) usesGone() bool {
	ours, theirs := c.moves()
	p := c.lines()
	return ours.usesGoneFrom(theirs, p, p.y, c.theirsFile) || theirs.usesGoneFrom(ours, p, p.x, c.oursFile)
}

func (m moves) usesGoneFrom(other moves, p *pieces, edits []edit, file string) bool {
	return other.out.any(func(t token) bool {
		return isWord(t[0]) && m.in[t] > 0 && other.in[t] == 0 && (occurs(file, t) == 0 || p.replaces(edits, t))
	})
}

// replaces reports whether edits put something in the place of lines with the word, or take out a line that
// gives it a meaning: what is before an equals sign, a colon, a comma or a semicolon.
func (p *pieces) replaces(edits []edit, word token) bool {
	for _, e := range edits {
		for _, id := range p.base[e.at.From:e.at.To] {
			before := ""
			for _, t := range tokens(p.names[id]) {
				if t == word && len(e.with) > 0 || before == word && strings.Contains("=:,;", t) {
					return true
				}
				if !isBlank(t[0]) {
					before = t
				}
			}
		}
	}
	return false
}
