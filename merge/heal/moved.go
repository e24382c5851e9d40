package heal

import (
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/merge/heal/linemerge"
)

// follow is the rule moved: one side moved a block of lines, unchanged, to another place in the file, and the other
// edited it where it was: the edit follows the block. The conflict must be the only one that is left in the file, for
// what is done here is outside of the lines that git shows to whoever resolves the others.
//
// The block is moved in the base and on the side that edited it, too. With it the three files must merge, and with
// the same heals as before; then the edit is made.
func (h *healing) follow(ours, theirs []byte) (Result, bool) {
	i, one := h.onlyLeft()
	if !one || h.opts.Level < Both {
		return Result{}, false
	}
	moves := append(h.movesOf(i, true), h.movesOf(i, false)...)
	if len(moves) != 1 || moves[0].doubtful() {
		return Result{}, false
	}
	m := moves[0]
	f := m.framed()
	r := f.result()
	r.Text = []byte(m.edit(string(r.Text)))
	region, ok := m.withoutBlock()
	switch {
	case !ok || r.Conflicts > 0 || !h.healsAs(f, i):
		return Result{}, false
	case f.objection(ours, theirs, r) != NotRefused || m.doubles(string(r.Text)) || !m.proven(f, string(r.Text)):
		return Result{}, false
	}
	h.regions[i].Rule, h.regions[i].Why, h.regions[i].Text = "moved", NotRefused, region
	r.Regions = h.regions
	return r, true
}

// onlyLeft is the region that no rule healed, if there is just one.
func (h *healing) onlyLeft() (int, bool) {
	at := -1
	for i, r := range h.regions {
		if r.Why == NotRefused {
			continue
		}
		if at >= 0 {
			return 0, false
		}
		at = i
	}
	return at, at >= 0
}

// relocation is a block that one side moved and the other edited.
type relocation struct {
	*healing
	byOurs          bool      // ours moved it
	region          *conflict // where it was
	block, edited   string
	in, on          linemerge.Span // where it was in the base, and is on the side that edited it
	inBase, onOther linemerge.Span // the same, within the region
	to              linemerge.Hunk // where it went
	line            int            // the first, of the file of the side that moved it
}

// wordyLines is how many lines with words a block has at least: fewer are found elsewhere by chance.
const wordyLines = 3

// movesOf are the blocks within a region that one side moved out of it and the other edited.
func (h *healing) movesOf(i int, byOurs bool) []relocation {
	k := h.hunks[h.at[i]]
	c := &conflict{path: h.opts.Path, kind: h.kind, base: h.Base.Join(k.Base), ours: h.Ours.Join(k.Ours), theirs: h.Theirs.Join(k.Theirs)}
	if len(c.base)+len(c.ours)+len(c.theirs) > maxConflict {
		return nil
	}
	p := c.lines()
	if !p.ok {
		return nil
	}
	gone, edits, of, other := p.x, p.y, h.ours, h.theirs
	from := k.Theirs.From
	if !byOurs {
		gone, edits, of, other = p.y, p.x, h.theirs, h.ours
		from = k.Ours.From
	}
	var out []relocation
	for _, e := range gone {
		at := p.core(e.at)
		within, ok := p.within(edits, at)
		if whole := e.at; len(e.with) > 0 || !ok || !complete(p.words(p.base[whole.From:whole.To]), p.text(p.base[whole.From:whole.To])) {
			continue
		}
		m := relocation{healing: h, byOurs: byOurs, region: c, inBase: at, block: p.text(p.base[at.From:at.To]), edited: p.text(render(p.base, at, within))}
		m.in = linemerge.Span{From: k.Base.From + at.From, To: k.Base.From + at.To}
		m.onOther = shifted(edits, at, within)
		m.on = linemerge.Span{From: from + m.onOther.From, To: from + m.onOther.To}
		if standsOnce(m.block, h.base, of) && standsOnce(m.edited, other) && !stands(m.block, other) && !stands(m.edited, h.base) && !stands(m.edited, of) && m.found(of) {
			out = append(out, m)
		}
	}
	return out
}

