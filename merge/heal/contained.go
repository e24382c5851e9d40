package heal

import (
	"slices"
	"strings"
)

// few is the number of lines up to which an edit that is contained in another is taken for the same
// intention.
const few = 4

// contained: one side made the other's edit and more, and this edit is not merely words added to a
// line. Where both put something of their own in the place of the same words, one would be chosen:
// that is no case of it. In long conflicts the edit must bring something in, and neither side a number:
// lists of versions and logs of dates share lines by chance.
func contained(c *conflict) (string, bool) {
	text, lesser, ok := container(c, false)
	if !ok || long(c) && numbered(c) {
		return "", false
	}
	byLine := c.lines().x
	if text == c.ours {
		byLine = c.lines().y
	}
	if onlyDeletes(lesser) && long(c) || onlyInserts(lesser) && !onlyInserts(byLine) {
		return "", false
	}
	return text, true
}

func long(c *conflict) bool {
	l := c.lines()
	return max(len(l.base), len(l.ours), len(l.theirs)) > few
}

func numbered(c *conflict) bool {
	ours, theirs := c.moves()
	return ours.in.any(isNumber) || theirs.in.any(isNumber)
}

// covered: one side made the other's edit and more, or put more in the place of the same words.
func covered(c *conflict) (string, bool) {
	if text, _, ok := container(c, true); ok {
		return text, true
	}
	if numbered(c) {
		return "", false
	}
	text, ok := c.superset()
	return text, ok && c.carried(text, true)
}

// container returns the side that carries the other's edit, and that edit.
func container(c *conflict, choose bool) (text string, lesser []edit, ok bool) {
	p := c.tokens()
	switch {
	case !p.ok:
		return "", nil, false
	case p.carries(p.x, p.y, choose):
		return c.ours, p.y, true
	case p.carries(p.y, p.x, choose):
		return c.theirs, p.x, true
	}
	return "", nil, false
}

// carried reports whether text, which is that of one side, carries the other's edit.
func (c *conflict) carried(text string, choose bool) bool {
	p := c.tokens()
	greater, lesser := p.x, p.y
	if text != c.ours {
		greater, lesser = lesser, greater
	}
	return p.ok && p.carries(greater, lesser, choose)
}

// carries reports whether the greater edits make each of the lesser ones, in its place: one of them
// takes out what it takes out, brings in what it brings in, and begins or ends where it does, beside a
// token that both kept. Words that both replace must have become the same, and more lines at most, unless choose is set:
// then one may have become the other and more. What one takes out and the other replaces is left.
func (p *pieces) carries(greater, lesser []edit, choose bool) bool {
	for _, e := range lesser {
		if !slices.ContainsFunc(greater, func(g edit) bool { return p.carriesEdit(g, e, choose) }) {
			return false
		}
	}
	return !p.changesDeleted(greater, lesser)
}

func (p *pieces) carriesEdit(g, e edit, choose bool) bool {
	switch {
	case g.at.From > e.at.From || g.at.To < e.at.To:
		return false
	case g.equal(e):
		return true
	case len(e.with) == 0:
		return len(g.with) == 0 || g.at != e.at
	case g.at.From != e.at.From && g.at.To != e.at.To:
		return false
	case e.at.Empty():
		return choose && contains(g.with, e.with) && !p.readdressed(g.with, e.with) || p.bringsIn(g.with, e.with)
	}
	n := len(g.with) - len(e.with)
	return p.bringsMoreLines(g.with, e.with) || choose && n >= 0 && (slices.Equal(g.with[:len(e.with)], e.with) || slices.Equal(g.with[n:], e.with))
}

// bringsIn reports whether what is brought in holds the lesser as it is: its lines as lines, or words at
// one end that are not one piece with the next. Of two spellings of one thing none is chosen.
func (p *pieces) bringsIn(greater, lesser []int32) bool {
	g, l := p.text(greater), p.text(lesser)
	if strings.Contains(l, "\n") {
		lines := splitLines(g)
		for _, line := range splitLines(l) {
			i := slices.Index(lines, line)
			if i < 0 {
				return false
			}
			lines = lines[i+1:]
		}
		return true
	}
	n := len(greater) - len(lesser)
	apart := func(id int32) bool { return isSpace(p.names[id]) || p.names[id] == "," }
	return n > 0 && (slices.Equal(greater[:len(lesser)], lesser) && apart(greater[len(lesser)]) ||
		slices.Equal(greater[n:], lesser) && apart(greater[n-1]))
}

// bringsMoreLines reports whether both sides put the same in the place of words, and the greater whole lines below it,
// or above it.
func (p *pieces) bringsMoreLines(greater, lesser []int32) bool {
	n := len(greater) - len(lesser)
	if n <= 0 {
		return false
	}
	ends := func(id int32) bool { return strings.HasSuffix(p.names[id], "\n") }
	below := slices.Equal(greater[:len(lesser)], lesser) && (ends(greater[len(lesser)]) || ends(lesser[len(lesser)-1]))
	return below || slices.Equal(greater[n:], lesser) && ends(greater[n-1])
}

// readdressed reports whether a line of the lesser, which has no address of a host, became one that has.
func (p *pieces) readdressed(greater, lesser []int32) bool {
	const host = "://"
	lines := splitLines(p.text(greater))
	for _, l := range splitLines(p.text(lesser)) {
		if strings.Contains(l, host) || !strings.Contains(l, "/") || slices.Contains(lines, l) {
			continue
		}
		words := count(l)
		if slices.ContainsFunc(lines, func(g string) bool { return strings.Contains(g, host) && words.minus(count(g)).total() == 0 }) {
			return true
		}
	}
	return false
}

// contains reports whether all of b stands in a, in its order.
func contains(a, b []int32) bool {
	for _, id := range a {
		if len(b) > 0 && id == b[0] {
			b = b[1:]
		}
	}
	return len(b) == 0
}

// changesDeleted reports whether the lesser edits changed a line, and kept some of it, that the greater
// ones took out as a whole: a deletion contains no change.
func (p *pieces) changesDeleted(greater, lesser []edit) bool {
	gone, changed := p.touched(greater), p.touched(lesser)
	for from := 0; from < len(p.base); {
		to, words, lost, kept, touch := from, 0, 0, 0, false
		for ; to < len(p.base); to++ {
			name := p.names[p.base[to]]
			touch = touch || changed[to] != 0
			if !isSpace(name) {
				words++
				if gone[to]&taken != 0 {
					lost++
				}
				if changed[to]&taken == 0 {
					kept++
				}
			}
			if strings.HasSuffix(name, "\n") {
				to++
				break
			}
		}
		if touch && words > 0 && lost == words && kept > 0 {
			return true
		}
		from = to
	}
	return false
}

// What edits did to a token of the base.
const (
	taken  = 1 << iota // it was taken out
	joined             // something came in right before it
)

// touched tells for each token of the base, white space aside, what edits did to it.
func (p *pieces) touched(edits []edit) []byte {
	out := make([]byte, len(p.base)+1)
	for _, e := range edits {
		for i := e.at.From; i < e.at.To; i++ {
			if !isSpace(p.names[p.base[i]]) {
				out[i] |= taken
			}
		}
		if e.at.Empty() && e.at.From > 0 && !strings.HasSuffix(p.names[p.base[e.at.From-1]], "\n") {
			out[e.at.From] |= joined
		}
	}
	return out
}

func onlyDeletes(edits []edit) bool {
	for _, e := range edits {
		if len(e.with) > 0 {
			return false
		}
	}
	return true
}
