package heal

import "strings"

// smallGap is the number of lines between two conflicts up to which git shows them as one.
const smallGap = 3

// refine cuts each conflict down to the lines in which both sides differ, as the plain style shows
// it, and then joins conflicts with little between them. The base of a refined hunk means nothing.
func (f *files) refine(hunks []hunk) []hunk {
	var fine []hunk
	for _, h := range hunks {
		if h.kind != conflict || h.ours.empty() || h.theirs.empty() {
			fine = append(fine, h)
			continue
		}
		parts := f.d.diff(f.ours.ids[h.ours.from:h.ours.to], f.theirs.ids[h.theirs.from:h.theirs.to])
		if len(parts) == 0 {
			h.kind = agreed
			fine = append(fine, h)
		}
		for _, p := range parts {
			part := h
			part.ours, part.theirs = shift(p.a, h.ours.from), shift(p.b, h.theirs.from)
			fine = append(fine, part)
		}
	}
	return f.simplify(fine)
}

func (f *files) simplify(hunks []hunk) []hunk {
	var out []hunk
	for _, h := range hunks {
		if n := len(out); n > 0 && h.kind == conflict && out[n-1].kind == conflict {
			last := &out[n-1]
			gap := span{last.ours.to, h.ours.from}
			if gap.len() <= smallGap || !hasWord(f.ours.lines[gap.from:gap.to]) {
				last.ours.to, last.theirs.to = h.ours.to, h.theirs.to
				continue
			}
		}
		out = append(out, h)
	}
	return out
}

// hasWord reports whether a line holds an ASCII letter or digit.
func hasWord(lines []string) bool {
	for _, l := range lines {
		if strings.ContainsFunc(l, func(r rune) bool {
			return '0' <= r && r <= '9' || 'a' <= r|0x20 && r|0x20 <= 'z'
		}) {
			return true
		}
	}
	return false
}

// trimEnds takes the lines that both sides share off the ends of each conflict (zdiff3).
func (f *files) trimEnds(hunks []hunk) {
	for i := range hunks {
		h := &hunks[i]
		if h.kind != conflict {
			continue
		}
		head, tail := trim(f.ours.ids[h.ours.from:h.ours.to], f.theirs.ids[h.theirs.from:h.theirs.to])
		h.ours.from, h.theirs.from = h.ours.from+head, h.theirs.from+head
		h.ours.to, h.theirs.to = h.ours.to-tail, h.theirs.to-tail
	}
}
