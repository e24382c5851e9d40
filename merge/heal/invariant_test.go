package heal

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/merge/heal/linemerge"
)

// invariant checks a merge with means other than the package's own: counting, and longest common
// subsequences by the textbook's table.
func invariant(t testing.TB, base, ours, theirs []byte, opts Options) {
	t.Helper()
	r := Merge(base, ours, theirs, opts)
	remain, moved := 0, false
	for _, g := range r.Regions {
		if g.Why != NotRefused {
			remain++
			continue
		}
		if g.Rule == "moved" {
			moved = true
			continue
		}
		b, o, th := cutLines(base, g.Base), cutLines(ours, g.Ours), cutLines(theirs, g.Theirs)
		text := g.Text
		if g.Rule == "renamed" {
			c := &conflict{base: b, ours: o, theirs: th, baseFile: string(base), oursFile: string(ours), theirsFile: string(theirs)}
			o, th, text = underOldNames(t, c, text)
		}
		if why := lostOrBent(b, o, th, text); why != "" {
			t.Fatalf("%s: %s\nbase   %q\nours   %q\ntheirs %q\nhealed %q", g.Rule, why, b, o, th, g.Text)
		}
	}
	if moved {
		followed(t, base, ours, theirs, r)
	}
	if remain != r.Conflicts {
		t.Fatalf("%d conflicts counted, %d reported", remain, r.Conflicts)
	}
	if remain < len(r.Regions) {
		wholeFile(t, base, ours, theirs, r)
	}
	swapped := Merge(base, theirs, ours, Options{Path: opts.Path, Level: opts.Level, Format: linemerge.Format{Style: opts.Format.Style}})
	sameSwapped(t, r, swapped)
	if remain == len(r.Regions) && remain > 0 && r.Regions[0].Why != Binary {
		off := opts
		off.Level = Off
		if plain := Merge(base, ours, theirs, off); !bytes.Equal(plain.Text, r.Text) {
			t.Fatalf("nothing healed, and yet %q is not git's %q", r.Text, plain.Text)
		}
	}
}

// followed checks a file in which an edit follows the block that the other side moved: its words are those of both
// sides' edits, and one side, which moved the block, has all in the order that it is in.
func followed(t testing.TB, base, ours, theirs []byte, r Result) {
	t.Helper()
	if r.Conflicts > 0 {
		t.Fatalf("an edit is out of sight of who resolves the rest of %q", r.Text)
	}
	b, o, th, text := words0(string(base)), words0(string(ours)), words0(string(theirs)), words0(string(r.Text))
	cb, co, ct, cr := count(string(base)), count(string(ours)), count(string(theirs)), count(string(r.Text))
	for _, w := range append(append(slices.Clone(o), th...), append(b, text...)...) {
		both := co[w] + ct[w] - cb[w]
		if low, high := min(both, max(co[w], ct[w])), max(both, min(co[w], ct[w])); cr[w] < low || cr[w] > high {
			t.Fatalf("%q stands %d times in %q, of %q and %q", w, cr[w], r.Text, ours, theirs)
		}
	}
	asOurs := len(o)-longestCommon(o, text) <= len(b)-longestCommon(b, th)
	asTheirs := len(th)-longestCommon(th, text) <= len(b)-longestCommon(b, o)
	if !asOurs && !asTheirs {
		t.Fatalf("the order of both sides is disturbed in %q", r.Text)
	}
}

