package heal

import "github.com/git-swarm/git-swarm/merge/heal/linemerge"

// few is the number of lines up to which an edit that is contained in another is taken for the same
// intention.
const few = 4

// contained: one side made the other's edit and more, and this edit is not merely words added to a
// line. In long conflicts it must bring something in, and neither side a number: lists of versions and
// logs of dates share lines by chance.
func contained(c *conflict) (string, bool) {
	text, lesser, ok := container(c)
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

// covered: one side made the other's edit and more.
func covered(c *conflict) (string, bool) {
	if text, _, ok := container(c); ok {
		return text, true
	}
	if numbered(c) {
		return "", false
	}
	return c.superset()
}

// container returns the side that holds the other's edit, and that edit.
func container(c *conflict) (text string, lesser []edit, ok bool) {
	p := c.tokens()
	switch {
	case !p.ok:
		return "", nil, false
	case holds(p.x, p.y):
		return c.ours, p.y, true
	case holds(p.y, p.x):
		return c.theirs, p.x, true
	}
	return "", nil, false
}

// holds reports whether the greater edits remove all that the lesser ones remove, and bring in all
// that they bring in, in their order.
func holds(greater, lesser []edit) bool {
	var in []int32
	for _, e := range greater {
		in = append(in, e.with...)
	}
	for _, e := range lesser {
		if !e.at.Empty() && !removes(greater, e.at) {
			return false
		}
		for _, id := range e.with {
			for len(in) > 0 && in[0] != id {
				in = in[1:]
			}
			if len(in) == 0 {
				return false
			}
			in = in[1:]
		}
	}
	return true
}

func removes(edits []edit, at linemerge.Span) bool {
	for _, e := range edits {
		if e.at.From <= at.From && at.To <= e.at.To {
			return true
		}
	}
	return false
}

func onlyDeletes(edits []edit) bool {
	for _, e := range edits {
		if len(e.with) > 0 {
			return false
		}
	}
	return true
}
