package heal

import (
	"slices"

	"github.com/git-swarm/git-swarm/merge/heal/linemerge"
)

// rule carries out both sides' edits of a conflict in one way, or says that it is not its case. Its
// text is checked by the caller: by the evidence against it and by proven.
type rule struct {
	name  string
	level Level
	// heal is nil for moved, which looks beyond one conflict: it is tried when no rule healed it.
	heal func(*conflict) (string, bool)
	// apart is set where the rule stands on the edits having nothing to do with each other.
	apart bool
	// common is set where a word that is common in the file is no sign, if both sides bring it in.
	common bool
	// despite lists evidence that does not speak against this rule.
	despite []Reason
	// ordered is set where ours comes before theirs in the result, so that swapping the sides gives
	// the same lines in another order.
	ordered bool
	// records is set where the rule is for files of records, and for no other.
	records bool
	// respelled is set where both the evidence and the proof are about the text under old names.
	respelled bool
}

// rules are tried in this order. The table in doc.go has the reason for each and how often people
// came to the same text.
func rules() []rule {
	return []rule{
		{name: "spacing", level: Safe, heal: spacing},
		{name: "neighbours", level: Safe, heal: neighbours, apart: true},
		{name: "words", level: Safe, heal: words},
		{name: "contained", level: Safe, heal: contained},
		{name: "respaced", level: Safe, heal: respaced},
		{name: "implied", level: Safe, heal: implied},
		{name: "above", level: Safe, heal: above, apart: true, despite: []Reason{Versions}},
		{name: "cleared", level: Safe, heal: cleared, apart: true, despite: []Reason{Stale}},
		{name: "records", level: Safe, heal: appended, despite: []Reason{Stale, Versions}, ordered: true, records: true},
		{name: "bumps", level: Safe, heal: bumps, apart: true, despite: []Reason{Versions}},
		{name: "renamed", level: Safe, heal: renamed, respelled: true},
		{name: "added", level: Safe, heal: added, apart: true},
		{name: "unordered", level: Both, heal: together(areUnordered, true), despite: []Reason{Stale, Versions}, ordered: true},
		{name: "entries", level: Both, heal: together(areEntries, true), despite: []Reason{Versions}, ordered: true},
		{name: "items", level: Both, heal: together(areItems, false), despite: []Reason{Versions}, ordered: true},
		{name: "sections", level: Both, heal: together(areSections, false), despite: []Reason{Versions}, ordered: true},
		{name: "tests", level: Both, heal: together(areTests, true), despite: []Reason{Versions}, ordered: true},
		{name: "cases", level: Both, heal: together(areCases, true), despite: []Reason{Versions}, ordered: true},
		{name: "apart", level: Both, heal: together(areWhole, false), despite: []Reason{Versions}, ordered: true},
		{name: "defined", level: Both, heal: defined, despite: []Reason{Versions, Doubled}, ordered: true},
		{name: "placed", level: Both, heal: placed, apart: true, common: true, despite: []Reason{Versions}},
		{name: "near", level: Both, heal: near, apart: true},
		{name: "moved", level: Both},
		{name: "touching", level: Wide, heal: neighbours, despite: []Reason{Stale, Versions}},
		{name: "beside", level: Wide, heal: beside, apart: true, common: true, despite: []Reason{Versions}},
		{name: "covered", level: Wide, heal: covered},
		{name: "additions", level: Wide, heal: additions, apart: true},
	}
}

// neighbours: both sides replaced or deleted lines, each its own; the lines only touch, and where they
// do it is plain whose each line is.
func neighbours(c *conflict) (string, bool) {
	p := c.lines()
	if inserts(p.x) || inserts(p.y) || p.blurred() {
		return "", false
	}
	return p.weave(0, mustBeApart)
}

// blurred reports whether edits of two sides touch at a line that could belong to either: one without a
// word, such as a closing brace, that one of them changed; or lines more than there were, of both.
func (p *pieces) blurred() bool {
	return p.blurredAfter(p.x, p.y) || p.blurredAfter(p.y, p.x)
}