// One of several definitions is moved, and some lines are replaced in them by the other side, one in it for certain.
func TestInvariantOfMoves(t *testing.T) {
	const rounds = 300
	healed := 0
	for i := range rounds {
		s := scribe{rand.New(rand.NewPCG(3, uint64(i))), 12}
		blocks := make([][]string, 4+s.IntN(4))
		for j := range blocks {
			blocks[j] = []string{fmt.Sprintf("func f%d() {\n", j)}
			for k := range 3 + s.IntN(3) {
				blocks[j] = append(blocks[j], fmt.Sprintf("\tcall(a%d, b%d, %d)\n", s.IntN(9), s.IntN(9), 10*j+k))
			}
			blocks[j] = append(blocks[j], "}\n", "\n")
		}
		join := func(blocks [][]string) []byte {
			return []byte("package p\n\n" + strings.Join(slices.Concat(blocks...), ""))
		}
		from, to := s.IntN(len(blocks)), s.IntN(len(blocks))
		moved := slices.Insert(slices.Delete(slices.Clone(blocks), from, from+1), min(to, len(blocks)-1), blocks[from])
		edited := slices.Clone(blocks)
		for j := range edited {
			if j == from || s.IntN(4) == 0 {
				edited[j] = slices.Clone(edited[j])
				at := 1 + s.IntN(3)
				edited[j][at] = strings.Replace(edited[j][at], "call(", fmt.Sprintf("call(c%d, ", s.IntN(9)), 1)
			}
		}
		sides := [2][]byte{join(moved), join(edited)}
		for k := range sides {
			opts := Options{Path: "a.js", Level: Both}
			invariant(t, join(blocks), sides[k], sides[1-k], opts)
			for _, g := range Merge(join(blocks), sides[k], sides[1-k], opts).Regions {
				if g.Rule == "moved" {
					healed++
				}
			}
		}
	}
	if healed < rounds/3 {
		t.Errorf("only %d edits followed in %d rounds: the test tests nothing", healed, rounds)
	}
}

// underOldNames takes the new names back, by words alone: then what holds for other heals holds for this, too.
// No old name may be left.
func underOldNames(t testing.TB, c *conflict, text string) (ours, theirs, healed string) {
	t.Helper()
	back := map[string]string{}
	for from, to := range c.underOldNames().names {
		back[to] = from
		if slices.Contains(tokens(text), from) {
			t.Fatalf("%q is left in %q, where it became %q", from, text, to)
		}
	}
	spell := func(s string) string {
		words := tokens(s)
		for i, w := range words {
			if from, ok := back[w]; ok {
				words[i] = from
			}
		}
		return strings.Join(words, "")
	}
	return spell(c.ours), spell(c.theirs), spell(text)
}

// The other side's new uses of a renamed name are renamed, and nothing else is.
func TestInvariantOfRenames(t *testing.T) {
	base, ours := "a(old)\nb(old)\n", "a(fresh)\nb(fresh)\n"
	for _, theirs := range []string{"a(old, c)\nb(old)\n", "a(old)\nd(old)\nb(old)\n", "a(old, c)\ne(old)\nb(f, old)\n"} {
		for _, s := range [2][2]string{{ours, theirs}, {theirs, ours}} {
			opts := Options{Path: "a.js"}
			invariant(t, []byte(base), []byte(s[0]), []byte(s[1]), opts)
			r := Merge([]byte(base), []byte(s[0]), []byte(s[1]), opts)
			if want := strings.ReplaceAll(theirs, "old", "fresh"); string(r.Text) != want || r.Regions[0].Rule != "renamed" {
				t.Errorf("%q: %+v", r.Text, r.Regions)
			}
		}
	}
}

// wholeFile checks what is promised of a file in which something was healed: no line that both sides
// brought in stands there more often than on either side, but in definitions of both, and line ends of one kind stay of one kind.
func wholeFile(t testing.TB, base, ours, theirs []byte, r Result) {
	t.Helper()
	kinds := func(b []byte) int {
		crlf, all := strings.Count(string(b), "\r\n"), strings.Count(string(b), "\n")
		return min(crlf, 1) + 2*min(all-crlf, 1)
	}
	if o, th := kinds(ours), kinds(theirs); o != 3 && th != 3 && (r.Conflicts == 0 && kinds(r.Text) == 3 || o+th == 3) { // a conflict may show the base's
		t.Fatalf("line ends are mixed in %q, of %q and %q", r.Text, ours, theirs)
	}
	if r.Conflicts > 0 {
		return
	}
	inBase, inOurs, inTheirs := lineCounts(string(base)), lineCounts(string(ours)), lineCounts(string(theirs))
	within := map[string]int{} // definitions of both sides
	for _, g := range r.Regions {
		if g.Rule == "defined" {
			byTheirs := lineCounts(cutLines(theirs, g.Theirs))
			for l, n := range lineCounts(cutLines(ours, g.Ours)) {
				within[l] += min(n, byTheirs[l])
			}
		}
	}
	for l, n := range lineCounts(string(r.Text)) {
		if inBase[l] == 0 && inOurs[l] > 0 && inTheirs[l] > 0 && n > max(inOurs[l], inTheirs[l])+within[l] {
			t.Fatalf("%q stands %d times in %q, of %q and %q", l, n, r.Text, ours, theirs)
		}
	}
}

