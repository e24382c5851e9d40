package heal

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/git-swarm/git-swarm/merge/heal/linemerge"
)

// The checks below look for signs that two edits have more to do with each other than their places
// tell. They need no alignment and are the same with the sides swapped.

// stale reports whether one side brings in a word that the other has taken out: what was renamed or
// removed on the one side is used anew on the other.
func stale(ours, theirs moves) bool {
	uses := func(a, b moves) bool {
		return b.out.any(func(t token) bool { return isWord(t[0]) && a.in[t] > 0 && b.in[t] == 0 })
	}
	return uses(ours, theirs) || uses(theirs, ours)
}

// alike reports whether both sides bring in one and the same word: they may do one thing, each in its
// way. Where common words are no sign, one is left out that the file has several times, unless both use it alike.
func (c *conflict) alike(ours, theirs moves, common bool) bool {
	return ours.in.any(func(t token) bool {
		return isWord(t[0]) && !isDigit(t[0]) && theirs.in[t] > 0 && (!common || occurs(c.baseFile, t) < often)
	}) || common && c.useAlike()
}

// remark reports whether one side changed nothing but comments, and the other also code: the comment
// may be about it.
func remark(c *conflict) bool {
	p := c.lines()
	return remarks(p, p.x) != remarks(p, p.y)
}

// remarks reports whether edits concern comments alone.
func remarks(p *pieces, edits []edit) bool {
	for _, e := range edits {
		for _, ids := range [][]int32{p.base[e.at.From:e.at.To], e.with} {
			for _, id := range ids {
				if !isComment(p.names[id]) {
					return false
				}
			}
		}
	}
	return true
}

func isComment(line string) bool {
	return comment().MatchString(line) && !directive().MatchString(line)
}

// directive matches lines of a preprocessor, which are no comments.
var directive = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\s*#\s*(include|import|define|undef|if|ifdef|ifndef|elif|else|endif|error|warning|pragma|line|region|endregion|using|load|r)\b`)
})

// Patterns are compiled when they are first needed: every command would pay for them at its start.
var comment = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\s*(//|/\*|\*/|\*\s|#(\s|\w)|<!--|--\s|;|$)`)
})

// bumped reports whether both sides put one number or date in the place of another, or one side does
// so with a version and the other brings in a version.
func bumped(ours, theirs moves) bool {
	renumbers := func(m moves, is func(token) bool) bool { return m.in.any(is) && m.out.any(is) }
	return renumbers(ours, isNumber) && renumbers(theirs, isNumber) ||
		renumbers(ours, isVersion) && theirs.in.any(isVersion) ||
		renumbers(theirs, isVersion) && ours.in.any(isVersion)
}

// own is what each side did that the other did not do at the same place: what both put there is no choice between them.
func (c *conflict) own() (ours, theirs moves) {
	ours, theirs = c.moves()
	p := c.tokens()
	in, out := tally{}, tally{}
	for _, e := range p.x {
		if p.ok && slices.ContainsFunc(p.y, e.equal) {
			for _, id := range e.with {
				in[p.names[id]]++
			}
			for _, id := range p.base[e.at.From:e.at.To] {
				out[p.names[id]]++
			}
		}
	}
	return moves{ours.in.minus(in), ours.out.minus(out)}, moves{theirs.in.minus(in), theirs.out.minus(out)}
}

// parted reports whether both sides changed parts of one version that is written as a list, as
// (1, 8, 0, 'alpha', 0): such a list stands in the base, and on neither side.
func parted(c *conflict) bool {
	for _, list := range versionList().FindAllString(c.base, -1) {
		if !strings.Contains(c.ours, list) && !strings.Contains(c.theirs, list) {
			return true
		}
	}
	return false
}

var versionList = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`[(\[]\s*\d+\s*,\s*\d+\s*(,\s*(\d+|'\w*'|"\w*")\s*)*[)\]]`)
})

// requoted reports whether one side changes how a string is quoted, as by a backquote or by an r before
// it, and the other brings in or takes out a backslash: in raw strings it means another thing. What is brought in as
// lines that are whole in themselves quotes nothing but its own.
func (c *conflict) requoted(ours, theirs moves) bool {
	p := c.lines()
	quotes := func(m moves, edits []edit) bool {
		return (m.has("`") || m.has("r") || m.has("R") || m.has("@")) && !p.bringsInWhole(edits)
	}
	return theirs.has("\\") && quotes(ours, p.x) || ours.has("\\") && quotes(theirs, p.y)
}

// bringsInWhole reports whether edits only bring in lines, with their brackets and quotes closed.
func (p *pieces) bringsInWhole(edits []edit) bool {
	return p.ok && !slices.ContainsFunc(edits, func(e edit) bool { return !e.at.Empty() || !balanced([]byte(p.text(e.with))) })
}

func (m moves) has(t token) bool { return m.in[t]+m.out[t] > 0 }

func isNumber(t token) bool {
	return isDigit(t[0]) || t[0] == 'v' && len(t) > 1 && isDigit(t[1])
}

func isVersion(t token) bool { return isNumber(t) && strings.Contains(t, ".") }

// doubled reports whether a line that says something, or the definition of a name, stands more often
// in the result than in any of the three versions: both sides brought it in.
func doubled(c *conflict, result string) bool {
	for _, count := range []func(string) map[string]int{lineCounts, definitions} {
		b, o, t := count(c.base), count(c.ours), count(c.theirs)
		for l, n := range count(result) {
			if n > 1 && n > max(b[l], o[l], t[l]) {
				return true
			}
		}
	}
	return false
}

// slid reports whether both sides brought in the same words near each other, and not at one place: it is
// one edit, of which the words around leave open where it stands.
func (p *pieces) slid() bool {
	for _, e := range p.x {
		for _, f := range p.y {
			far := max(e.at.From, f.at.From) - min(e.at.From, f.at.From)
			if e.at.Empty() && f.at.Empty() && far > 0 && far <= len(e.with)+slide && p.sameWords(e.with, f.with) {
				return true
			}
		}
	}
	return false
}

// slide is the number of tokens, besides its own, by which an insertion may be shown elsewhere.
const slide = 8

func (p *pieces) sameWords(a, b []int32) bool {
	x, y := count(p.text(a)), count(p.text(b))
	return x.any(func(t token) bool { return isWord(t[0]) }) && x.minus(y).total() == 0 && y.minus(x).total() == 0
}

func lineCounts(s string) map[string]int {
	m := map[string]int{}
	addLines(m, s)
	return m
}

// addLines counts the lines that say something.
func addLines(m map[string]int, s string) {
	for l := range strings.Lines(s) {
		if l = strings.TrimSpace(l); len(l) > 3 && linemerge.HasWord(l) {
			m[l]++
		}
	}
}

var definition = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?m)^[ \t]*(?:pub |export |async |static )*(?:def|class|func|fn|function|struct|enum|trait|interface|type|macro_rules!)[ \t]+(\w+)`)
})

func definitions(s string) map[string]int {
	m := map[string]int{}
	for _, d := range definition().FindAllStringSubmatch(s, -1) {
		m[d[1]]++
	}
	return m
}