// core is a span of the base without the lines at its ends that say nothing: a diff may show those of one block as
// the next one's.
func (p *pieces) core(at linemerge.Span) linemerge.Span {
	for !at.Empty() && !linemerge.HasWord(p.names[p.base[at.From]]) {
		at.From++
	}
	for !at.Empty() && !linemerge.HasWord(p.names[p.base[at.To-1]]) {
		at.To--
	}
	return at
}

// within are the edits of a block, if it has enough lines and keeps most of its words, and it is plain that all
// edits are the block's: it begins and ends with a line that is much like the one that did.
func (p *pieces) within(edits []edit, at linemerge.Span) ([]edit, bool) {
	var out []edit
	wordy := 0
	for _, id := range p.base[at.From:at.To] {
		if linemerge.HasWord(p.names[id]) {
			wordy++
		}
	}
	for _, e := range edits {
		if e.at.To < at.From || e.at.From > at.To {
			continue
		}
		if e.at.From < at.From || e.at.To > at.To || !p.keepsEnds(e, at) {
			return nil, false
		}
		out = append(out, e)
	}
	return out, wordy >= wordyLines && len(out) > 0 && likeness(p.text(p.base[at.From:at.To]), p.text(render(p.base, at, out))) >= kept
}

// kept is the share of its words that a block has to keep, and each line at an end of it.
const kept = 0.5

func (p *pieces) keepsEnds(e edit, at linemerge.Span) bool {
	like := func(i int, id int32) bool {
		a, b := p.names[p.base[i]], p.names[id]
		return indent(a) == indent(b) && likeness(a, b) >= kept
	}
	inside := !e.at.Empty() && len(e.with) > 0
	return (e.at.From > at.From || inside && like(at.From, e.with[0])) &&
		(e.at.To < at.To || inside && like(at.To-1, e.with[len(e.with)-1]))
}

// shifted is where a side has the block, of its lines of the region.
func shifted(edits []edit, at linemerge.Span, within []edit) linemerge.Span {
	s := at
	for _, e := range edits {
		if e.at.To < at.From {
			s.From += len(e.with) - e.at.Len()
		}
	}
	s.To = s.From + at.Len()
	for _, e := range within {
		s.To += len(e.with) - e.at.Len()
	}
	return s
}

// stands reports whether whole lines stand in a file.
func stands(lines, file string) bool { return timesIn(lines, file) > 0 }

func standsOnce(lines string, files ...string) bool {
	return strings.HasSuffix(lines, "\n") && !slices.ContainsFunc(files, func(f string) bool { return timesIn(lines, f) != 1 })
}

func timesIn(lines, file string) int {
	n := 0
	for at := 0; ; at++ {
		next := strings.Index(file[at:], lines)
		if next < 0 {
			return n
		}
		at += next
		if at == 0 || file[at-1] == '\n' {
			n++
		}
	}
}

// found finds the new place: among lines that only the side that moved the block changed, and away from those
// that the other did.
func (m *relocation) found(of string) bool {
	m.line = strings.Count(of[:strings.Index("\n"+of, "\n"+m.block)], "\n")
	end := m.line + strings.Count(m.block, "\n")
	for j, k := range m.hunks {
		kind, span := linemerge.TakeOurs, k.Ours
		if !m.byOurs {
			kind, span = linemerge.TakeTheirs, k.Theirs
		}
		if k.Kind != kind || m.line < span.From || end > span.To {
			continue
		}
		m.to = k
		near := func(l linemerge.Hunk) bool {
			return l.Kind != kind && l.Base.From-k.Base.To <= hunkGap && k.Base.From-l.Base.To <= hunkGap
		}
		return (j == 0 || !near(m.hunks[j-1])) && (j+1 == len(m.hunks) || !near(m.hunks[j+1]))
	}
	return false
}

// framed merges the three files with the block moved, and not edited, in all of them.
func (m *relocation) framed() *healing {
	base, ours, theirs := relocate(m.Base, m.in, m.to.Base.From, m.block), m.ours, m.theirs
	if m.byOurs {
		theirs = relocate(m.Theirs, m.on, m.to.Theirs.From, m.block)
	} else {
		ours = relocate(m.Ours, m.on, m.to.Ours.From, m.block)
	}
	f := &healing{Merge: linemerge.New(base, ours, theirs), base: base, ours: ours, theirs: theirs, opts: m.opts, kind: m.kind}
	f.hunks = f.Hunks()
	f.findRegions()
	f.heal()
	return f
}

