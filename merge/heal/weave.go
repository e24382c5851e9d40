package heal

import "github.com/git-swarm/git-swarm/merge/heal/linemerge"

// knot is a set of edits of both sides that lie too close together to be carried out one by one,
// and the stretch of the base that they span. A knot with the edits of one side only is no knot.
type knot struct {
	at           linemerge.Span
	ours, theirs []edit
}

// knots groups the edits of both sides. Two edits of different sides are tied when fewer than gap
// unchanged pieces lie between them, when they overlap, and when both insert at the same place.
func knots(ours, theirs []edit, gap int) []knot {
	var out []knot
	for len(ours) > 0 || len(theirs) > 0 {
		k := knot{}
		if len(theirs) == 0 || len(ours) > 0 && before(ours[0], theirs[0]) {
			k.ours, ours = ours[:1], ours[1:]
			k.at = k.ours[0].at
		} else {
			k.theirs, theirs = theirs[:1], theirs[1:]
			k.at = k.theirs[0].at
		}
		for {
			if n := len(k.theirs); len(ours) > 0 && n > 0 && tied(k.theirs, ours[0], gap) {
				k.ours = append(k.ours[:len(k.ours):len(k.ours)], ours[0])
				k.at.To, ours = max(k.at.To, ours[0].at.To), ours[1:]
			} else if n := len(k.ours); len(theirs) > 0 && n > 0 && tied(k.ours, theirs[0], gap) {
				k.theirs = append(k.theirs[:len(k.theirs):len(k.theirs)], theirs[0])
				k.at.To, theirs = max(k.at.To, theirs[0].at.To), theirs[1:]
			} else {
				break
			}
		}
		out = append(out, k)
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

// render carries out edits on base[at].
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
