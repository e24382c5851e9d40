package text

import (
	"strings"
	"testing"

	"github.com/rivo/uniseg"
)

// TestCut: no text is wider than it may be, whatever it is made of.
func TestCut(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{
		{"abc", 3, "abc"},
		{"abcd", 3, "ab…"},
		{"abcd", 1, "…"},
		{"日本語", 6, "日本語"},
		{"日本語", 5, "日本…"},
		{"日本語", 4, "日…"},
		{"", 0, ""},
		{"e\u0301e\u0301e\u0301", 2, "e\u0301…"},
		{"👩‍🚀👩‍🚀", 3, "👩‍🚀…"},
	} {
		if got := Cut(c.text, c.width); got != c.want {
			t.Errorf("%q in %d is %q, not %q", c.text, c.width, got, c.want)
		}
		l := Line{{Text: "x"}, {Text: c.text, Colour: Red}, {Text: "y"}}
		for width := 1; width < 12; width++ {
			short := l.Cut(width)
			if short.Width() > width || (l.Width() > width) != strings.HasSuffix(short[len(short)-1].Text, "…") {
				t.Errorf("%q in %d is %q", l, width, short)
			}
		}
	}
}

// TestCutMiddle: the end of a line is kept, for there stands what to run next.
func TestCutMiddle(t *testing.T) {
	line := `#3 from A: "a long story, and at its end: git swarm review show 4"`
	for width := 1; width < 90; width++ {
		got := CutMiddle(line, width)
		if w := (Line{{Text: got}}).Width(); w > width || width >= 60 && !strings.HasSuffix(got, `git swarm review show 4"`) {
			t.Errorf("in %d columns it is %q", width, got)
		}
		if width < len(line) != strings.Contains(got, "…") {
			t.Errorf("in %d columns it is %q", width, got)
		}
		if wide := CutMiddle("日本語日本語日本語日本語", width); (Line{{Text: wide}}).Width() > width {
			t.Errorf("in %d columns it is %q", width, wide)
		}
	}
}

// Text of one byte a character is as wide as it is long; other text is not.
func TestDisplayWidth(t *testing.T) {
	for s, want := range map[string]int{"": 0, "plain ~": 7, "é": 1, "日本": 4, "a\u0301": 1} {
		if got := displayWidth(s); got != want || got != uniseg.StringWidth(s) {
			t.Errorf("%q is %d wide, not %d", s, got, want)
		}
	}
}
