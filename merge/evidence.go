package merge

import "strings"

// The checks below look for signs that two edits have more to do with each other than their places
// tell. They need no alignment and are the same with the sides swapped.

// tally counts the tokens of a text, blanks and ends of line aside.
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

// stale reports whether one side brings in a word that the other has taken out: what was renamed
// or removed on the one side is used anew on the other.
func stale(s *scene) bool {
	b, o, t := count(s.base), count(s.ours), count(s.theirs)
	return uses(o.minus(b), b.minus(t), t.minus(b)) || uses(t.minus(b), b.minus(o), o.minus(b))
}

func uses(added, gone, kept tally) bool {
	for w := range gone {
		if isWord(w[0]) && added[w] > 0 && kept[w] == 0 {
			return true
		}
	}
	return false
}

// bumped reports whether both sides put one number, version or date in the place of another.
func bumped(s *scene) bool {
	b, o, t := count(s.base), count(s.ours), count(s.theirs)
	return renumbers(b, o) && renumbers(b, t)
}

func renumbers(from, to tally) bool {
	return hasNumber(to.minus(from)) && hasNumber(from.minus(to))
}

func hasNumber(m tally) bool {
	for t := range m {
		if isDigit(t[0]) || t[0] == 'v' && len(t) > 1 && isDigit(t[1]) {
			return true
		}
	}
	return false
}

// doubled reports whether a line that says something stands more often in the result than in any of
// the three versions: both sides brought it in, at different places.
func doubled(s *scene, result string) bool {
	versions := []map[string]int{lineCounts(s.base), lineCounts(s.ours), lineCounts(s.theirs)}
	for l, n := range lineCounts(result) {
		if n > 1 && n > max(versions[0][l], versions[1][l], versions[2][l]) {
			return true
		}
	}
	return false
}

func lineCounts(s string) map[string]int {
	m := map[string]int{}
	for _, l := range splitLines(s) {
		if l = strings.TrimSpace(l); len(l) > 3 && hasWord([]string{l}) {
			m[l]++
		}
	}
	return m
}
