package heal

import "strings"

// slight is the most tokens, taken out and brought in, by which a line may differ and still be the
// same line with a word changed.
const slight = 3

// above: one side brought in lines right above lines that the other changed in place, the first of
// them by a word at most: the place of the insertion is still there. No line of the insertion may be
// made from the line that the other changed: it would have been made from the changed one.
func above(c *conflict) (string, bool) {
	p := c.lines()
	n, okX := placedAbove(p, p.x, p.y)
	m, okY := placedAbove(p, p.y, p.x)
	if !okX || !okY || n+m == 0 {
		return "", false
	}
	return beside(c)
}

// placedAbove counts the insertions that touch a change of the other side, and reports whether each
// lies above it, at the indentation of the line that it precedes.
func placedAbove(p *pieces, edits, others []edit) (n int, ok bool) {
	for _, e := range edits {
		for _, g := range others {
			if !e.at.Empty() || g.at.Empty() || e.at.From < g.at.From || e.at.From > g.at.To {
				continue
			}
			if e.at.From != g.at.From || g.at.Len() != len(g.with) {
				return n, false
			}
			old, changed := p.names[p.base[g.at.From]], p.names[g.with[0]]
			last := p.names[e.with[len(e.with)-1]]
			if apart(old, changed) > slight || strings.TrimSpace(last) != "" && indent(last) != indent(old) {
				return n, false
			}
			for _, id := range e.with {
				if madeFrom(p.names[id], old, changed) {
					return n, false
				}
			}
			n++
		}
	}
	return n, true
}

// madeFrom reports whether a line looks like the old one, or uses a word of what was changed in it. A
// name that was qualified (a to x.a) is part of the change.
func madeFrom(line, old, changed string) bool {
	if looksLike(line, old) {
		return true
	}
	names := count(line)
	for _, l := range [2][2]string{{old, changed}, {changed, old}} {
		for t := range changedNames(l[0], l[1]) {
			if names[t] > 0 {
				return true
			}
		}
	}
	return names.any(func(t token) bool {
		return renamedStem(t, count(old).minus(count(changed)), count(changed).minus(count(old)))
	})
}

// renamedStem reports whether a word has one in it that went, as is_bounded has bounded, or begins as one that
// went and in whose place one came that ends alike: with buf_free become str_free, so would buf_puts have become
// str_puts.
func renamedStem(t token, went, came tally) bool {
	const short = 3
	return went.any(func(old token) bool {
		if len(old) > short && t != old && strings.Contains("_"+t+"_", "_"+old+"_") {
			return true
		}
		return came.any(func(now token) bool {
			n := 0
			for n < min(len(old), len(now)) && old[len(old)-1-n] == now[len(now)-1-n] {
				n++
			}
			stem := strings.TrimRight(old[:len(old)-n], "_")
			return n > short && len(stem) >= short && len(stem) < len(old) && strings.HasPrefix(t, stem+"_") && old != t
		})
	})
}

// looksLike reports whether two lines have three quarters of their words in common, numbers aside, or,
// where one has no words, are the same but for their numbers.
func looksLike(a, b string) bool {
	const words = true
	x, y := shape(a, words), shape(b, words)
	if x == "" || y == "" {
		x, y = shape(a, !words), shape(b, !words)
		return x == y && x != ""
	}
	return likeness(x, y) >= 0.75
}

// shape is the words of a line alone, or its words and marks with a 0 for each number.
func shape(line string, words bool) string {
	var b strings.Builder
	for _, t := range tokens(line) {
		switch {
		case isSpace(t), words && (isNumber(t) || !isWord(t[0])):
			continue
		case isNumber(t):
			t = "0"
		}
		b.WriteString(t + " ")
	}
	return b.String()
}

// changedNames holds the words of a that stand, with no white space between, in one piece with a token
// that b has not.
func changedNames(a, b string) tally {
	only, out := count(a).minus(count(b)), tally{}
	var piece []token
	changed := false
	for _, t := range append(tokens(a), " ") {
		switch {
		case !isSpace(t) && (isWord(t[0]) || joins[t]):
			piece, changed = append(piece, t), changed || only[t] > 0
			continue
		case changed:
			for _, w := range piece {
				if isWord(w[0]) {
					out[w]++
				}
			}
		}
		piece, changed = nil, false
	}
	return out
}

// joins holds the marks that make one name of several words.
var joins = map[token]bool{".": true, ":": true, "-": true, ">": true, "/": true, "@": true, "$": true}

// beside: one side brought in lines next to lines that the other changed in place, each line into
// one that resembles it. No line of the insertion may use a name of a family in which the other renamed one.
func beside(c *conflict) (string, bool) {
	p := c.lines()
	for _, e := range p.edits() {
		if !e.at.Empty() && (e.at.Len() != len(e.with) || !resembles(p, e)) {
			return "", false
		}
	}
	if reindented(p, p.x) || reindented(p, p.y) {
		return "", false
	}
	if besideKin(p, p.x, p.y) || besideKin(p, p.y, p.x) {
		return "", false
	}
	return p.weave(0, mustBeApart)
}

func resembles(p *pieces, e edit) bool {
	for i, id := range e.with {
		if likeness(p.names[p.base[e.at.From+i]], p.names[id]) < 0.5 {
			return false
		}
	}
	return true
}

// reindented reports whether an edit in place changed the indentation of a line: then lines that the
// other side brings in would stand at the old one.
func reindented(p *pieces, edits []edit) bool {
	for _, e := range edits {
		if e.at.Len() != len(e.with) {
			continue
		}
		for i, id := range e.with {
			if indent(p.names[id]) != indent(p.names[p.base[e.at.From+i]]) {
				return true
			}
		}
	}
	return false
}

func indent(line string) string { return line[:prefixLen(line, isBlank)] }

// apart counts the tokens in which two lines differ, wherever they stand.
func apart(a, b string) int {
	x, y := count(a), count(b)
	return x.minus(y).total() + y.minus(x).total()
}

// likeness is the share of tokens that two lines have in common, from 0 to 1.
func likeness(a, b string) float64 {
	all := count(a).total() + count(b).total()
	if all == 0 {
		return 1
	}
	return 1 - float64(apart(a, b))/float64(all)
}
