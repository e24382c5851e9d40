package heal

import "strings"

// slight is the most tokens, taken out and brought in, by which a line may differ and still be the
// same line with a word changed.
const slight = 3

// above: one side brought in lines right above lines that the other changed in place, the first of
// them by a word at most: the place of the insertion is still there.
func above(c *conflict) (string, bool) {
	p := c.lines()
	n, okX := placedAbove(p, p.x, p.y)
	m, okY := placedAbove(p, p.y, p.x)
	if !okX || !okY || n+m == 0 {
		return "", false
	}
	return beside(c)
}

// placedAbove counts the insertions that touch a change of the other side, and reports whether each
// lies above it, at the indentation of the line that it precedes.
func placedAbove(p *pieces, edits, others []edit) (n int, ok bool) {
	for _, e := range edits {
		for _, g := range others {
			if !e.at.Empty() || g.at.Empty() || e.at.From < g.at.From || e.at.From > g.at.To {
				continue
			}
			if e.at.From != g.at.From || g.at.Len() != len(g.with) {
				return n, false
			}
			old, changed := p.names[p.base[g.at.From]], p.names[g.with[0]]
			last := p.names[e.with[len(e.with)-1]]
			if apart(old, changed) > slight || strings.TrimSpace(last) != "" && indent(last) != indent(old) {
				return n, false
			}
			n++
		}
	}
	return n, true
}

// beside: one side brought in lines next to lines that the other changed in place, each line into
// one that resembles it.
func beside(c *conflict) (string, bool) {
	p := c.lines()
	for _, e := range p.edits() {
		if !e.at.Empty() && (e.at.Len() != len(e.with) || !resembles(p, e)) {
			return "", false
		}
	}
	if reindented(p, p.x) || reindented(p, p.y) {
		return "", false
	}
	return p.weave(0, mustBeApart)
}

func resembles(p *pieces, e edit) bool {
	for i, id := range e.with {
		if likeness(p.names[p.base[e.at.From+i]], p.names[id]) < 0.5 {
			return false
		}
	}
	return true
}

// reindented reports whether an edit in place changed the indentation of a line: then lines that the
// other side brings in would stand at the old one.
func reindented(p *pieces, edits []edit) bool {
	for _, e := range edits {
		if e.at.Len() != len(e.with) {
			continue
		}
		for i, id := range e.with {
			if indent(p.names[id]) != indent(p.names[p.base[e.at.From+i]]) {
				return true
			}
		}
	}
	return false
}

func indent(line string) string { return line[:prefixLen(line, isBlank)] }

// apart counts the tokens in which two lines differ, wherever they stand.
func apart(a, b string) int {
	x, y := count(a), count(b)
	return x.minus(y).total() + y.minus(x).total()
}

// likeness is the share of tokens that two lines have in common, from 0 to 1.
func likeness(a, b string) float64 {
	all := count(a).total() + count(b).total()
	if all == 0 {
		return 1
	}
	return 1 - float64(apart(a, b))/float64(all)
}
