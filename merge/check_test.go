package merge

import "testing"

// TestCheckTexts: what stands in the way of a comparison. A text about git, which has
// git's markers on both sides, is in conflict only by what it lost.
func TestCheckTexts(t *testing.T) {
	const left = "<<<<<<< ours\nx = 2\n=======\nx = 3\n>>>>>>> theirs\n"
	for name, c := range map[string]struct {
		base, ours, theirs, resolved string
		open, holds                  bool
		why                          string
	}{
		"resolved":             {"x\n", "x\ny\n", "w\nx\n", "w\nx\ny\n", false, true, ""},
		"still in conflict":    {"x = 1\n", "x = 2\n", "x = 3\n", left, true, false, ""},
		"long markers":         {"x = 1\n", "x = 2\n", "x = 3\n", "<<<<<<<<<< a\n==========\n>>>>>>>>>> b\n", true, false, ""},
		"a text about markers": {left, left + "more\n", "Read:\n" + left, "Read:\n" + left + "more\n", false, true, ""},
		"headings alone":       {"A\n=======\n", "A\n=======\nb\n", "A\n=======\n", "A\n=======\nb\n", false, true, ""},
		"binary":               {"x\n", "y\n", "z\n", "\x00", false, false, "binary file"},
	} {
		got := CheckTexts("f", [4][]byte{[]byte(c.base), []byte(c.ours), []byte(c.theirs), []byte(c.resolved)})
		if got.Open != c.open || got.Holds() != c.holds || got.Why != c.why {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
