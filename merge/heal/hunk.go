package heal

import "slices"

// kind says what becomes of a hunk.
type kind byte

const (
	conflict   kind = iota
	takeOurs        // only our side changed it
	takeTheirs      // only their side changed it
	agreed          // refined away: both sides are equal after all
	healed          // a rule's text stands in its place
)

// hunk is a place where at least one side changed the base. Outside the hunks all three are equal,
// or both sides made the same change.
type hunk struct {
	kind               kind
	base, ours, theirs span
	region             int // of a conflict: its place in Result.Regions
}

// files is the three files of one merge.
type files struct {
	base, ours, theirs text
	d                  *differ
}

func newFiles(base, ours, theirs string) *files {
	in := newInterner()
	f := &files{base: in.cut(base), ours: in.cut(ours), theirs: in.cut(theirs)}
	f.d = newDiffer(len(in.ids))
	return f
}

// hunks pairs both sides' changes of the base. Changes that overlap or touch are a conflict, unless
// they are the same change.
func (f *files) hunks() []hunk {
	x := f.d.diff(f.base.ids, f.ours.ids)
	y := f.d.diff(f.base.ids, f.theirs.ids)
	l := list{f: f}
	shiftX, shiftY := 0, 0 // from base to ours and to theirs, behind the changes seen
	for len(x) > 0 || len(y) > 0 {
		switch {
		case len(y) == 0 || len(x) > 0 && x[0].a.to < y[0].a.from:
			l.add(hunk{kind: takeOurs, base: x[0].a, ours: x[0].b, theirs: shift(x[0].a, shiftY)})
			shiftX, x = x[0].b.to-x[0].a.to, x[1:]
		case len(x) == 0 || y[0].a.to < x[0].a.from:
			l.add(hunk{kind: takeTheirs, base: y[0].a, ours: shift(y[0].a, shiftX), theirs: y[0].b})
			shiftY, y = y[0].b.to-y[0].a.to, y[1:]
		default:
			if !f.same(x[0], y[0]) {
				l.add(overlap(x[0], y[0]))
			}
			endX, endY := x[0].a.to, y[0].a.to
			if endX >= endY {
				shiftY, y = y[0].b.to-y[0].a.to, y[1:]
			}
			if endY >= endX {
				shiftX, x = x[0].b.to-x[0].a.to, x[1:]
			}
		}
	}
	return l.hunks
}

func shift(s span, by int) span { return span{s.from + by, s.to + by} }

func (f *files) same(x, y change) bool {
	return x.a == y.a && x.b.len() == y.b.len() &&
		slices.Equal(f.ours.ids[x.b.from:x.b.to], f.theirs.ids[y.b.from:y.b.to])
}

// overlap is the conflict of two changes: it spans both, and each side's lines across it.
func overlap(x, y change) hunk {
	from, to := min(x.a.from, y.a.from), max(x.a.to, y.a.to)
	across := func(c change) span {
		return span{c.b.from - (c.a.from - from), c.b.to + (to - c.a.to)}
	}
	return hunk{kind: conflict, base: span{from, to}, ours: across(x), theirs: across(y)}
}

// list joins hunks that touch on either side.
type list struct {
	f     *files
	hunks []hunk
}

func (l *list) add(h hunk) {
	if n := len(l.hunks); n > 0 {
		last := &l.hunks[n-1]
		if h.ours.from <= last.ours.to || h.theirs.from <= last.theirs.to {
			if h.kind != last.kind {
				last.kind = conflict
			}
			last.base.to, last.ours.to, last.theirs.to = h.base.to, h.ours.to, h.theirs.to
			return
		}
	}
	l.hunks = append(l.hunks, h)
}
