package heal

import (
	"cmp"
	"slices"

	"github.com/git-swarm/git-swarm/merge/heal/linemerge"
)

// Finding is words of one line by which a resolution differs from both sides' edits carried out
// together. It is no error as such: people take one side in half of all conflicts, and edit further.
type Finding struct {
	What Difference
	Side Side // whose edit it was; Neither for Dropped, New and Moved
	Line int  // from 0; see the Differences
	Text string
}

// Side is one of the two that were merged.
type Side byte

const (
	Neither Side = iota
	Ours
	Theirs
)

func (s Side) String() string { return [...]string{"neither", "ours", "theirs"}[s] }

// Difference is what a resolution did to words.
type Difference byte

const (
	Lost    Difference = iota // the side brought them in, at Line of its file, and they are gone
	Dropped                   // they stand at Line of ours, neither side took them out, and they are gone
	Back                      // the side took them out, the other left them alone, and they are at Line of the result
	New                       // they are at Line of the result, and neither side has them there
	Moved                     // nothing is lost or new, but from Line of the result on the order is neither side's
)

func (d Difference) String() string {
	return [...]string{"lost", "dropped", "back", "new", "moved"}[d]
}

// Check holds a resolution, made by whomever, against the three versions that it merges: by the proof
// that every heal must pass, but over the whole file, and telling in what it fails. No finding means
// that the edits of both sides are in it, and nothing else. White space counts for nothing. How many
// words are lost, back or new is exact; which of several equal ones is told by a diff. In very large
// changes the order is not looked at. Findings come in the order of their kinds, sides and lines.
//
// Check keeps no state; any number of calls may run at once.
func Check(base, ours, theirs, result []byte) []Finding {
	in := linemerge.NewInterner()
	b, o, t, r := place(in, base), place(in, ours), place(in, theirs), place(in, result)
	c := check{ours: &o, theirs: &t, result: &r}
	_, c.byOurs = b.changes(&o, in.Len())
	_, c.byTheirs = b.changes(&t, in.Len())
	c.goneOurs, c.newToOurs = o.changes(&r, in.Len())
	c.goneTheirs, c.newToTheirs = t.changes(&r, in.Len())
	c.missing, c.surplus = make([]int, in.Len()), make([]int, in.Len())
	c.counts = countAll(in.Len(), b.ids, o.ids, t.ids, r.ids)
	for id, n := range c.counts {
		least, most := n.bounds()
		c.missing[id], c.surplus[id] = max(least-n[3], 0), max(n[3]-most, 0)
	}
	c.findMissing()
	c.findSurplus()
	if len(c.found) == 0 && r.affordable(&o, &t) && !ordered(b.ids, o.ids, t.ids, r.ids, in.Len()) {
		c.moved()
	}
	return c.findings()
}

// places are the tokens of a file, white space aside, and where they stand.
type places struct {
	text     string
	ids      []int32
	from, to []int // in text
	line     []int
	lines    []int32 // an id for each line
}

func place(in *linemerge.Interner, content []byte) places {
	p := places{text: string(content)}
	at := 0
	for n, line := range splitLines(p.text) {
		p.lines = append(p.lines, in.ID(line))
		for _, t := range tokens(line) {
			if !isSpace(t) {
				p.ids = append(p.ids, in.ID(t))
				p.from, p.to, p.line = append(p.from, at), append(p.to, at+len(t)), append(p.line, n)
			}
			at += len(t)
		}
	}
	return p
}

// changes marks the tokens that go from p and those that come in q: within the lines that differ.
func (p *places) changes(q *places, ids int) (gone, come []bool) {
	gone, come = make([]bool, len(p.ids)), make([]bool, len(q.ids))
	linesGone, linesCome := linemerge.Short(p.lines, q.lines, ids)
	a, b := p.within(linesGone), q.within(linesCome)
	x, y := linemerge.Short(p.pick(a), q.pick(b), ids)
	for _, i := range x {
		gone[a[i]] = true
	}
	for _, j := range y {
		come[b[j]] = true
	}
	return gone, come
}

// within returns the places of the tokens in the lines, which are in order.
func (p *places) within(lines []int) []int {
	var at []int
	for i, line := range p.line {
		if _, ok := slices.BinarySearch(lines, line); ok {
			at = append(at, i)
		}
	}
	return at
}

func (p *places) pick(at []int) []int32 {
	ids := make([]int32, len(at))
	for i, j := range at {
		ids[i] = p.ids[j]
	}
	return ids
}

// affordable reports whether a shortest way from each of the files to p is little enough work.
func (p *places) affordable(files ...*places) bool {
	return !slices.ContainsFunc(files, func(f *places) bool {
		head, tail := linemerge.Trim(f.ids, p.ids)
		return (len(f.ids)-head-tail)*(len(p.ids)-head-tail) > maxCells
	})
}

