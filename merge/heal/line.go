package heal

import "strings"

// text is a file cut into lines, each with its end of line. Lines of the three files that are
// equal to the byte share one id, so that the rest of the package compares numbers.
type text struct {
	lines []string
	ids   []int32
}

// interner numbers distinct lines from 0.
type interner struct {
	ids map[string]int32
}

func newInterner() *interner { return &interner{ids: make(map[string]int32)} }

func (in *interner) id(s string) int32 {
	id, ok := in.ids[s]
	if !ok {
		id = int32(len(in.ids))
		in.ids[s] = id
	}
	return id
}

// cut splits s after each line feed. A last line without one is a line; an empty file has none.
func (in *interner) cut(s string) text {
	n := strings.Count(s, "\n") + 1
	t := text{lines: make([]string, 0, n), ids: make([]int32, 0, n)}
	for len(s) > 0 {
		i := strings.IndexByte(s, '\n') + 1
		if i == 0 {
			i = len(s)
		}
		t.lines = append(t.lines, s[:i])
		t.ids = append(t.ids, in.id(s[:i]))
		s = s[i:]
	}
	return t
}

// span is the lines [from, to) of one file.
type span struct{ from, to int }

func (s span) empty() bool { return s.from == s.to }
func (s span) len() int    { return s.to - s.from }

// lines is s in a Region.
func (s span) lines() Span { return Span{s.from, s.to} }

func (t text) join(s span) string { return strings.Join(t.lines[s.from:s.to], "") }
