package linemerge

import "strings"

// Text is a file cut into lines, each with its end of line. Lines of the three files that are equal
// to the byte share one id, so that the rest of the package compares numbers.
type Text struct {
	lines []string
	ids   []int32
}

// newText splits s after each line feed. A last line without one is a line; an empty file has none.
func newText(in *Interner, s string) Text {
	n := strings.Count(s, "\n") + 1
	t := Text{lines: make([]string, 0, n), ids: make([]int32, 0, n)}
	for len(s) > 0 {
		i := strings.IndexByte(s, '\n') + 1
		if i == 0 {
			i = len(s)
		}
		t.lines = append(t.lines, s[:i])
		t.ids = append(t.ids, in.ID(s[:i]))
		s = s[i:]
	}
	return t
}

// Join returns the lines of s as they are in the file.
func (t Text) Join(s Span) string { return strings.Join(t.lines[s.From:s.To], "") }

// Len is the number of lines.
func (t Text) Len() int { return len(t.lines) }

// Span is the lines from From up to but without To, counted from 0.
type Span struct{ From, To int }

// Empty reports whether there is no line in s: then it is a place between two lines.
func (s Span) Empty() bool { return s.From == s.To }

// Len is the number of lines in s.
func (s Span) Len() int { return s.To - s.From }

func (s Span) append(places []int) []int {
	for i := s.From; i < s.To; i++ {
		places = append(places, i)
	}
	return places
}

func (s Span) shift(by int) Span { return Span{s.From + by, s.To + by} }

// Interner numbers distinct strings from 0.
type Interner struct {
	ids map[string]int32
}

// NewInterner returns one that has no strings yet.
func NewInterner() *Interner { return &Interner{ids: make(map[string]int32)} }

// ID is the number of s.
func (in *Interner) ID(s string) int32 {
	id, ok := in.ids[s]
	if !ok {
		id = int32(len(in.ids))
		in.ids[s] = id
	}
	return id
}

// Len is how many distinct strings there are.
func (in *Interner) Len() int { return len(in.ids) }
