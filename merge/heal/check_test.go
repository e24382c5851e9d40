package heal

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	const base = "a = 1\nopen(file, old)\nz = 9\n"
	ours, theirs := strings.Replace(base, "file", "path", 1), strings.Replace(base, "old", "fresh, now", 1)
	for name, c := range map[string]struct{ base, ours, theirs, result, want string }{
		"both":              {base, ours, theirs, "a = 1\nopen(path, fresh, now)\nz = 9\n", ""},
		"spaced otherwise":  {base, ours, theirs, "a  =  1\r\n\r\n  open( path,fresh,now )\nz = 9", ""},
		"ours":              {base, ours, theirs, ours, "lost theirs 1 fresh, now|back theirs 1 old"},
		"theirs":            {base, ours, theirs, theirs, "lost ours 1 path|back ours 1 file"},
		"base":              {base, ours, theirs, base, "lost ours 1 path|lost theirs 1 fresh, now|back ours 1 file|back theirs 1 old"},
		"a line dropped":    {base, ours, theirs, "open(path, fresh, now)\nz = 9\n", "dropped neither 0 a = 1"},
		"a line more":       {base, ours, theirs, "a = 1\nopen(path, fresh, now)\nlog(it)\nz = 9\n", "new neither 2 log(it)"},
		"written twice":     {base, ours, theirs, "a = 1\nopen(path, fresh, now)\nopen(path, fresh, now)\nz = 9\n", "new neither 1 , fresh, now)|new neither 2 open(path"},
		"another order":     {base, ours, theirs, "z = 9\nopen(path, fresh, now)\na = 1\n", "moved neither 2 a"},
		"one word of two":   {"x = 1\n", "x = 2\n", "x = 3\n", "x = 3\n", "lost ours 0 2"},
		"a third word":      {"x = 1\n", "x = 2\n", "x = 3\n", "x = 5\n", "lost ours 0 2|lost theirs 0 3|new neither 0 5"},
		"the same on both":  {"x = 1\n", "x = 2\n", "x = 2\n", "x = 2\n", ""},
		"deleted on one":    {"x\ny\n", "y\n", "x\ny\nw\n", "y\nw\n", ""},
		"deleted, returned": {"x\ny\n", "y\n", "x\ny\nw\n", "x\ny\nw\n", "back ours 0 x"},
		"empty":             {"x\n", "x\ny\n", "x\nw\n", "", "lost ours 1 y|lost theirs 1 w|dropped neither 0 x"},
		"bytes":             {"\xff a\n", "\xff b\n", "\xff\x00 a\n", "\xff\x00 b\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, f := range Check([]byte(c.base), []byte(c.ours), []byte(c.theirs), []byte(c.result)) {
				got = append(got, fmt.Sprintf("%v %v %d %s", f.What, f.Side, f.Line, f.Text))
			}
			if s := strings.Join(got, "|"); s != c.want {
				t.Errorf("%q, not %q", s, c.want)
			}
		})
	}
}

// FuzzCheck: what Merge heals by itself has no finding, but for lines that it puts after each other;
// and swapping the sides swaps the findings.
func FuzzCheck(f *testing.F) {
	f.Add("a\nb\n", "A\nb\n", "a\nB\n", "A\nB\n")
	f.Add("a\nb\n", "a\n", "a\nb\nc\n", "x\n")
	f.Fuzz(func(t *testing.T, base, ours, theirs, result string) {
		b, o, th := []byte(base), []byte(ours), []byte(theirs)
		missing := map[string]int{}
		for _, x := range Check(b, o, th, []byte(result)) {
			if x.Text == "" || x.Line < 0 {
				t.Fatalf("%+v", x)
			}
			missing[fmt.Sprint(x.What, x.Side == Neither)]++
		}
		if len(missing) == 0 && !proven(base, ours, theirs, result) && len(base)+len(ours)+len(theirs)+len(result) < 1000 {
			t.Fatal("no finding, and not proven")
		}
		if len(missing) > 0 && proven(base, ours, theirs, result) {
			t.Fatalf("proven, and found %v", missing)
		}
	})
}

// TestCheckLarge: a file of which every line is new is no more work than reading it.
func TestCheckLarge(t *testing.T) {
	if testing.Short() {
		t.Skip("short: no large file is compared")
	}
	text := func(word string) []byte {
		var b strings.Builder
		for i := range 40_000 {
			fmt.Fprintf(&b, "%s%d is %d\n", word, i, i*7)
		}
		return []byte(b.String())
	}
	if found := Check(text("a"), text("b"), text("c"), text("d")); len(found) == 0 {
		t.Error("nothing found")
	}
}

func BenchmarkCheck(b *testing.B) {
	text, err := os.ReadFile("merge.go")
	if err != nil {
		b.Fatal(err)
	}
	ours := []byte(strings.Replace(string(text), "healing", "mending", 3))
	theirs := []byte(strings.Replace(string(text), "conflict", "clash", 3))
	for b.Loop() {
		Check(text, ours, theirs, ours)
	}
}
