package heal

import (
	"bytes"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/merge/heal/linemerge"
)

// Merge merges ours and theirs, two versions of base, as git merge-file does, and then heals each
// conflict that a rule of the level can heal and that stands every check. The others are returned
// with git's markers, to the byte. An empty base is no base: then nothing is healed.
//
// Merge reads nothing but its arguments and keeps no state; any number of calls may run at once. The
// same arguments give the same result.
func Merge(base, ours, theirs []byte, opts Options) Result {
	if r, ok := trivial(base, ours, theirs); ok {
		return r
	}
	inOurs, inTheirs := string(ours), string(theirs)
	inBase := string(base)
	f := linemerge.New(inBase, inOurs, inTheirs)
	h := healing{Merge: f, base: inBase, ours: inOurs, theirs: inTheirs, opts: opts, kind: typeOf(opts.Path), hunks: f.Hunks()}
	h.findRegions()
	if why := h.forbidden(base, ours, theirs); why != NotRefused {
		h.refuse(why)
		return h.result()
	}
	h.heal()
	if r, ok := h.follow(ours, theirs); ok {
		return r
	}
	r := h.result()
	if r.Conflicts < len(r.Regions) {
		if why := h.objection(ours, theirs, r); why != NotRefused {
			h.refuse(why)
			return h.result()
		}
	}
	return r
}

// trivial merges files of which two are equal, and refuses binary ones: as git, it leaves ours.
func trivial(base, ours, theirs []byte) (Result, bool) {
	switch {
	case bytes.Equal(base, theirs), bytes.Equal(ours, theirs):
		return Result{Text: bytes.Clone(ours)}, true
	case bytes.Equal(base, ours):
		return Result{Text: bytes.Clone(theirs)}, true
	case IsBinary(base), IsBinary(ours), IsBinary(theirs):
		return Result{Text: bytes.Clone(ours), Regions: []Region{{Why: Binary}}, Conflicts: 1}, true
	}
	return Result{}, false
}

// IsBinary is git's test: a NUL among the first 8000 bytes.
func IsBinary(b []byte) bool { return bytes.IndexByte(b[:min(len(b), 8000)], 0) >= 0 }

// healing is one merge under way.
type healing struct {
	*linemerge.Merge
	base, ours, theirs string
	opts               Options
	kind               fileType
	hunks              []linemerge.Hunk
	regions            []Region
	at                 []int      // the hunk of each region
	how                string     // to make the file anew
	renamed            []renaming // that heals rest on
}

func (h *healing) findRegions() {
	for i := range h.hunks {
		k := &h.hunks[i]
		if k.Kind == linemerge.Conflict {
			h.at = append(h.at, i)
			h.regions = append(h.regions, Region{Base: k.Base, Ours: k.Ours, Theirs: k.Theirs})
		}
	}
}

// forbidden tells why nothing in this file may be healed, if so.
func (h *healing) forbidden(base, ours, theirs []byte) Reason {
	switch {
	case h.opts.Level == Off:
		return RulesOff
	case len(base) == 0:
		return NoBase
	}
	how, made := generated(h.opts.Path, ours, theirs)
	if made {
		h.how = how
		return Generated
	}
	return NotRefused
}

// refuse leaves every conflict as git has it.
func (h *healing) refuse(why Reason) {
	for i := range h.regions {
		if r := &h.regions[i]; r.Why == NotRefused {
			r.Rule, r.Text, r.OursFirst, r.Why = "", "", false, why
		}
		h.hunks[h.at[i]].Kind = linemerge.Conflict
	}
}

func (h *healing) heal() {
	defs := definitionsOf(h.base, h.ours, h.theirs)
	for i := range h.regions {
		k, r := &h.hunks[h.at[i]], &h.regions[i]
		c := &conflict{path: h.opts.Path, kind: h.kind, base: h.Base.Join(k.Base), ours: h.Ours.Join(k.Ours), theirs: h.Theirs.Join(k.Theirs)}
		c.above, c.below = h.around(h.at[i])
		c.atEnd = k.Base.To == h.Base.Len()
		c.before, c.after = h.Base.Join(linemerge.Span{To: k.Base.From}), h.Base.Join(linemerge.Span{From: k.Base.To, To: h.Base.Len()})
		c.baseFile, c.oursFile, c.theirsFile, c.defs = h.base, h.ours, h.theirs, defs
		r.Text, r.Rule, r.OursFirst, r.Why = try(c, h.opts.Level)
		if r.Why == NotRefused {
			k.Kind, k.Text = linemerge.Replaced, r.Text
			if c.old != nil && r.Rule == "renamed" {
				h.renamed = append(h.renamed, c.old.names)
			}
		}
	}
}

