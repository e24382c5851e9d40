package linemerge

// run is a row of marked lines [from, to), or the empty place before line from.
type run struct {
	m        *marked
	from, to int
}

func firstRun(m *marked) *run {
	r := &run{m: m}
	r.grow()
	return r
}

func (r *run) empty() bool { return r.from == r.to }

// grow takes in the marked lines that follow and those before.
func (r *run) grow() {
	for r.m.changed(r.to) {
		r.to++
	}
	for r.m.changed(r.from - 1) {
		r.from--
	}
}

func (r *run) next() bool {
	if r.to == len(r.m.ids) {
		return false
	}
	r.from, r.to = r.to+1, r.to+1
	r.grow()
	return true
}

func (r *run) prev() {
	r.from, r.to = r.from-1, r.from-1
	r.grow()
}

// down moves the run one line down, if the line it loses above equals the one it gains below.
func (r *run) down() bool {
	if r.to == len(r.m.ids) || r.m.ids[r.from] != r.m.ids[r.to] {
		return false
	}
	r.m.set(r.from, false)
	r.m.set(r.to, true)
	r.from, r.to = r.from+1, r.to+1
	r.grow()
	return true
}

// up is the reverse of down.
func (r *run) up() bool {
	if r.from == 0 || r.m.ids[r.from-1] != r.m.ids[r.to-1] {
		return false
	}
	r.m.set(r.from-1, true)
	r.m.set(r.to-1, false)
	r.from, r.to = r.from-1, r.to-1
	r.grow()
	return true
}

// slide moves each run of marked lines of m as far down as it goes, joining those that meet, and
// then back to the last place where it lies beside a run of the other file, if there is one.
func slide(m, other *marked) {
	g, o := firstRun(m), firstRun(other)
	for {
		if !g.empty() {
			slideRun(g, o)
		}
		if !g.next() {
			return
		}
		o.next()
	}
}

func slideRun(g, o *run) {
	var top, beside int // the highest and the last matched end
	for size := -1; size != g.to-g.from; {
		size = g.to - g.from
		for g.up() {
			o.prev()
		}
		top, beside = g.to, -1
		if !o.empty() {
			beside = g.to
		}
		for g.down() {
			o.next()
			if !o.empty() {
				beside = g.to
			}
		}
	}
	if g.to == top || beside < 0 {
		return
	}
	for o.empty() {
		g.up()
		o.prev()
	}
}
