package text

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// nasty is text that a terminal acts on, or that is read in another order than
// it is written, and what it is printed as.
var nasty = []struct{ text, inert, quoted string }{
	{"", "", `""`},
	{"plain", "plain", `"plain"`},
	{"späß 日本語 👩‍💻 ❤️", "späß 日本語 👩‍💻 ❤️", `"späß 日本語 👩‍💻 ❤️"`},
	{"a\u200db\ufe0f c\u200d", `a\u200db\ufe0f c\u200d`, `"a\u200db\ufe0f c\u200d"`},
	{`a "b" \c`, `a "b" \c`, `"a \"b\" \\c"`},
	{"two\nlines\tand\r", `two\nlines\tand\r`, `"two\nlines\tand\r"`},
	{"\x1b[31mred\x07", `\x1b[31mred\x07`, `"\x1b[31mred\x07"`},
	{"\x00\x7f", `\x00\x7f`, `"\x00\x7f"`},
	{"\u009b2J", `\x9b2J`, `"\x9b2J"`},
	{"\u202egnp\u2066", `\u202egnp\u2066`, `"\u202egnp\u2066"`},
	{"\u2028\u2029\u200b\ufeff\u00ad", `\u2028\u2029\u200b\ufeff\xad`, `"\u2028\u2029\u200b\ufeff\xad"`},
	{"\U000e0041", `\U000e0041`, `"\U000e0041"`},
	{"a\ufe00\U000e0100\U000e01ef", `a\ufe00\U000e0100\U000e01ef`, `"a\ufe00\U000e0100\U000e01ef"`},
	{"\u115f\u3164\uffa0\u2800\u034f\u180b", `\u115f\u3164\uffa0\u2800\u034f\u180b`, `"\u115f\u3164\uffa0\u2800\u034f\u180b"`},
	{"caf\xe9", `caf\xe9`, `"caf\xe9"`},
	{"\ufffd", `\ufffd`, `"\ufffd"`},
}

func TestInert(t *testing.T) {
	for _, c := range nasty {
		if got := Inert(c.text); got != c.inert {
			t.Errorf("Inert(%q) = %s, want %s", c.text, got, c.inert)
		}
		if got := Quoted(c.text); got != c.quoted {
			t.Errorf("Quoted(%q) = %s, want %s", c.text, got, c.quoted)
		}
	}
	if got, want := Block("a\x1b\n\tb\r\n"), "a\\x1b\n\tb\\r\n"; got != want {
		t.Errorf("Block: %q, want %q", got, want)
	}
}

// FuzzInert: what is printed is one line with nothing that a terminal acts on,
// and quoted text ends where it says, so that it cannot be taken for ours.
func FuzzInert(f *testing.F) {
	for _, c := range nasty {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, text := range []string{Inert(s), Quoted(s), ShellWord(s)} {
			bad := func(r rune) bool {
				return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != 0x200d || r == 0x2028 || r == 0x2029 ||
					strings.ContainsRune("\u115f\u1160\u3164\uffa0\u2800\ufe00\ufe0e", r) || r >= 0xe0100 && r <= 0xe01ef
			}
			if strings.ContainsFunc(text, bad) || !utf8.ValidString(text) {
				t.Errorf("%q is printed as %q", s, text)
			}
			if Inert(text) != text {
				t.Errorf("%q is escaped twice", s)
			}
		}
		q := Quoted(s)
		if at := closing(q); at != len(q)-1 {
			t.Errorf("%q is quoted as %s, which ends at %d", s, q, at)
		}
		if back, err := strconv.Unquote(q); utf8.ValidString(s) && !strings.ContainsFunc(s, isC1) && (err != nil || back != s) {
			t.Errorf("%q is quoted as %s, which is %q (%v)", s, q, back, err)
		}
	})
}

// isC1 tells the characters whose escape reads as a byte.
func isC1(r rune) bool { return r >= 0x80 && r < 0x100 }

// closing is the index of the quote that ends the text quoted from the first on.
func closing(q string) int {
	for i := 1; i < len(q); i++ {
		switch q[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}

// FuzzJSON: JSON is one inert line, and the text in it comes back.
func FuzzJSON(f *testing.F) {
	for _, c := range nasty {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if alone, err := JSON(s); err != nil || string(AppendJSON(nil, s)) != alone {
			t.Errorf("%q is appended as %s, want %s (%v)", s, AppendJSON(nil, s), alone, err)
		}
		s = strings.ToValidUTF8(s, "?")
		line, err := JSON(map[string]string{"body": s})
		if err != nil {
			t.Fatal(err)
		}
		if line != Inert(line) {
			t.Errorf("%q is printed as %q", s, line)
		}
		var back map[string]string
		if err := json.Unmarshal([]byte(line), &back); err != nil || back["body"] != s {
			t.Errorf("%q came back as %q (%v)", s, back["body"], err)
		}
	})
}

func TestShellWord(t *testing.T) {
	for _, c := range []struct{ word, want string }{
		{"src/x.py", "src/x.py"},
		{":/a", ":/a"},
		{"", "''"},
		{"a b", "'a b'"},
		{"it's", `'it'\''s'`},
		{"$(rm -rf .)", "'$(rm -rf .)'"},
		{"a;b", "'a;b'"},
		{"~", "'~'"},
		{"*", "'*'"},
		{"späß", "späß"},
		{"a\nb", `'a\nb'`},
	} {
		if got := ShellWord(c.word); got != c.want {
			t.Errorf("ShellWord(%q) = %s, want %s", c.word, got, c.want)
		}
	}
}