func (p *pieces) blurredAfter(before, after []edit) bool {
	for _, e := range before {
		for _, f := range after {
			if e.at.To != f.at.From || len(e.with) == 0 || len(f.with) == 0 {
				continue
			}
			grow := len(e.with) > e.at.Len() && len(f.with) > f.at.Len()
			if grow || !linemerge.HasWord(p.names[p.base[e.at.To-1]]) || !linemerge.HasWord(p.names[p.base[f.at.From]]) {
				return true
			}
		}
	}
	return false
}

// bumps: as neighbours, in a few lines: each side changed a version of its own. In long lists one of
// them went through all, and in TOML the packages of one workspace share a version.
func bumps(c *conflict) (string, bool) {
	if long(c) || c.kind == tomlFile {
		return "", false
	}
	return neighbours(c)
}

// minGap is the number of unchanged tokens, blanks included, that lie between edits of two sides
// when these are taken to be apart.
const minGap = 3

// words: both sides changed the same lines in places well apart. Each replaced or removed words, or
// part of the edit is common to both: words that are only added could belong elsewhere.
func words(c *conflict) (string, bool) {
	p := c.tokens()
	if !onlyInserts(p.x) && !onlyInserts(p.y) || shared(p) {
		if text, ok := inPlace(c); ok {
			return text, !c.tokenMerge().related()
		}
	}
	w := c.tokenMerge()
	if !w.ok || onlyInserts(w.ours.edits) || onlyInserts(w.theirs.edits) {
		return "", false
	}
	text, ok := w.weave(minGap)
	return text, ok && !w.related()
}

// additions: as words, but a side may only add.
func additions(c *conflict) (string, bool) {
	if text, ok := inPlace(c); ok {
		return text, !c.tokenMerge().related()
	}
	w := c.tokenMerge()
	if !w.ok {
		return "", false
	}
	text, ok := w.weave(minGap)
	return text, ok && !w.related()
}

// near: as words, with two words or marks between the edits, or in a few lines with one.
func near(c *conflict) (string, bool) {
	w := c.tokenMerge()
	if !w.ok || onlyInserts(w.ours.edits) || onlyInserts(w.theirs.edits) {
		return "", false
	}
	gap := 1
	if long(c) {
		gap = 2
	}
	text, ok := w.weave(gap)
	return text, ok && !w.related() && !w.halves(w.ours.edits, w.theirs.edits) && !w.halves(w.theirs.edits, w.ours.edits)
}

// halves reports whether of one name, as a.b, a->b or a-b, one side changed the first half and the other the second:
// together they may name nothing.
func (m *tokenMerge) halves(before, after []edit) bool {
	for _, e := range before {
		for _, f := range after {
			i := e.at.To
			for ; i < f.at.From && joins[m.base.names[i]]; i++ {
			}
			if i > e.at.To && i == f.at.From && !e.at.Empty() && !f.at.Empty() {
				return true
			}
		}
	}
	return false
}

// inPlace carries out edits of words, white space among them, in lines that both sides kept.
func inPlace(c *conflict) (string, bool) {
	if l := c.lines(); inserts(l.x) || inserts(l.y) {
		return "", false
	}
	return c.tokens().weave(minGap, mustBeApart)
}

// inserts reports whether an edit brings in pieces without touching one of the base.
func inserts(edits []edit) bool {
	for _, e := range edits {
		if e.at.Empty() {
			return true
		}
	}
	return false
}

// onlyInserts reports whether every edit does.
func onlyInserts(edits []edit) bool {
	for _, e := range edits {
		if !e.at.Empty() {
			return false
		}
	}
	return true
}

// shared reports whether both sides made one and the same edit.
func shared(p *pieces) bool {
	return slices.ContainsFunc(p.x, func(e edit) bool { return slices.ContainsFunc(p.y, e.equal) })
}
