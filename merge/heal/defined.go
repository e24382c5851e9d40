package heal

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// defined: both sides brought in whole definitions at one place, each under a name of its own: tests, or in a
// file of tests whatever else they define. Each test runs by itself and none calls another, so that it takes
// nothing from a test that it begins, ends or is set up like one of the other side's. Two whose bodies are
// almost the same are one test under two names, and two alike that are no tests one helper. Elsewhere definitions may
// not share a line. Branches of a switch may: each has labels of its own, and only one is taken.
func defined(c *conflict) (string, bool) {
	p := c.lines()
	met := false
	text, ok := p.weave(0, func(g group) ([]int32, bool) {
		t, ok := p.broughtIn(g)
		if !ok || met || t.comma != "" {
			return nil, false
		}
		met = true
		above := c.lineAbove(p, g)
		if !c.areApart(p, t, above) && !c.areBranches(p, t, above) {
			return nil, false
		}
		ours, theirs := p.joined(t)
		return slices.Concat(ours, theirs), true
	})
	return text, ok && met
}

// areApart reports whether both sides brought in definitions, and of none could be said that it is one of the other
// side's: by its name, which the other side may have brought in elsewhere, or by its body.
func (c *conflict) areApart(p *pieces, t insertions, above string) bool {
	const branches = false
	a, b := c.definitions(p, t.ours, branches), c.definitions(p, t.theirs, branches)
	switch {
	case a == nil || b == nil, a[0].indent != b[0].indent, annotation().MatchString(above):
		return false
	case sameName(a, b), sameBody(a, b), c.definedElsewhere(a, c.defs.theirs), c.definedElsewhere(b, c.defs.ours):
		return false
	}
	return c.ofTests() || areAllTests(a, b) || !related(p.words(t.ours), p.words(t.theirs), true)
}

// areBranches reports whether both sides brought in branches of a switch.
func (c *conflict) areBranches(p *pieces, t insertions, above string) bool {
	const branches = true
	a, b := c.definitions(p, t.ours, branches), c.definitions(p, t.theirs, branches)
	return a != nil && b != nil && a[0].indent == b[0].indent && c.exclusive(above, p.words(t.ours), p.words(t.theirs))
}

// definedElsewhere reports whether a side brought in the name of one of the other's definitions.
func (c *conflict) definedElsewhere(of []namedBlock, side func() map[string]int) bool {
	return slices.ContainsFunc(of, func(d namedBlock) bool { return side()[d.name] > c.defs.base()[d.name] })
}

// definitionCounts are how often each name is defined in the three files, which is counted when it is first asked for,
// once for all conflicts.
type definitionCounts struct{ base, ours, theirs func() map[string]int }

func definitionsOf(base, ours, theirs string) definitionCounts {
	of := func(file string) func() map[string]int {
		return sync.OnceValue(func() map[string]int { return definitions(file) })
	}
	return definitionCounts{of(base), of(ours), of(theirs)}
}

// ofTests reports whether the file is one of tests, by its name or by that of a folder.
func (c *conflict) ofTests() bool { return testFile().MatchString(c.path) }