// edit puts the edited block in the place of the block.
func (m *relocation) edit(text string) string {
	at := strings.Index("\n"+text, "\n"+m.block)
	if at < 0 {
		return text
	}
	return text[:at] + m.edited + text[at+len(m.block):]
}

// relocate cuts lines out of a file and puts a text before another line.
func relocate(file linemerge.Text, cut linemerge.Span, to int, text string) string {
	piece := func(from, to int) string { return file.Join(linemerge.Span{From: from, To: to}) }
	if to <= cut.From {
		return piece(0, to) + text + piece(to, cut.From) + piece(cut.To, file.Len())
	}
	return piece(0, cut.From) + piece(cut.To, to) + text + piece(to, file.Len())
}

// healsAs reports whether the regions of f are healed as those of h but one are.
func (h *healing) healsAs(f *healing, but int) bool {
	rest := slices.Delete(slices.Clone(h.regions), but, but+1)
	return slices.EqualFunc(f.regions, rest, func(a, b Region) bool { return a.Rule == b.Rule && a.Text == b.Text })
}

// withoutBlock is what stands where the block was: what else each side changed there must not meet.
func (m *relocation) withoutBlock() (string, bool) {
	cut := func(text string, s linemerge.Span) string {
		return strings.Join(slices.Delete(splitLines(text), s.From, s.To), "")
	}
	rest := &conflict{base: cut(m.region.base, m.inBase), ours: m.region.ours, theirs: m.region.theirs}
	if m.byOurs {
		rest.theirs = cut(rest.theirs, m.onOther)
	} else {
		rest.ours = cut(rest.ours, m.onOther)
	}
	return rest.lines().weave(1, mustBeApart)
}

// proven checks the result against the three files as they are, by its words, and with the block moved, by the
// order of its lines; those of other heals have been. The edited block is in it once, and the block as it was no
// more.
func (m *relocation) proven(f *healing, text string) bool {
	in := linemerge.NewInterner()
	if !counted(solidTokens(in, m.base), solidTokens(in, m.ours), solidTokens(in, m.theirs), solidTokens(in, text), in.Len()) {
		return false
	}
	var b, o, t strings.Builder
	at := [3]int{}
	for _, k := range append(f.hunks[:len(f.hunks):len(f.hunks)], linemerge.Hunk{
		Kind: linemerge.Replaced,
		Base: linemerge.Span{From: f.Base.Len()}, Ours: linemerge.Span{From: f.Ours.Len()}, Theirs: linemerge.Span{From: f.Theirs.Len()},
	}) {
		if k.Kind != linemerge.Replaced {
			continue
		}
		b.WriteString(f.Base.Join(linemerge.Span{From: at[0], To: k.Base.From}) + k.Text)
		o.WriteString(f.Ours.Join(linemerge.Span{From: at[1], To: k.Ours.From}) + k.Text)
		t.WriteString(f.Theirs.Join(linemerge.Span{From: at[2], To: k.Theirs.From}) + k.Text)
		at = [3]int{k.Base.To, k.Ours.To, k.Theirs.To}
	}
	merged := [3]string{b.String(), o.String(), t.String()}
	if m.byOurs {
		merged[2] = m.edit(merged[2])
	} else {
		merged[1] = m.edit(merged[1])
	}
	lines := linemerge.NewInterner()
	x, y, z, r := lineIDs(lines, merged[0]), lineIDs(lines, merged[1]), lineIDs(lines, merged[2]), lineIDs(lines, text)
	if !counted(x, y, z, r, lines.Len()) || !ordered(x, y, z, r, lines.Len()) {
		return false
	}
	return standsOnce(m.edited, text) && !stands(m.block, text)
}

// doubles reports whether a line that the edit brings in stands more often in the result than on either side.
func (m *relocation) doubles(text string) bool {
	for _, l := range splitLines(m.edited) {
		n := timesIn(l, text)
		if linemerge.HasWord(l) && !stands(l, m.base) && n > timesIn(l, m.ours) && n > timesIn(l, m.theirs) {
			return true
		}
	}
	return false
}

func lineIDs(in *linemerge.Interner, text string) []int32 {
	var out []int32
	for _, l := range splitLines(text) {
		out = append(out, in.ID(l))
	}
	return out
}
