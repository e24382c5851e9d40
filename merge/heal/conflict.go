package heal

import (
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/merge/heal/linemerge"
)

// conflict is one conflict as the rules see it: the lines of git's region, before git cuts it down.
type conflict struct {
	path                 string
	kind                 fileType
	base, ours, theirs   string
	above, below         []string // unchanged lines around it
	before, after        string   // the base before it, and after
	atEnd                bool     // nothing of the base comes after it
	baseFile             string   // that it is of
	oursFile, theirsFile string
	defs                 definitionCounts // of the files
	byLine, byToken      *pieces          // cut when first asked for
	merge                *tokenMerge
	greater              *superset
	settled              bool      // by the lines themselves, which side comes first
	old                  *oldNames // with the names that were changed throughout the file taken back
}

// pieces is a conflict cut into lines or tokens, each distinct one with an id.
type pieces struct {
	names              []string
	base, ours, theirs []int32
	x, y               []edit // from base to ours, from base to theirs
	ok                 bool   // both could be aligned
	whole              bool   // the pieces are lines
}

func (c *conflict) lines() *pieces {
	if c.byLine == nil {
		c.byLine = cutPieces(c, splitLines)
		c.byLine.whole = true
	}
	return c.byLine
}

func (c *conflict) tokens() *pieces {
	if c.byToken == nil {
		c.byToken = cutPieces(c, tokens)
	}
	return c.byToken
}

func (c *conflict) tokenMerge() *tokenMerge {
	if c.merge == nil {
		c.merge = newTokenMerge(c)
	}
	return c.merge
}

func (c *conflict) swapped() *conflict {
	return &conflict{
		path: c.path, kind: c.kind, base: c.base, ours: c.theirs, theirs: c.ours, above: c.above, below: c.below, atEnd: c.atEnd, before: c.before, after: c.after,
		baseFile: c.baseFile, oursFile: c.theirsFile, theirsFile: c.oursFile,
		defs: definitionCounts{c.defs.base, c.defs.theirs, c.defs.ours},
	}
}

func splitLines(s string) []string {
	if s == "" {
		return nil
	}
	lines := strings.SplitAfter(s, "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

func cutPieces(c *conflict, cut func(string) []string) *pieces {
	p, in := &pieces{}, linemerge.NewInterner()
	ids := func(text string) []int32 {
		parts := cut(text)
		out := make([]int32, len(parts))
		for i, part := range parts {
			out[i] = in.ID(part)
			if int(out[i]) == len(p.names) {
				p.names = append(p.names, part)
			}
		}
		return out
	}
	p.base, p.ours, p.theirs = ids(c.base), ids(c.ours), ids(c.theirs)
	var okX, okY bool
	p.x, okX = align(p.base, p.ours)
	p.y, okY = align(p.base, p.theirs)
	p.ok = okX && okY
	return p
}

// edits are both sides'.
func (p *pieces) edits() []edit { return append(p.x[:len(p.x):len(p.x)], p.y...) }

func (p *pieces) text(ids []int32) string {
	var b strings.Builder
	for _, id := range ids {
		b.WriteString(p.names[id])
	}
	return b.String()
}

// weave carries out the edits of both sides, grouped by gap. Where both sides differ in a group, resolve
// gives the text or says that there is none; then there is no result.
func (p *pieces) weave(gap int, resolve func(group) ([]int32, bool)) (string, bool) {
	if !p.ok {
		return "", false
	}
	var out []int32
	at := 0
	for _, g := range groupEdits(p.x, p.y, gap) {
		out = append(out, p.base[at:g.at.From]...)
		at = g.at.To
		ours, theirs := render(p.base, g.at, g.ours), render(p.base, g.at, g.theirs)
		switch {
		case len(g.theirs) == 0 || slices.Equal(ours, theirs):
			out = append(out, ours...)
		case len(g.ours) == 0:
			out = append(out, theirs...)
		default:
			both, ok := resolve(g)
			if !ok {
				return "", false
			}
			out = append(out, both...)
		}
	}
	out = append(out, p.base[at:]...)
	return p.text(out), !p.whole || !p.glued(out)
}

// glued reports whether a line without an end stands before another.
func (p *pieces) glued(lines []int32) bool {
	for i, id := range lines {
		if i < len(lines)-1 && !strings.HasSuffix(p.names[id], "\n") {
			return true
		}
	}
	return false
}

// mustBeApart resolves no group: it is for rules under which edits never meet.
func mustBeApart(group) ([]int32, bool) { return nil, false }
