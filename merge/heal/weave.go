package heal

// knot is a set of edits of both sides that lie too close together to be carried out one by one,
// and the stretch of the base that they span. A knot with the edits of one side only is no knot.
type knot struct {
	at           span
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
				k.at.to, ours = max(k.at.to, ours[0].at.to), ours[1:]
			} else if n := len(k.ours); len(theirs) > 0 && n > 0 && tied(k.ours, theirs[0], gap) {
				k.theirs = append(k.theirs[:len(k.theirs):len(k.theirs)], theirs[0])
				k.at.to, theirs = max(k.at.to, theirs[0].at.to), theirs[1:]
			} else {
				break
			}
		}
		out = append(out, k)
	}
	return out
}

func before(a, b edit) bool {
	return a.at.from < b.at.from || a.at.from == b.at.from && a.at.to < b.at.to
}

func tied(side []edit, e edit, gap int) bool {
	for _, f := range side {
		lo, hi := max(f.at.from, e.at.from), min(f.at.to, e.at.to)
		inside := f.at.from < e.at.from && e.at.to < f.at.to || e.at.from < f.at.from && f.at.to < e.at.to
		if lo < hi || lo-hi < gap || inside || lo == hi && f.at.empty() && e.at.empty() {
			return true
		}
	}
	return false
}

// render carries out edits on base[at].
func render(base []int32, at span, edits []edit) []int32 {
	var out []int32
	i := at.from
	for _, e := range edits {
		out = append(out, base[i:e.at.from]...)
		out = append(out, e.with...)
		i = e.at.to
	}
	return append(out, base[i:at.to]...)
}
