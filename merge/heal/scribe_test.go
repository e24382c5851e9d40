package heal

import (
	"math/rand/v2"
	"strings"
)

// scribe writes files of few distinct words, and changes them here and there.
type scribe struct {
	*rand.Rand
	words int
}

// prose makes lines of a few words with some punctuation.
func (s scribe) prose(lines int) []string {
	marks := []string{" ", " ", " ", ", ", "(", ") ", " = ", ".", "\t", "1.2 "}
	out := make([]string, lines)
	for i := range out {
		var b strings.Builder
		for range 1 + s.IntN(6) {
			b.WriteString(string(rune('a'+s.IntN(s.words))) + marks[s.IntN(len(marks))])
		}
		out[i] = b.String() + "\n"
	}
	return out
}

// retouch changes some lines, or words in them.
func (s scribe) retouch(base []string, rate float64) []byte {
	var out strings.Builder
	for _, l := range base {
		switch r := s.Float64() / rate; {
		case r < 0.2:
			out.WriteString(s.prose(1)[0])
		case r < 0.3:
		case r < 0.5:
			out.WriteString(l + strings.Join(s.prose(1+s.IntN(2)), ""))
		case r < 1:
			words := tokens(l)
			words[s.IntN(len(words))] = string(rune('a' + s.IntN(s.words)))
			out.WriteString(strings.Join(words, ""))
		default:
			out.WriteString(l)
		}
	}
	return []byte(out.String())
}
