package heal

import (
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/merge/heal/linemerge"
)

// spaced is a text as words and marks, each with the white space before it; the last white space is
// that before the end.
type spaced struct {
	names, gaps []string
	ids         []int32
}

func newSpaced(in *linemerge.Interner, s string) spaced {
	var t spaced
	gap := ""
	for _, k := range tokens(s) {
		if isSpace(k) {
			gap += k
			continue
		}
		t.names, t.ids, t.gaps = append(t.names, k), append(t.ids, in.ID(k)), append(t.gaps, gap)
		gap = ""
	}
	t.gaps = append(t.gaps, gap)
	return t
}

// side is one side of a token merge: its edits of words, and where each word of the base has gone.
type side struct {
	spaced
	edits []edit
	place []int // of each word of the base, and of its end; -1 if the word is gone
}

// tokenMerge is a conflict in which words and the white space between them are merged apart.
type tokenMerge struct {
	base         spaced
	ours, theirs side
	ok           bool
}

func newTokenMerge(c *conflict) *tokenMerge {
	in := linemerge.NewInterner()
	w := &tokenMerge{base: newSpaced(in, c.base)}
	var okX, okY bool
	w.ours, okX = newSide(w.base, newSpaced(in, c.ours))
	w.theirs, okY = newSide(w.base, newSpaced(in, c.theirs))
	w.ok = okX && okY
	return w
}

func newSide(base, text spaced) (side, bool) {
	t := side{spaced: text, place: make([]int, len(base.ids)+1)}
	var ok bool
	t.edits, ok = align(base.ids, text.ids)
	i, j := 0, 0
	for _, e := range append(t.edits, edit{at: linemerge.Span{From: len(base.ids) + 1, To: len(base.ids) + 1}}) {
		for ; i < e.at.From && i < len(t.place); i, j = i+1, j+1 {
			t.place[i] = j
		}
		for ; i < e.at.To && i < len(base.ids); i++ {
			t.place[i] = -1
		}
		j += len(e.with)
	}
	return t, ok
}

// mergedToken is a word of the result: its places in both sides, or -1, and the first and the last word
// of the base in whose place it stands (itself if it is of the base), or -1.
type mergedToken struct{ from, to, ours, theirs int }

// weave carries out the edits of both sides, at least gap words apart.
func (m *tokenMerge) weave(gap int) (string, bool) {
	row, ok := m.row(gap)
	if !ok {
		return "", false
	}
	var out strings.Builder
	last := mergedToken{-1, -1, -1, -1}
	for i, s := range row {
		space, ok := m.space(row, i, last)
		if !ok {
			return "", false
		}
		out.WriteString(space)
		switch {
		case i == len(row)-1:
		case s.ours >= 0:
			out.WriteString(m.ours.names[s.ours])
		default:
			out.WriteString(m.theirs.names[s.theirs])
		}
		last = s
	}
	return out.String(), true
}

// row is the words of the result, and its end.
func (m *tokenMerge) row(gap int) ([]mergedToken, bool) {
	var out []mergedToken
	at, o, t := 0, 0, 0
	keep := func(to int) {
		for ; at < to; at, o, t = at+1, o+1, t+1 {
			out = append(out, mergedToken{at, at, o, t})
		}
	}
	for _, g := range groupEdits(m.ours.edits, m.theirs.edits, gap) {
		keep(g.at.From)
		ours, theirs := render(m.base.ids, g.at, g.ours), render(m.base.ids, g.at, g.theirs)
		first := len(out)
		switch {
		case len(g.theirs) == 0:
			for i := range ours {
				out = append(out, mergedToken{-1, -1, o + i, -1})
			}
		case len(g.ours) == 0:
			for i := range theirs {
				out = append(out, mergedToken{-1, -1, -1, t + i})
			}
		case slices.Equal(ours, theirs):
			for i := range ours {
				out = append(out, mergedToken{-1, -1, o + i, t + i})
			}
		default:
			return nil, false
		}
		if first < len(out) && !g.at.Empty() {
			out[first].from, out[len(out)-1].to = g.at.From, g.at.To-1
		}
		at, o, t = g.at.To, o+len(ours), t+len(theirs)
	}
	keep(len(m.base.ids) + 1)
	return out, true
}

// space is the white space before row[i]: that of the side where the words on both sides of it stand
// together. Where they do so on either side it is merged as a word is.
func (m *tokenMerge) space(row []mergedToken, i int, last mergedToken) (string, bool) {
	s := row[i]
	follows := func(place, last int) bool { return place >= 0 && place == last+1 && (i == 0 || last >= 0) }
	inBase := follows(s.from, last.to)
	place := func(of side, at, before int) int {
		if !follows(at, before) && inBase {
			at, before = of.place[s.from], -1
			if last.to >= 0 {
				before = of.place[last.to]
			}
		}
		if !follows(at, before) {
			return -1
		}
		return at
	}
	o, t := place(m.ours, s.ours, last.ours), place(m.theirs, s.theirs, last.theirs)
	switch {
	case o < 0 && t < 0:
		return "", false
	case t < 0:
		return m.shifted(m.ours.gaps[o], row, i, m.theirs)
	case o < 0:
		return m.shifted(m.theirs.gaps[t], row, i, m.ours)
	}
	ours, theirs := m.ours.gaps[o], m.theirs.gaps[t]
	switch {
	case ours == theirs, inBase && theirs == m.base.gaps[s.from]:
		return ours, true
	case inBase && ours == m.base.gaps[s.from]:
		return theirs, true
	}
	return "", false
}

// shifted moves the indentation at the end of gap as the other side moved that of the line of the
// nearest word of the base.
func (m *tokenMerge) shifted(gap string, row []mergedToken, i int, other side) (string, bool) {
	near := -1
	for j := i - 1; j >= 0 && near < 0; j-- {
		near = row[j].from
	}
	for j := i; j < len(row) && near < 0; j++ {
		near = row[j].from
	}
	for near > 0 && !strings.Contains(m.base.gaps[near], "\n") {
		near--
	}
	if near < 0 || other.place[near] < 0 || i > 0 && !strings.Contains(gap, "\n") {
		return gap, true
	}
	there := other.gaps[other.place[near]]
	if other.place[near] > 0 && !strings.Contains(there, "\n") {
		return gap, true
	}
	old, now, mine := lastLine(m.base.gaps[near]), lastLine(there), lastLine(gap)
	if old == now {
		return gap, true
	}
	if !strings.HasPrefix(mine, old) {
		return "", false
	}
	return gap[:len(gap)-len(mine)] + now + mine[len(old):], true
}

func lastLine(gap string) string { return gap[strings.LastIndexByte(gap, '\n')+1:] }
