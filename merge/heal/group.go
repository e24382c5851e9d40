package heal

import "github.com/git-swarm/git-swarm/merge/heal/linemerge"

// group is the edits of both sides that lie too close together to be carried out one by one, and the
// stretch of the base that they span. An edit with none of the other side near it is a group of its own.
type group struct {
	at           linemerge.Span
	ours, theirs []edit
}

// groupEdits groups the edits of both sides, in order. Two edits of different sides are tied when fewer
// than gap unchanged pieces lie between them, when they overlap, and when both insert at the same place.
func groupEdits(ours, theirs []edit, gap int) []group {
	var out []group
	for len(ours) > 0 || len(theirs) > 0 {
		g := group{}
		if len(theirs) == 0 || len(ours) > 0 && before(ours[0], theirs[0]) {
			g.ours, ours = ours[:1], ours[1:]
			g.at = g.ours[0].at
		} else {
			g.theirs, theirs = theirs[:1], theirs[1:]
			g.at = g.theirs[0].at
		}
		for {
			if n := len(g.theirs); len(ours) > 0 && n > 0 && tied(g.theirs, ours[0], gap) {
				g.ours = append(g.ours[:len(g.ours):len(g.ours)], ours[0])
				g.at.To, ours = max(g.at.To, ours[0].at.To), ours[1:]
			} else if n := len(g.ours); len(theirs) > 0 && n > 0 && tied(g.ours, theirs[0], gap) {
				g.theirs = append(g.theirs[:len(g.theirs):len(g.theirs)], theirs[0])
				g.at.To, theirs = max(g.at.To, theirs[0].at.To), theirs[1:]
			} else {
				break
			}
		}
		out = append(out, g)
	}
	return out
}

func before(a, b edit) bool {
	return a.at.From < b.at.From || a.at.From == b.at.From && a.at.To < b.at.To
}

func tied(side []edit, e edit, gap int) bool {
	for _, f := range side {
		lo, hi := max(f.at.From, e.at.From), min(f.at.To, e.at.To)
		inside := f.at.From < e.at.From && e.at.To < f.at.To || e.at.From < f.at.From && f.at.To < e.at.To
		if lo < hi || lo-hi < gap || inside || lo == hi && f.at.Empty() && e.at.Empty() {
			return true
		}
	}
	return false
}

// render carries out edits in base[at].
func render(base []int32, at linemerge.Span, edits []edit) []int32 {
	var out []int32
	i := at.From
	for _, e := range edits {
		out = append(out, base[i:e.at.From]...)
		out = append(out, e.with...)
		i = e.at.To
	}
	return append(out, base[i:at.To]...)
}
