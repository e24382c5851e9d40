package linemerge

import (
	"slices"
	"strings"
)

// smallGap is the number of lines between two conflicts up to which git shows them as one.
const smallGap = 3

// refine cuts each conflict down to the lines in which both sides differ, as the plain style shows
// it, and then joins conflicts with little between them. The base of a refined hunk means nothing.
func (m *Merge) refine(hunks []Hunk) []Hunk {
	var fine []Hunk
	for _, h := range hunks {
		if h.Kind != Conflict || h.Ours.Empty() || h.Theirs.Empty() {
			fine = append(fine, h)
			continue
		}
		parts := m.differ.diff(m.Ours.ids[h.Ours.From:h.Ours.To], m.Theirs.ids[h.Theirs.From:h.Theirs.To])
		if len(parts) == 0 {
			h.Kind = agreed
			fine = append(fine, h)
		}
		for _, p := range parts {
			part := h
			part.Ours, part.Theirs = p.a.shift(h.Ours.From), p.b.shift(h.Theirs.From)
			fine = append(fine, part)
		}
	}
	return m.simplify(fine)
}

func (m *Merge) simplify(hunks []Hunk) []Hunk {
	var out []Hunk
	for _, h := range hunks {
		if n := len(out); n > 0 && h.Kind == Conflict && out[n-1].Kind == Conflict {
			last := &out[n-1]
			gap := Span{last.Ours.To, h.Ours.From}
			if gap.Len() <= smallGap || !slices.ContainsFunc(m.Ours.lines[gap.From:gap.To], HasWord) {
				last.Ours.To, last.Theirs.To = h.Ours.To, h.Theirs.To
				continue
			}
		}
		out = append(out, h)
	}
	return out
}

// HasWord reports whether a line holds an ASCII letter or digit.
func HasWord(line string) bool {
	return strings.ContainsFunc(line, func(r rune) bool {
		return '0' <= r && r <= '9' || 'a' <= r|0x20 && r|0x20 <= 'z'
	})
}

// trimEnds takes the lines that both sides share off the ends of each conflict (zdiff3).
func (m *Merge) trimEnds(hunks []Hunk) []Hunk {
	hunks = slices.Clone(hunks)
	for i := range hunks {
		h := &hunks[i]
		if h.Kind != Conflict {
			continue
		}
		head, tail := Trim(m.Ours.ids[h.Ours.From:h.Ours.To], m.Theirs.ids[h.Theirs.From:h.Theirs.To])
		h.Ours.From, h.Theirs.From = h.Ours.From+head, h.Theirs.From+head
		h.Ours.To, h.Theirs.To = h.Ours.To-tail, h.Theirs.To-tail
	}
	return hunks
}
