package merge

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// crowd is a branch topic and what is checked out, with many files that both
// have changed at random.
func crowd(t *testing.T, seed uint64) (c *checkout, names []string) {
	t.Helper()
	c = newCheckout(t)
	s := scribe{rand.New(rand.NewPCG(7, seed))}
	bases := map[string][]string{}
	for i := range 40 {
		name := fmt.Sprintf("f%02d", i)
		names = append(names, name)
		bases[name] = s.file(3 + s.IntN(30))
	}
	save := func(subject string, rate float64) {
		for _, name := range names {
			lines := bases[name]
			if rate > 0 {
				lines = s.edit(lines, rate)
			}
			c.Write(name, strings.Join(lines, ""))
		}
		c.Commit(subject)
	}
	save("base", 0)
	c.Git("branch", "topic")
	save("ours", 0.12)
	c.Git("checkout", "-q", "topic")
	save("theirs", 0.12)
	c.Git("checkout", "-q", "main")
	return c, names
}

// scribe makes files of few distinct lines, and changes them here and there.
type scribe struct{ *rand.Rand }

func (s scribe) file(n int) []string {
	lines := make([]string, n)
	for i := range lines {
		lines[i] = fmt.Sprintf("%d\n", s.IntN(30))
	}
	return lines
}

func (s scribe) edit(base []string, rate float64) []string {
	var out []string
	for _, line := range base {
		switch r := s.Float64() / rate; {
		case r < 0.4:
			out = append(out, s.file(1)...)
		case r < 0.7: // taken out
		case r < 1:
			out = append(append(out, line), s.file(1+s.IntN(4))...)
		default:
			out = append(out, line)
		}
	}
	return out
}
