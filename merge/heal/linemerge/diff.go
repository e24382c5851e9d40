package linemerge

// The line diff follows git's (xdiff, "myers"), because what git calls a conflict depends on where
// its diff puts each change: lines without a partner are set aside first, the rest is searched from
// both ends (Myers 1986, section 4b) with git's two ways to give up early, and the changes found are
// slid to where git shows them. The limits below are git's.
const (
	eqLimit    = 1024 // a line that occurs this often (or √n times) is too common to lead the search
	runWindow  = 100  // lines looked at on either side of a common line
	runFactor  = 4    // common lines are set aside in runs with this many lonely ones to each
	snakeLen   = 20   // equal lines in a row that make a path promising
	heurCost   = 256  // edits before promising paths are looked for
	heurFactor = 4    // how far a promising path has come, in edits spent
	minMaxCost = 256  // edits before the search takes the furthest path; at least
	farAway    = int(^uint(0) >> 1)
)

// change says that lines a of the old file became lines b of the new one.
type change struct{ a, b Span }

// differ holds the scratch space of one merge; it is not for concurrent use.
type differ struct {
	countA, countB []int32 // by line id
	fwd, bwd       []int
}

func newDiffer(ids int) *differ {
	return &differ{countA: make([]int32, ids), countB: make([]int32, ids)}
}

// diff returns the changes that lead from a to b, in order, as git shows them.
func (d *differ) diff(a, b []int32) []change {
	fa, fb := newMarked(a), newMarked(b)
	head, tail := Trim(a, b)
	d.setAside(fa, fb, head, tail)
	d.search(fa, fb, false)
	slide(fa, fb)
	slide(fb, fa)
	return changes(fa, fb)
}

// marked is one file with a mark on each line that the other lacks.
type marked struct {
	ids  []int32
	mark []bool  // mark[i+1] is line i's; both ends are sentinels, never set
	kept []int32 // the ids of the lines that take part in the search
	at   []int   // their line numbers
}

func newMarked(ids []int32) *marked {
	return &marked{ids: ids, mark: make([]bool, len(ids)+2)}
}

func (m *marked) changed(i int) bool { return m.mark[i+1] }
func (m *marked) set(i int, v bool)  { m.mark[i+1] = v }

// Trim counts the ids that are equal at the head and at the tail.
func Trim(a, b []int32) (head, tail int) {
	n := min(len(a), len(b))
	for head < n && a[head] == b[head] {
		head++
	}
	for tail < n-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	return head, tail
}

// roughRoot is a power of two near the square root of n.
func roughRoot(n int) int {
	r := 1
	for ; n > 0; n >>= 2 {
		r <<= 1
	}
	return r
}

// setAside marks lines between head and tail that have no partner in the other file, and very
// common lines in the midst of such; the others are kept for the search.
func (d *differ) setAside(a, b *marked, head, tail int) {
	for _, id := range a.ids {
		d.countA[id]++
	}
	for _, id := range b.ids {
		d.countB[id]++
	}
	keep(a, d.countB, head, len(a.ids)-tail)
	keep(b, d.countA, head, len(b.ids)-tail)
	for _, id := range a.ids {
		d.countA[id] = 0
	}
	for _, id := range b.ids {
		d.countB[id] = 0
	}
}

type partners byte

const (
	lonely partners = iota
	some
	common
)

func keep(m *marked, others []int32, from, to int) {
	limit := int32(min(roughRoot(len(m.ids)), eqLimit))
	class := make([]partners, to-from)
	for i := range class {
		switch n := others[m.ids[from+i]]; {
		case n >= limit:
			class[i] = common
		case n > 0:
			class[i] = some
		}
	}
	for i, c := range class {
		if c == some || c == common && !amidLonely(class, i) {
			m.kept = append(m.kept, m.ids[from+i])
			m.at = append(m.at, from+i)
		} else {
			m.set(from+i, true)
		}
	}
}

// amidLonely reports whether the run of lonely and common lines around i has lonely ones on both
// sides of it and consists mostly of these.
func amidLonely(class []partners, i int) bool {
	scan := func(step, end int) (alone, often int) {
		for j := i + step; j != end && class[j] != some; j += step {
			if class[j] == lonely {
				alone++
			} else {
				often++
			}
		}
		return alone, often + 1
	}
	alone0, often0 := scan(-1, max(i-runWindow, 0)-1)
	if alone0 == 0 {
		return false
	}
	alone1, often1 := scan(+1, min(i+runWindow, len(class)-1)+1)
	if alone1 == 0 {
		return false
	}
	alone, often := alone0+alone1, often0+often1
	return often*runFactor < often+alone
}

// changes reads the marks of both files as a list.
func changes(a, b *marked) []change {
	var list []change
	for i, j := 0, 0; i < len(a.ids) || j < len(b.ids); i, j = i+1, j+1 {
		i0, j0 := i, j
		for a.changed(i) {
			i++
		}
		for b.changed(j) {
			j++
		}
		if i > i0 || j > j0 {
			list = append(list, change{Span{i0, i}, Span{j0, j}})
		}
	}
	return list
}

// Shortest returns the places of what goes from a and of what comes in b, on a shortest way from a to
// b. The work grows with the product of their lengths.
func Shortest(a, b []int32) (gone, come []int) {
	x, y := newMarked(a), newMarked(b)
	x.keepAll()
	y.keepAll()
	newDiffer(0).search(x, y, true)
	return x.marked(), y.marked()
}

// Short returns as Shortest does the places on a way from a to b, all ids being less than ids. It is the
// way that git's diff takes: maybe not the shortest, and so the work stays bounded.
func Short(a, b []int32, ids int) (gone, come []int) {
	for _, c := range newDiffer(ids).diff(a, b) {
		gone, come = c.a.append(gone), c.b.append(come)
	}
	return gone, come
}

// keepAll lets every line take part in the search.
func (m *marked) keepAll() {
	m.kept = m.ids
	m.at = make([]int, len(m.ids))
	for i := range m.at {
		m.at[i] = i
	}
}

func (m *marked) marked() []int {
	var places []int
	for i := range m.ids {
		if m.changed(i) {
			places = append(places, i)
		}
	}
	return places
}