// around is the unchanged lines above and below a hunk, a few of them, up to a blank one.
func (h *healing) around(i int) (above, below []string) {
	const few = 4
	from, to := 0, h.Base.Len()
	if i > 0 {
		from = h.hunks[i-1].Base.To
	}
	if i+1 < len(h.hunks) {
		to = h.hunks[i+1].Base.From
	}
	at := h.hunks[i].Base
	above = splitLines(h.Base.Join(linemerge.Span{From: max(from, at.From-few), To: at.From}))
	below = splitLines(h.Base.Join(linemerge.Span{From: at.To, To: min(to, at.To+few)}))
	for j, l := range slices.Backward(above) {
		if strings.TrimSpace(l) == "" {
			above = above[j+1:]
			break
		}
	}
	for j, l := range below {
		if strings.TrimSpace(l) == "" {
			below = below[:j]
			break
		}
	}
	return above, below
}

// maxConflict bounds the bytes of a conflict that rules look at.
const maxConflict = 1 << 18

// try returns the text of the first rule that fits s and to which nothing objects, else why the
// first one that fits was refused.
func try(c *conflict, level Level) (text, name string, oursFirst bool, why Reason) {
	if len(c.base)+len(c.ours)+len(c.theirs) > maxConflict {
		return "", "", false, TooLarge
	}
	why = Overlap
	if c.kind == records {
		why = Records
	}
	unfit := why
	for _, r := range rules() {
		if r.heal == nil || r.level > level || r.records != (c.kind == records) {
			continue
		}
		c.settled = false
		text, ok := r.heal(c)
		if !ok {
			continue
		}
		against := objection(c, r, text)
		if against == NotRefused {
			return text, r.name, r.ordered && !c.settled, against
		}
		if why == unfit {
			why = against
		}
	}
	return "", "", false, why
}

// objection tells what speaks against a rule's text, if anything does.
func objection(c *conflict, r rule, text string) Reason {
	if r.respelled {
		if !provenRenamed(c, text) || !symmetric(c, r, text) {
			return Unproven
		}
		return NotRefused
	}
	ours, theirs := c.moves()
	against := func(why Reason, so bool) bool { return so && !slices.Contains(r.despite, why) }
	switch {
	case against(Stale, stale(ours, theirs)):
		return Stale
	case against(Versions, bumped(ours, theirs) && bumped(c.own()) || parted(c)):
		return Versions
	case c.requoted(ours, theirs):
		return Requoted
	case against(Doubled, doubled(c, text)), c.tokens().slid():
		return Doubled
	case r.apart && c.alike(ours, theirs, r.common):
		return Alike
	case r.apart && remark(c):
		return Remark
	case !proven(c.base, c.ours, c.theirs, text), !symmetric(c, r, text):
		return Unproven
	}
	return NotRefused
}

// symmetric reports whether the rule makes the same of the conflict with the sides swapped, or, where
// it puts one side's lines first, the same lines.
func symmetric(c *conflict, r rule, text string) bool {
	other, ok := r.heal(c.swapped())
	if ok && r.ordered {
		return slices.Equal(sortedLines(text), sortedLines(other))
	}
	return ok && other == text
}

// sortedLines are the lines without their ends, nor the comma that the last of a list has not.
func sortedLines(text string) []string {
	lines := splitLines(text)
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, ",\r\n")
	}
	slices.Sort(lines)
	return lines
}

func (h *healing) result() Result {
	r := Result{Regions: h.regions, Regenerate: h.how}
	for _, g := range r.Regions {
		if g.Why != NotRefused {
			r.Conflicts++
		}
	}
	r.Text = h.Render(h.hunks, h.opts.Format)
	return r
}