var testFile = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(^|/)(tests?|__tests__|testing|spec)/|(^|/|_|\.)(test|tests|spec)(_[^/]*)?\.\w+$|Tests?\.\w+$`)
})

func areAllTests(of ...[]namedBlock) bool {
	for _, ds := range of {
		if slices.ContainsFunc(ds, func(d namedBlock) bool { return !d.test }) {
			return false
		}
	}
	return true
}

// sameName reports whether two of the definitions have one name.
func sameName(a, b []namedBlock) bool {
	seen := map[string]bool{}
	for _, d := range slices.Concat(a, b) {
		if seen[d.name] {
			return true
		}
		seen[d.name] = true
	}
	return false
}

// sameBody reports whether a definition of each side have bodies that are almost the same; or, unless they are
// tests, alike.
func sameBody(a, b []namedBlock) bool {
	const almost, alike = 0.95, 0.7
	return slices.ContainsFunc(a, func(d namedBlock) bool {
		return slices.ContainsFunc(b, func(e namedBlock) bool {
			how := likeness(d.body, e.body)
			return how >= almost || how >= alike && !d.test && !e.test
		})
	})
}

// namedBlock is a function, method, class, test or branch of a switch, from the comments and annotations above its
// head to its end.
type namedBlock struct {
	name   string // or the text that names it; of a branch, its labels
	indent string
	test   bool
	body   string // all but its name
	open   int    // round brackets
}

// definitions cuts lines that are brought in into definitions, or into branches, if they are nothing else and whole.
func (c *conflict) definitions(p *pieces, ids []int32, branches bool) []namedBlock {
	lines := p.words(ids)
	if len(lines) == 0 || !complete(lines, p.text(ids)) {
		return nil
	}
	outer := outermost(lines)
	var out []namedBlock
	for _, l := range lines {
		text := strings.TrimSpace(l)
		last := len(out) - 1
		switch {
		case last >= 0 && (indent(l) != outer || out[last].goesOn(text)):
		case indent(l) != outer:
			return nil
		default:
			if last < 0 || out[last].name != "" {
				out = append(out, namedBlock{indent: outer})
				last++
			}
			head, ok := out[last].begin(l, text, c, branches)
			if !ok {
				return nil
			}
			text = strings.TrimPrefix(text, head)
		}
		out[last].body += text + "\n"
		out[last].open += strings.Count(text, "(") - strings.Count(text, ")")
	}
	if out[len(out)-1].name == "" {
		return nil
	}
	return out
}

// goesOn reports whether a line at the indentation of a definition's head belongs to it still: within its
// brackets, or closing what it opened.
func (d *namedBlock) goesOn(text string) bool {
	return d.open > 0 || d.name != "" && closing().MatchString(text)
}

var closing = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([}\])'"{]|end\b|EOF\b|EOT\b|done\b|fi\b)`)
})

// begin takes in a comment or an annotation above a head, or the head.
func (d *namedBlock) begin(line, text string, c *conflict, branch bool) (head string, ok bool) {
	switch {
	case isComment(line):
		return "", true
	case annotation().MatchString(text):
		d.test = d.test || testNote().MatchString(text)
		return "", true
	case branch:
		d.name = branchHead().FindString(text)
		return d.name, d.name != "" && (strings.HasPrefix(d.name, "case") || path.Ext(c.path) == ".rs")
	}
	head = definitionHead().FindString(text)
	if head == "" || noHead().MatchString(text) || strings.HasSuffix(text, ";") {
		return "", false
	}
	d.name, d.test = strings.Trim(nameOfHead().FindString(head), "(\"'`"), d.test || testHead().MatchString(head)
	return head, true
}

// branchHead matches the labels of a branch: case and what follows it, or what stands before an arrow.
var branchHead = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(case\b.*?=>|case\b[^=]*?:|[^=]+?=>)`) })

var annotation = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(@\w|#\[)`) })

var testNote = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(@\w*Test\b|#\[(\w+::)?test\b)`) })

// definitionHead matches the head of a definition up to its name: with a word that says what it is, a test
// that is named by a text, or a method behind its type.
var definitionHead = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^((export|default|pub(\([\w: ]+\))?|async|static|unsafe|const|abstract|final|public|private|protected|internal|override|virtual|inline|sealed|suspend)\s+)*` +
		`(func|function|def|fn|class|struct|enum|interface|trait|type|record|object|fun)\s+(\([^)]*\)\s*)?[\w.$]+` +
		`|^(it|test|describe)(\.\w+)*\(\s*('[^']+'|"[^"]+"|` + "`[^`]+`" + `)` +
		`|^test_expect_success ([\w,!]+ )?('[^']+'|"[^"]+")` +
		`|^test ("[^"]+"|\{[^}]*\})` +
		`|^Scenario( Outline)?:.+` +
		`|^([\w<>\[\],.?*&:]+\s+)+[*&]?[\w$]+\(`)
})

// nameOfHead matches the name, or the text, in which a head ends.
var nameOfHead = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`('[^']+'|"[^"]+"|\x60[^\x60]+\x60|\{[^}]*\}|Scenario.*|[\w.$]+\(?)$`)
})

var testHead = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(func (\([^)]*\) )?Test\w*$|(async )?def test|(it|test|describe)(\.\w+)*\(|test_expect_success|test |(public |private )?(static )?(void|int) test\w*\(|Scenario|class Test\w+)`)
})

var noHead = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(return|else|new|throw|if|for|while|switch|assert|await|yield|case|let|var|elif|match|import|from|use|with|defer|go|del|delete|raise|except|unless|until|not|and|or|in|is|lock|using|print|echo|expect|local|do|goto|co_await|co_return)\b`)
})
