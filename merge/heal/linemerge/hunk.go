package linemerge

import (
	"slices"
	"strings"
)

// Kind says what becomes of a hunk.
type Kind byte

const (
	Conflict   Kind = iota
	TakeOurs        // only our side changed it
	TakeTheirs      // only their side changed it
	Replaced        // the hunk's Text stands in its place
	agreed          // refined away: both sides are equal after all
)

// Hunk is a place where at least one side changed the base. Outside the hunks all three are equal,
// or both sides made the same change.
type Hunk struct {
	Kind               Kind
	Base, Ours, Theirs Span
	Text               string // of a Replaced hunk
}

// Merge is the three files of one merge.
type Merge struct {
	Base, Ours, Theirs Text
	differ             *differ
}

// New cuts three versions of a file into lines.
func New(base, ours, theirs string) *Merge {
	in := &Interner{ids: make(map[string]int32, strings.Count(base, "\n")+1)}
	m := &Merge{Base: newText(in, base, Text{})}
	m.Ours, m.Theirs = newText(in, ours, m.Base), newText(in, theirs, m.Base)
	m.differ = newDiffer(in.Len())
	return m
}

// Hunks pairs both sides' changes of the base. Changes that overlap or touch are a conflict, unless
// they are the same change.
func (m *Merge) Hunks() []Hunk {
	x := m.differ.diff(m.Base.ids, m.Ours.ids)
	y := m.differ.diff(m.Base.ids, m.Theirs.ids)
	l := list{}
	shiftX, shiftY := 0, 0 // from base to ours and to theirs, behind the changes seen
	for len(x) > 0 || len(y) > 0 {
		switch {
		case len(y) == 0 || len(x) > 0 && x[0].a.To < y[0].a.From:
			l.add(Hunk{Kind: TakeOurs, Base: x[0].a, Ours: x[0].b, Theirs: x[0].a.shift(shiftY)})
			shiftX, x = x[0].b.To-x[0].a.To, x[1:]
		case len(x) == 0 || y[0].a.To < x[0].a.From:
			l.add(Hunk{Kind: TakeTheirs, Base: y[0].a, Ours: y[0].a.shift(shiftX), Theirs: y[0].b})
			shiftY, y = y[0].b.To-y[0].a.To, y[1:]
		default:
			if !m.same(x[0], y[0]) {
				l.add(overlap(x[0], y[0]))
			}
			endX, endY := x[0].a.To, y[0].a.To
			if endX >= endY {
				shiftY, y = y[0].b.To-y[0].a.To, y[1:]
			}
			if endY >= endX {
				shiftX, x = x[0].b.To-x[0].a.To, x[1:]
			}
		}
	}
	return l.hunks
}

func (m *Merge) same(x, y change) bool {
	return x.a == y.a && x.b.Len() == y.b.Len() &&
		slices.Equal(m.Ours.ids[x.b.From:x.b.To], m.Theirs.ids[y.b.From:y.b.To])
}

// overlap is the conflict of two changes: it spans both, and each side's lines across it.
func overlap(x, y change) Hunk {
	from, to := min(x.a.From, y.a.From), max(x.a.To, y.a.To)
	across := func(c change) Span {
		return Span{c.b.From - (c.a.From - from), c.b.To + (to - c.a.To)}
	}
	return Hunk{Kind: Conflict, Base: Span{from, to}, Ours: across(x), Theirs: across(y)}
}

// list joins hunks that touch on either side.
type list struct {
	hunks []Hunk
}

func (l *list) add(h Hunk) {
	if n := len(l.hunks); n > 0 {
		last := &l.hunks[n-1]
		if h.Ours.From <= last.Ours.To || h.Theirs.From <= last.Theirs.To {
			if h.Kind != last.Kind {
				last.Kind = Conflict
			}
			last.Base.To, last.Ours.To, last.Theirs.To = h.Base.To, h.Ours.To, h.Theirs.To
			return
		}
	}
	l.hunks = append(l.hunks, h)
}
