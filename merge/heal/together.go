package heal

import (
	"cmp"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// together returns the rule for lines of one kind that both sides brought in at the same place. Each
// side's must be whole in themselves, and about something of their own; and none may look like one of the
// other side's, unless lines of this kind are alike by nature. Lines that end in an annotation or a comment, which
// belongs to the line below, stay above it. Where the lines around are sorted, so is the result; else ours come first.
func together(kind func(c *conflict, lines []string) bool, alike bool) func(*conflict) (string, bool) {
	return func(c *conflict) (string, bool) {
		p := c.lines()
		met := false
		text, ok := p.weave(0, func(g group) ([]int32, bool) {
			t, ok := p.broughtIn(g)
			if !ok || met {
				return nil, false
			}
			met = true
			a, b := t.said(p, t.ours), t.said(p, t.theirs)
			switch {
			case len(a) == 0 || len(b) == 0, !kind(c, a) || !kind(c, b):
				return nil, false
			case t.comma != "" && (!areEntries(c, a) || !areEntries(c, b) || !haveKeys(a) || !haveKeys(b)):
				return nil, false
			case !closed(a, p.text(t.ours)) || !closed(b, p.text(t.theirs)):
				return nil, false
			case related(a, b, alike) || !alike && oneThing(a, b) && !ownNumbers(a, b), c.importSame(a, b):
				return nil, false
			}
			above := c.lineAbove(p, g)
			textA, textB := p.text(t.ours), p.text(t.theirs)
			if !c.joinable(above, a, b, textA, textB) || !c.exclusive(above, a, b) || !c.separate(p, g, above, a, b, textA, textB) {
				return nil, false
			}
			ours, theirs := p.joined(t)
			oursLast, theirsLast := leads(a, p.text(t.ours)) || c.endsBlock(a, b), leads(b, p.text(t.theirs)) || c.endsBlock(b, a)
			c.settled = oursLast || theirsLast
			switch {
			case oursLast && theirsLast:
				return nil, false
			case oursLast:
				return slices.Concat(t.head, theirs, ours), true
			case theirsLast:
				return slices.Concat(t.head, ours, theirs), true
			}
			if sorted, ok := p.sort(ours, theirs, c.above, c.below); ok && t.comma == "" {
				return sorted, true
			}
			return slices.Concat(t.head, ours, theirs), true
		})
		return text, ok && met
	}
}

// insertions are lines that both sides brought in at one place: at the end of a list, maybe, where both gave
// the entry before them, head, the comma that it needs now.
type insertions struct {
	head, ours, theirs []int32
	comma              string
}

func (p *pieces) broughtIn(g group) (t insertions, ok bool) {
	if len(g.ours) != 1 || len(g.theirs) != 1 || g.ours[0].at != g.at || g.theirs[0].at != g.at {
		return t, false
	}
	ours, theirs := g.ours[0].with, g.theirs[0].with
	if g.at.Empty() {
		return insertions{ours: ours, theirs: theirs}, true
	}
	if g.at.Len() != 1 || len(ours) < 2 || len(theirs) < 2 || ours[0] != theirs[0] {
		return t, false
	}
	text, end := cutEnd(p.names[p.base[g.at.From]])
	return insertions{ours[:1], ours[1:], theirs[1:], ","}, p.names[ours[0]] == text+","+end
}

// joined is both insertions, ours with the comma and the line end that it needs before theirs.
func (p *pieces) joined(t insertions) (ours, theirs []int32) {
	a, endA := cutEnd(p.names[t.ours[len(t.ours)-1]])
	b, endB := cutEnd(p.names[t.theirs[len(t.theirs)-1]])
	return p.endIn(t.ours, a+t.comma+cmp.Or(endA, endB)), p.endIn(t.theirs, b+cmp.Or(endB, endA))
}

// endIn puts a line in the place of the last.
func (p *pieces) endIn(lines []int32, line string) []int32 {
	if p.names[lines[len(lines)-1]] == line {
		return lines
	}
	p.names = append(p.names, line)
	return append(slices.Clone(lines[:len(lines)-1]), int32(len(p.names)-1))
}

// cutEnd cuts a line in two before its end.
func cutEnd(line string) (text, end string) {
	text = strings.TrimRight(line, "\r\n")
	return text, line[len(text):]
}

// said returns the lines that are not blank, the last with the comma that it would have before another.
func (t insertions) said(p *pieces, ids []int32) []string {
	out := p.words(ids)
	if n := len(out); n > 0 && t.comma != "" {
		text, end := cutEnd(out[n-1])
		out[n-1] = text + t.comma + end
	}
	return out
}

// related reports whether two insertions share a line that says something, or the name that an outer line
// is about. Names within blocks are the blocks' own.
func related(a, b []string, alike bool) bool {
	seen := map[string]bool{}
	for _, s := range subjects(a, alike) {
		seen[s] = true
	}
	return slices.ContainsFunc(subjects(b, alike), func(s string) bool { return seen[s] })
}

// subjects are lines, and the names that the outermost of them are about. A line of a few marks is none, nor is one
// that underlines.
func subjects(lines []string, alike bool) []string {
	var out []string
	outer := outermost(lines)
	for _, l := range lines {
		text := strings.TrimSpace(l)
		if len(text) <= 3 || isUnderline(text) {
			continue
		}
		if out = append(out, text); indent(l) == outer {
			if name := about(text, alike); name != "" {
				out = append(out, name)
			}
		}
	}
	return out
}

// outermost is the least indentation.
func outermost(lines []string) string {
	outer := indent(lines[0])
	for _, l := range lines {
		if in := indent(l); len(in) < len(outer) {
			outer = in
		}
	}
	return outer
}

// about is what a line defines: what stands before its first colon, equals sign or bracket. A call is about its
// first argument, too, if that is a key or a name; an import of names about what they are from, and a condition
// about nothing. Where lines are alike by nature, many calls and statements begin with the same name: then it is
// the first text in quotes.
func about(l string, alike bool) string {
	l = strings.TrimPrefix(l, ":")
	i := strings.IndexAny(l, ":=({")
	switch {
	case i == 0:
		first, _, _ := strings.Cut(l, ",")
		return quoted().FindString(first)
	case i < 0:
		return strings.TrimSuffix(l, ",")
	}
	name := strings.Trim(strings.TrimSpace(accessor().ReplaceAllString(l[:i], "")), `"'`)
	first, _, several := strings.Cut(name, " ")
	switch {
	case l[i] == '{' && (name == "import" || name == "export"):
		return quoted().FindString(l)
	case l[i] != '(' || several && !statement[first]:
		return name
	case alike && strings.HasSuffix(l, "},"):
		return name
	case alike:
		return quoted().FindString(l)
	case statement[first]:
		return ""
	case setter().MatchString(name) && !keyed().MatchString(name):
		return name
	}
	return cmp.Or(keyedCall().FindString(l), name)
}

// statement holds words that stand before a bracket and define nothing.
var statement = map[string]bool{"if": true, "for": true, "while": true, "return": true, "switch": true, "assert": true, "else": true, "elif": true, "match": true, "await": true, "}": true}

// keyedCall matches a call up to its first argument, a text of one word or a name.
var keyedCall = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[\w.:$]+(\(\)[\w.:]+)*\(\s*("[^"\s]+"|'[^'\s]+'|[&*]?[A-Za-z_][\w.]*)\s*[,)]`)
})

