package heal

import "github.com/git-swarm/git-swarm/merge/heal/linemerge"

// few is the number of lines up to which an edit that is contained in another is taken for the same
// intention.
const few = 4

// contained: one side made the other's edit and more, and this edit is not merely words added to a
// line. In long conflicts it must bring something in, and neither side a number: lists of versions and
// logs of dates share lines by chance.
func contained(s *scene) (string, bool) {
	text, lesser, ok := container(s)
	if !ok || long(s) && numbered(s) {
		return "", false
	}
	byLine := s.lines().x
	if text == s.ours {
		byLine = s.lines().y
	}
	if onlyDeletes(lesser) && long(s) || onlyInserts(lesser) && !onlyInserts(byLine) {
		return "", false
	}
	return text, true
}

func long(s *scene) bool {
	l := s.lines()
	return max(len(l.base), len(l.ours), len(l.theirs)) > few
}

func numbered(s *scene) bool {
	ours, theirs := s.moves()
	return ours.in.any(isNumber) || theirs.in.any(isNumber)
}

// covered: one side made the other's edit and more.
func covered(s *scene) (string, bool) {
	if text, _, ok := container(s); ok {
		return text, true
	}
	if numbered(s) {
		return "", false
	}
	return s.superset()
}

// container returns the side that holds the other's edit, and that edit.
func container(s *scene) (text string, lesser []edit, ok bool) {
	p := s.tokens()
	switch {
	case !p.ok:
		return "", nil, false
	case holds(p.x, p.y):
		return s.ours, p.y, true
	case holds(p.y, p.x):
		return s.theirs, p.x, true
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
