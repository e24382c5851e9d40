package linemerge

import "strings"

// Text is a file cut into lines, each with its end of line. Lines of the three files that are equal
// to the byte share one id, so that the rest of the package compares numbers.
type Text struct {
	whole string
	from  []int // where in whole each line begins, and behind them its length
	lines []string
	ids   []int32
}

// newText splits s after each line feed. A last line without one is a line; an empty file has none.
// Where the line that follows in another version is the same, it is not looked up: most are.
func newText(in *Interner, s string, other Text) Text {
	n := strings.Count(s, "\n") + 1
	t := Text{whole: s, from: make([]int, 1, n+1), lines: make([]string, 0, n), ids: make([]int32, 0, n)}
	next := 0 // in the other version
	for at := 0; at < len(s); {
		end := at + strings.IndexByte(s[at:], '\n') + 1
		if end == at {
			end = len(s)
		}
		line, id := s[at:end], int32(0)
		if next < len(other.lines) && other.lines[next] == line {
			id = other.ids[next]
		} else if id = in.ID(line); int(id) < len(in.first) && len(other.lines) > 0 {
			next = in.first[id]
		}
		if len(other.lines) == 0 && int(id) == len(in.first) {
			in.first = append(in.first, len(t.lines))
		}
		next++
		t.lines, t.ids, t.from = append(t.lines, line), append(t.ids, id), append(t.from, end)
		at = end
	}
	return t
}

// Join returns the lines of s as they are in the file.
func (t Text) Join(s Span) string { return t.whole[t.from[s.From]:t.from[s.To]] }

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
	ids   map[string]int32
	first []int // of the lines of the first text, where each stands first
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