// setter matches the name of a call that gives something a value: then what it is given is no key.
var setter = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(^|[.:>_])set([A-Z_]\w*)$`) })

// keyed matches the name of a setter that is given a key first.
var keyed = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(property|attribute|item|option|header|parameter|value|env)$`)
})

// accessor matches what may stand before the name of a member.
var accessor = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^((get|set|async|static)\s+)+`) })

var quoted = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`"[^"]+"|'[^']+'`) })

// oneThing reports whether a line of the one side looks like a line of the other,
// or has all of its words, if these are more than one: one thing done in two ways.
func oneThing(a, b []string) bool {
	return slices.ContainsFunc(a, func(l string) bool {
		return !isUnderline(l) && slices.ContainsFunc(b, func(m string) bool { return looksLike(l, m) || within(l, m) || within(m, l) })
	})
}

// ownNumbers reports whether each side has items that name issues or requests, and none that the other side names:
// items about different ones are two, however alike they are.
func ownNumbers(a, b []string) bool {
	numbers := func(lines []string) map[string]bool {
		out := map[string]bool{}
		for _, m := range reference().FindAllStringSubmatch(strings.Join(lines, "\n"), -1) {
			out[m[1]] = true
		}
		return out
	}
	x, y := numbers(a), numbers(b)
	for n := range x {
		if y[n] {
			return false
		}
	}
	return len(x) > 0 && len(y) > 0 && item().MatchString(a[0]) && item().MatchString(b[0])
}