func sameSwapped(t testing.TB, r, swapped Result) {
	t.Helper()
	if len(r.Regions) != len(swapped.Regions) {
		return // git's own regions depend on the side where a change can be shown at two places
	}
	for i, g := range r.Regions {
		h := swapped.Regions[i]
		if g.Ours != h.Theirs || g.Theirs != h.Ours || g.Base != h.Base || ofFile(g.Why) || ofFile(h.Why) {
			continue
		}
		a, b := g.Text, h.Text
		if g.OursFirst {
			a, b = sortLines(a), sortLines(b)
		}
		if g.Rule != h.Rule || a != b {
			t.Fatalf("swapped: %q by %q, else %q by %q", b, h.Rule, a, g.Rule)
		}
	}
}

// ofFile reports whether all heals of a file were taken back: then that depends on the others.
func ofFile(why Reason) bool {
	return why == Broken || why == Doubled || why == LineEnds || why == Names
}

// sortLines leaves out of account what the last line has not: a line end, and in a list the comma.
func sortLines(s string) string {
	l := strings.Split(strings.TrimSuffix(s, "\n"), "\n")
	for i := range l {
		l[i] = strings.TrimRight(l[i], ",\r")
	}
	slices.Sort(l)
	return strings.Join(l, "\n")
}

func cutLines(b []byte, s linemerge.Span) string {
	return strings.Join(strings.SplitAfter(string(b), "\n")[s.From:s.To], "")
}

func lostOrBent(base, ours, theirs, result string) string {
	b, o, th, r := words0(base), words0(ours), words0(theirs), words0(result)
	cb, co, ct, cr := count(base), count(ours), count(theirs), count(result)
	for _, w := range append(append(slices.Clone(o), th...), append(b, r...)...) {
		switch nb, no, nt, nr := cb[w], co[w], ct[w], cr[w]; {
		case no > nb && nt >= nb && nr < max(no, nt), nt > nb && no >= nb && nr < max(no, nt):
			return fmt.Sprintf("added %q is lost", w)
		case no < nb && nt == nb && nr > no, nt < nb && no == nb && nr > nt:
			return fmt.Sprintf("removed %q is back", w)
		case nr > no+nt:
			return fmt.Sprintf("%q comes from nowhere", w)
		}
	}
	if len(o)-longestCommon(o, r) > len(b)-longestCommon(b, th) || len(th)-longestCommon(th, r) > len(b)-longestCommon(b, o) {
		return "the order of a side is disturbed"
	}
	return ""
}

func words0(s string) []string {
	return slices.DeleteFunc(tokens(s), isSpace)
}

// longestCommon is the length of a longest common subsequence.
func longestCommon(a, b []string) int {
	row := make([]int, len(b)+1)
	for _, x := range a {
		last := 0
		for j, y := range b {
			above := row[j+1]
			if x == y {
				row[j+1] = last + 1
			} else {
				row[j+1] = max(row[j+1], row[j])
			}
			last = above
		}
	}
	return row[len(b)]
}