// check is one comparison under way. What comes and goes is by place.
type check struct {
	ours, theirs, result   *places
	byOurs, byTheirs       []bool // that side brought it in
	goneOurs, goneTheirs   []bool // of that side's, and not in the result
	newToOurs, newToTheirs []bool // of the result's, and not in that side's
	counts                 []occurrence
	missing, surplus       []int // by token, how many are still to be found
	found                  []foundToken
}

type foundToken struct {
	what Difference
	side Side
	in   *places
	at   int
}

// findMissing finds the tokens that should be in the result: first those that a side brought in.
func (c *check) findMissing() {
	take := func(what Difference, side Side, in *places, is func(i int) bool) {
		c.take(c.missing, foundToken{what: what, side: side, in: in}, is)
	}
	take(Lost, Ours, c.ours, func(i int) bool { return c.byOurs[i] && c.goneOurs[i] })
	take(Lost, Theirs, c.theirs, func(i int) bool { return c.byTheirs[i] && c.goneTheirs[i] })
	take(Dropped, Neither, c.ours, func(i int) bool { return !c.byOurs[i] && c.goneOurs[i] })
	take(Lost, Ours, c.ours, func(i int) bool { return c.byOurs[i] && !c.goneOurs[i] })
	take(Lost, Theirs, c.theirs, func(i int) bool { return c.byTheirs[i] && !c.goneTheirs[i] })
	take(Dropped, Neither, c.ours, func(i int) bool { return !c.byOurs[i] && !c.goneOurs[i] })
	take(Dropped, Neither, c.theirs, func(int) bool { return true })
}

// findSurplus finds the tokens that should not be in the result: first lines that are new as a whole, for
// in which of several lines an equal mark is new, a diff cannot tell.
func (c *check) findSurplus() {
	take := func(what Difference, side Side, is func(i int) bool) {
		c.take(c.surplus, foundToken{what: what, side: side, in: c.result}, is)
	}
	isNew := func(i int) bool { return c.newToOurs[i] && c.newToTheirs[i] }
	mostly := c.result.linesMostly(isNew)
	take(New, Neither, func(i int) bool { return mostly[c.result.line[i]] })
	take(New, Neither, isNew)
	take(Back, Ours, func(i int) bool { return c.newToOurs[i] && c.counts[c.result.ids[i]].tookOut(Ours) })
	take(Back, Theirs, func(i int) bool { return c.newToTheirs[i] && c.counts[c.result.ids[i]].tookOut(Theirs) })
	take(New, Neither, func(int) bool { return true })
}

// linesMostly returns the lines of whose tokens most are so.
func (p *places) linesMostly(is func(i int) bool) map[int]bool {
	balance, mostly := map[int]int{}, map[int]bool{}
	for i, line := range p.line {
		if is(i) {
			balance[line]++
		} else {
			balance[line]--
		}
	}
	for line, n := range balance {
		mostly[line] = n > 0
	}
	return mostly
}

func (n occurrence) tookOut(by Side) bool { return n[by] < n[0] }

// take notes those of the wanted tokens for which is holds, and takes them from what is wanted.
func (c *check) take(wanted []int, f foundToken, is func(i int) bool) {
	for i, id := range f.in.ids {
		if wanted[id] > 0 && is(i) {
			wanted[id]--
			f.at = i
			c.found = append(c.found, f)
		}
	}
}

// moved notes the first token of the result that is not where the sides have it, else the first that is not
// where one of them has it.
func (c *check) moved() {
	first := -1
	for i := range c.result.ids {
		if c.newToOurs[i] && c.newToTheirs[i] {
			first = i
			break
		}
		if first < 0 && (c.newToOurs[i] || c.newToTheirs[i]) {
			first = i
		}
	}
	if first >= 0 {
		c.found = append(c.found, foundToken{what: Moved, in: c.result, at: first})
	}
}

// findings joins what was found together on a line.
func (c *check) findings() []Finding {
	slices.SortFunc(c.found, func(a, b foundToken) int {
		return cmp.Or(cmp.Compare(a.what, b.what), cmp.Compare(a.side, b.side), cmp.Compare(a.at, b.at))
	})
	var out []Finding
	for i := 0; i < len(c.found); {
		first, last := c.found[i], c.found[i]
		for i++; i < len(c.found) && c.found[i].follows(last); i++ {
			last = c.found[i]
		}
		p := first.in
		out = append(out, Finding{first.what, first.side, p.line[first.at], p.text[p.from[first.at]:p.to[last.at]]})
	}
	return out
}

// follows reports whether f is shown with g: they stand on one line, with nothing but a few marks between.
func (f foundToken) follows(g foundToken) bool {
	const few = 3
	if f.what != g.what || f.side != g.side || f.in != g.in || f.in.line[f.at] != g.in.line[g.at] || f.at-g.at > few {
		return false
	}
	for i := g.at + 1; i < f.at; i++ {
		if isWord(f.in.text[f.in.from[i]]) {
			return false
		}
	}
	return true
}