var reference = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?:#|\b(?:issues|pull|merge_requests)/)(\d+)\b`) })

// within reports whether the words of a line, more than one, are all in another.
func within(l, of string) bool {
	const words = true
	x, y := count(shape(l, words)), count(shape(of, words))
	return x.total() > 1 && x.minus(y).total() == 0
}

// sort sorts lines into their place, if there are two lines around at least, each side's are sorted, and all are then.
func (p *pieces) sort(ours, theirs []int32, above, below []string) ([]int32, bool) {
	order := func(a, b int32) int { return strings.Compare(p.names[a], p.names[b]) }
	if len(above)+len(below) < 2 || !slices.IsSortedFunc(ours, order) || !slices.IsSortedFunc(theirs, order) {
		return nil, false
	}
	out := slices.Concat(ours, theirs)
	slices.SortStableFunc(out, order)
	all := slices.Clone(above)
	for _, id := range out {
		all = append(all, p.names[id])
	}
	return out, slices.IsSorted(append(all, below...))
}

func every(lines []string, is func(string) bool) bool {
	return !slices.ContainsFunc(lines, func(l string) bool { return !is(l) })
}

// areUnordered: the order of such lines means nothing: imports, or patterns of an ignore file. A pattern
// that takes another back (!) has a place.
func areUnordered(c *conflict, lines []string) bool {
	if c.kind == ignoreList {
		return every(lines, func(l string) bool { return !strings.HasPrefix(strings.TrimSpace(l), "!") })
	}
	return every(lines, imports().MatchString)
}

// imports matches lines that bring in names, in the languages that have one line for each.
var imports = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\s*(import\s|from\s+\S+\s+import\s|use\s|pub use\s|mod\s|pub mod\s|#include\s|using\s|` +
		`export \* from\s|"[\w./-]+"\s*$)`)
})

// areEntries: outside of brackets each line ends in a comma, as in a list or an enumeration.
func areEntries(_ *conflict, lines []string) bool {
	outer := outermost(lines)
	for _, l := range lines {
		text := strings.TrimSpace(l)
		opens := strings.ContainsAny(text[len(text)-1:], "([{")
		if indent(l) == outer && !opens && !isComment(l) && !strings.HasSuffix(text, ",") {
			return false
		}
	}
	return strings.HasSuffix(strings.TrimSpace(lines[len(lines)-1]), ",")
}

// haveKeys reports whether each line is an entry with a key of its own, outside of brackets: values alone may be
// arguments, which mean what their places say.
func haveKeys(lines []string) bool {
	outer := outermost(lines)
	return every(lines, func(l string) bool {
		return indent(l) != outer || isComment(l) || hasKey(l) || closers().MatchString(l)
	})
}

// hasKey reports whether a line begins with a key, or with the name of an argument. What stands before => is one if it
// is a text or a symbol: a name may be the parameter of a function.
func hasKey(line string) bool { return key().MatchString(line) }

var key = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\s*(("[^"]+"|'[^']+'|:\w+)\s*=>|("[^"]+"|'[^']+'|:?[\w$.-]+)\s*[=:]([^=:>]|$))`)
})

// closers matches a line that closes brackets alone.
var closers = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\s*[)\]}]+,?\s*$`) })

// areItems: a list of Markdown, rst or YAML, or a changelog.
func areItems(_ *conflict, lines []string) bool { return item().MatchString(lines[0]) }

var item = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\s*([*+-]|\d+\.)\s+\S`) })

// areCases: branches of a switch.
func areCases(_ *conflict, lines []string) bool { return beginsBranch(lines[0]) }

func beginsBranch(line string) bool { return branchHead().MatchString(strings.TrimSpace(line)) }

// areTests: a test function or block each, behind its comment.
func areTests(_ *conflict, lines []string) bool {
	i := slices.IndexFunc(lines, func(l string) bool { return !isComment(l) })
	return i >= 0 && test().MatchString(lines[i])
}

var test = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\s*(func Test\w*\(|(async )?def test_|#\[test\]|@Test|(it|test|describe)\(|test_expect_success|void test_|Scenario:)`)
})

// areWhole: any lines, but not of text in which paragraphs follow each other.
func areWhole(c *conflict, _ []string) bool {
	return c.kind != indented && c.kind != yamlFile && c.kind != ignoreList
}

func isIgnoreList(name string) bool {
	base := path.Base(name)
	return strings.HasPrefix(base, ".") && strings.HasSuffix(base, "ignore")
}