func TestInvariantOnGeneratedFiles(t *testing.T) {
	rounds := 4000
	if testing.Short() {
		rounds = 500
	}
	if s := os.Getenv("MERGE_ROUNDS"); s != "" {
		rounds, _ = strconv.Atoi(s)
	}
	paths := []string{"a.txt", "a.py", "a.go", "a.json", ".gitignore"}
	healed := 0
	for i := range rounds {
		s := scribe{rand.New(rand.NewPCG(2, uint64(i))), 3 + i%24}
		lines, rate := s.prose(1+s.IntN(8)), 0.05+0.5*s.Float64()
		base := []byte(strings.Join(lines, ""))
		ours, theirs := s.retouch(lines, rate), s.retouch(lines, rate)
		opts := Options{Path: paths[i%len(paths)], Level: Wide, Format: linemerge.Format{Style: linemerge.Style(i % 3)}}
		invariant(t, base, ours, theirs, opts)
		for _, g := range Merge(base, ours, theirs, opts).Regions {
			if g.Why == NotRefused {
				healed++
			}
		}
	}
	if healed < rounds/20 {
		t.Errorf("only %d heals in %d rounds: the test tests nothing", healed, rounds)
	}
}

func FuzzMerge(f *testing.F) {
	f.Add([]byte("a\nb\n"), []byte("a1\nb\n"), []byte("a\nb2\n"), byte(0))
	f.Add([]byte("f(a, b, c, d)\r\n"), []byte("f(A, b, c, d)\r\n"), []byte("f(a, b, c, D)"), byte(1))
	f.Add([]byte("import a\n"), []byte("import a\nimport b\n"), []byte("import a\nimport c\n"), byte(7))
	f.Add([]byte("\xff\x00\n"), []byte("\xff\n"), []byte("\n"), byte(5))
	f.Add([]byte("a: 1\nb: 2\n"), []byte("a: 2\nb: 2\n"), []byte("a: 1\nb: 3\n"), byte(9))
	f.Add([]byte("x\n"), []byte("x\ndef test_a():\n    b = c(1)\n    d(b)\n"), []byte("x\ndef test_e():\n    b = c(1)\n    f(b, 2)\n"), byte(20))
	for _, m := range movedCases() {
		base, mover, editor, _ := m.files()
		f.Add([]byte(base), []byte(mover), []byte(editor), byte(0))
	}
	for _, c := range broughtInTwice {
		f.Add([]byte(c[0]), []byte(c[1]), []byte(c[2]), byte(0))
	}
	f.Fuzz(func(t *testing.T, base, ours, theirs []byte, how byte) {
		if len(base)+len(ours)+len(theirs) > 1<<12 {
			return
		}
		paths := []string{"", "a.go", "a.json", "a.yaml", "a.toml", "a.py", ".gitignore"}
		invariant(t, base, ours, theirs, Options{
			Path: paths[int(how>>2)%len(paths)], Level: Wide, Format: linemerge.Format{Style: linemerge.Style(how & 3 % 3)},
		})
	})
}

// broughtInTwice are base, ours and theirs in which both sides brought in one line, at two places.
var broughtInTwice = [][3]string{
	{"a {\n  one(x)\n  two(y)\n\n  mid\n  end\n}\n", "a {\n  call(this)\n  one(xx)\n  two(y)\n\n  mid\n  end\n}\n", "a {\n  one(x)\n  two(yy)\n\n  mid\n  call(this)\n  end\n}\n"},
	{"k\na one\nb two\nm\nn\no\nz\n", "k\na 1one\nb two\nm\nn\nmore of it\no\nz\n", "more of it\nk\na one\nb 2two\nm\nn\no\nz\n"},
}

