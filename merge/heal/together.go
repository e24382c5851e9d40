package heal

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// together returns the rule for lines of one kind that both sides brought in at the same place. Each
// side's must be whole in themselves, and about something of their own; and none may look like one of the
// other side's, unless lines of this kind are alike by nature. Where the lines around are sorted, so is
// the result; else ours come first.
func together(kind func(c *conflict, lines []string) bool, alike bool) func(*conflict) (string, bool) {
	return func(c *conflict) (string, bool) {
		p := c.lines()
		met := false
		text, ok := p.weave(0, func(g group) ([]int32, bool) {
			if met || len(g.ours) != 1 || len(g.theirs) != 1 || !g.at.Empty() {
				return nil, false
			}
			met = true
			ours, theirs := g.ours[0].with, g.theirs[0].with
			a, b := p.said(ours), p.said(theirs)
			switch {
			case len(a) == 0 || len(b) == 0, !kind(c, a) || !kind(c, b):
				return nil, false
			case !balanced([]byte(p.text(ours))) || !balanced([]byte(p.text(theirs))):
				return nil, false
			case related(a, b) || !alike && oneThing(a, b):
				return nil, false
			}
			both := slices.Concat(ours, theirs)
			if sorted, ok := p.sort(both, c.above, c.below); ok {
				return sorted, true
			}
			return both, true
		})
		return text, ok && met
	}
}

// said returns the lines that are not blank.
func (p *pieces) said(ids []int32) []string {
	var out []string
	for _, id := range ids {
		if l := p.names[id]; strings.TrimSpace(l) != "" {
			out = append(out, l)
		}
	}
	return out
}

// related reports whether two insertions share a line that says something, or the name that a line is
// about.
func related(a, b []string) bool {
	seen := map[string]bool{}
	for _, l := range a {
		for _, s := range about(l) {
			seen[s] = true
		}
	}
	for _, l := range b {
		if slices.ContainsFunc(about(l), func(s string) bool { return seen[s] }) {
			return true
		}
	}
	return false
}

// about is a line, and what stands in it before the first colon, equals sign or bracket: a key, or what
// is declared. It is nothing for a line of a few marks.
func about(l string) []string {
	if l = strings.TrimSpace(l); len(l) <= 3 {
		return nil
	}
	if i := strings.IndexAny(l, ":=({"); i > 0 {
		return []string{l, strings.TrimSpace(l[:i])}
	}
	return []string{l}
}

// oneThing reports whether a line of the one looks like a line of the other: one thing done in two ways.
func oneThing(a, b []string) bool {
	for _, l := range a {
		if slices.ContainsFunc(b, func(m string) bool { return looksLike(l, m) }) {
			return true
		}
	}
	return false
}

// sort sorts lines into their place, if there are two lines around at least and all are sorted then.
func (p *pieces) sort(lines []int32, above, below []string) ([]int32, bool) {
	if len(above)+len(below) < 2 {
		return nil, false
	}
	out := slices.Clone(lines)
	slices.SortStableFunc(out, func(a, b int32) int { return strings.Compare(p.names[a], p.names[b]) })
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

// areEntries: each line ends in a comma, as in a list or an enumeration.
func areEntries(_ *conflict, lines []string) bool {
	return every(lines, func(l string) bool { return strings.HasSuffix(strings.TrimSpace(l), ",") })
}

// areItems: a list of Markdown, rst or YAML, or a changelog.
func areItems(_ *conflict, lines []string) bool { return item().MatchString(lines[0]) }

var item = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\s*([*+-]|\d+\.)\s+\S`) })

// areCases: branches of a switch.
func areCases(_ *conflict, lines []string) bool { return branch().MatchString(lines[0]) }

var branch = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\s*(case\b.*(:|=>)|[\w:.|(){}\s,&"']+=>\s*\S)`)
})

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
