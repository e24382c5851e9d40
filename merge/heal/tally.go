package heal

// tally counts the tokens of a text, white space aside.
type tally map[token]int

func count(s string) tally {
	m := tally{}
	for _, t := range tokens(s) {
		if !isSpace(t) {
			m[t]++
		}
	}
	return m
}

// minus holds what m has more of than n.
func (m tally) minus(n tally) tally {
	out := tally{}
	for t, c := range m {
		if c > n[t] {
			out[t] = c - n[t]
		}
	}
	return out
}

func (m tally) total() int {
	n := 0
	for _, c := range m {
		n += c
	}
	return n
}

func (m tally) any(is func(token) bool) bool {
	for t := range m {
		if is(t) {
			return true
		}
	}
	return false
}

// moves is what a side brought in and took out, in number.
type moves struct{ in, out tally }

func (c *conflict) moves() (ours, theirs moves) {
	b, o, t := count(c.base), count(c.ours), count(c.theirs)
	return moves{o.minus(b), b.minus(o)}, moves{t.minus(b), b.minus(t)}
}