// TestInvariantSees: what the checks of generated and of fuzzed files are for, they see.
func TestInvariantSees(t *testing.T) {
	base, ours, theirs := "f(a, b, c)\n", "f(A, b, c)\n", "f(a, b, C)\n"
	for _, c := range []struct{ result, want string }{
		{"f(A, b, C)\n", ""},
		{"f(A, b)\n", "added \"C\" is lost"},
		{"f(A, a, b, C)\n", "removed \"a\" is back"},
		{"f(A, b, b, b, C)\n", "\"b\" comes from nowhere"},
		{"f(b, A, C)\n", "the order of a side is disturbed"},
	} {
		if got := lostOrBent(base, ours, theirs, c.result); got != c.want {
			t.Errorf("%q: %q, want %q", c.result, got, c.want)
		}
	}
	for _, c := range broughtInTwice {
		if r := Merge([]byte(c[0]), []byte(c[1]), []byte(c[2]), Options{Level: Wide}); r.Conflicts != 1 || r.Regions[0].Why != Doubled {
			t.Errorf("%q: %+v", c, r)
		}
	}
}

// What a rule gets wrong is refused, whatever the rule.
func TestProvenRefuses(t *testing.T) {
	base, ours, theirs, good := "f(a, b, c)\n", "f(A, b, c)\n", "f(a, b, C)\n", "f(A, b, C)\n"
	if !proven(base, ours, theirs, good) {
		t.Fatal("a merge that carries out both edits is refused")
	}
	for _, bad := range []string{ours, theirs, base, "f(A, C, b)\n", "f(A, b, C, c)\n", "f(A, b, C, D)\n", "f(A, b, C))\n", "", "f(a, A, b, C)\n"} {
		if proven(base, ours, theirs, bad) {
			t.Errorf("%q is proven", bad)
		}
	}
}

// A rule that makes something else of the conflict with the sides swapped is refused, although its text
// carries out both edits; one that puts ours first must at least make the same lines.
func TestSidedRuleIsRefused(t *testing.T) {
	base, ours, theirs := "k\nz\n", "k\na\nz\n", "k\nb\nz\n"
	oursFirst := func(c *conflict) (string, bool) {
		return "k\n" + c.lines().text(c.lines().x[0].with) + c.lines().text(c.lines().y[0].with) + "z\n", true
	}
	for ordered, want := range map[bool]Reason{false: Unproven, true: NotRefused} {
		c := &conflict{base: base, ours: ours, theirs: theirs}
		r := rule{name: "ours first", heal: oursFirst, ordered: ordered}
		text, _ := oursFirst(c)
		if got := objection(c, r, text); got != want {
			t.Errorf("ordered %v: %v, want %v", ordered, got, want)
		}
	}
}

func FuzzAlign(f *testing.F) {
	f.Add("abcd", "axcd")
	f.Add("", "\xff\xff")
	f.Fuzz(func(t *testing.T, a, b string) {
		if len(a)+len(b) > 1<<10 {
			return
		}
		base, side := ids(a), ids(b)
		e, ok := align(base, side)
		if !ok {
			t.Fatal("too much work")
		}
		if got := render(base, linemerge.Span{From: 0, To: len(base)}, e); !slices.Equal(got, side) {
			t.Errorf("edits %v lead to %v", e, got)
		}
	})
}

// ids spreads bytes over the ids, across the hole that surrogates leave among runes.
func ids(s string) []int32 {
	out := make([]int32, len(s))
	for i := range s {
		out[i] = int32(s[i])*7 + 0xD400
	}
	return out
}

func TestRunesAvoidSurrogates(t *testing.T) {
	r, ok := runes([]int32{0, 0xD7FE, 0xD7FF, 0xE000})
	if want := []rune{1, 0xD7FF, 0xE000, 0xE801}; !ok || !slices.Equal(r, want) {
		t.Errorf("%x, want %x", r, want)
	}
	if _, ok := runes([]int32{0x110000}); ok {
		t.Error("an id beyond the last rune is taken")
	}
}

func TestTokensAreTheText(t *testing.T) {
	for _, s := range []string{"", "a", "v1.2.3-rc.1 at 2024-05-01.", "x+=\t\tfoo_bar(é\xff)\r\n\r", "1..2", "10-"} {
		if got := strings.Join(tokens(s), ""); got != s {
			t.Errorf("%q became %q", s, got)
		}
	}
	if got := tokens("v1.2.3-rc.1."); len(got) != 2 {
		t.Errorf("a version is %q", got)
	}
}
