package heal

import (
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/merge/heal/linemerge"
)

// scene is one conflict as the rules see it: the lines of git's region, before git cuts it down.
type scene struct {
	kind               fileType
	base, ours, theirs string
	byLine, byToken    *pieces // cut when first asked for
	byWord             *web
	greater            *side
}

// pieces is a scene cut into lines or tokens, each distinct one with an id.
type pieces struct {
	names              []string
	base, ours, theirs []int32
	x, y               []edit // from base to ours, from base to theirs
	ok                 bool   // both could be aligned
	whole              bool   // the pieces are lines
}

func (s *scene) lines() *pieces {
	if s.byLine == nil {
		s.byLine = cutPieces(s, splitLines)
		s.byLine.whole = true
	}
	return s.byLine
}

func (s *scene) tokens() *pieces {
	if s.byToken == nil {
		s.byToken = cutPieces(s, tokens)
	}
	return s.byToken
}

func (s *scene) web() *web {
	if s.byWord == nil {
		s.byWord = newWeb(s)
	}
	return s.byWord
}

func (s *scene) swapped() *scene {
	return &scene{kind: s.kind, base: s.base, ours: s.theirs, theirs: s.ours}
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

func cutPieces(s *scene, cut func(string) []string) *pieces {
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
	p.base, p.ours, p.theirs = ids(s.base), ids(s.ours), ids(s.theirs)
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

// weave carries out the edits of both sides. What to make of a knot in which both differ is up to
// untie; where that says no, there is no result.
func (p *pieces) weave(gap int, untie func(knot) ([]int32, bool)) (string, bool) {
	if !p.ok {
		return "", false
	}
	var out []int32
	at := 0
	for _, k := range knots(p.x, p.y, gap) {
		out = append(out, p.base[at:k.at.From]...)
		at = k.at.To
		ours, theirs := render(p.base, k.at, k.ours), render(p.base, k.at, k.theirs)
		switch {
		case len(k.theirs) == 0 || slices.Equal(ours, theirs):
			out = append(out, ours...)
		case len(k.ours) == 0:
			out = append(out, theirs...)
		default:
			both, ok := untie(k)
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

// tight unties nothing.
func tight(knot) ([]int32, bool) { return nil, false }
