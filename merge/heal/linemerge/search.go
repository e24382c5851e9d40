package linemerge

// search marks the kept lines that are not on the path found from the one file to the other: a
// shortest one if exact, else git's.
func (d *differ) search(a, b *marked, exact bool) {
	n, m := len(a.kept), len(b.kept)
	diagonals := n + m + 3
	if len(d.fwd) < diagonals {
		d.fwd, d.bwd = make([]int, diagonals), make([]int, diagonals)
	}
	s := &searcher{
		a: a, b: b, fwd: d.fwd, bwd: d.bwd, zero: m + 1,
		maxCost: max(roughRoot(diagonals), minMaxCost),
	}
	s.compare(box{0, n, 0, m}, exact)
}

// box is a rectangle of the edit graph: kept lines [a0, a1) against [b0, b1).
type box struct{ a0, a1, b0, b1 int }

// searcher follows Myers' divide and conquer. Diagonal k holds the points with (line of a) -
// (line of b) = k; fwd[zero+k] and bwd[zero+k] are the furthest lines of a reached on it.
type searcher struct {
	a, b     *marked
	fwd, bwd []int
	zero     int
	maxCost  int
}

// split is a point on the path; exactLo and exactHi say that its half must be searched to the end.
type split struct {
	a, b             int
	exactLo, exactHi bool
}

func (s *searcher) compare(x box, exact bool) {
	ka, kb := s.a.kept, s.b.kept
	for x.a0 < x.a1 && x.b0 < x.b1 && ka[x.a0] == kb[x.b0] {
		x.a0++
		x.b0++
	}
	for x.a0 < x.a1 && x.b0 < x.b1 && ka[x.a1-1] == kb[x.b1-1] {
		x.a1--
		x.b1--
	}
	if x.a0 == x.a1 || x.b0 == x.b1 {
		for _, i := range s.a.at[x.a0:x.a1] {
			s.a.set(i, true)
		}
		for _, j := range s.b.at[x.b0:x.b1] {
			s.b.set(j, true)
		}
		return
	}
	p := s.divide(x, exact)
	s.compare(box{x.a0, p.a, x.b0, p.b}, p.exactLo)
	s.compare(box{p.a, x.a1, p.b, x.b1}, p.exactHi)
}

// front is the range of diagonals that one of the two searches has reached.
type front struct{ min, max int }

// widen takes the front one edit further and puts edge beside it, or narrows it at the box's border.
func (f *front) widen(reach []int, zero, lo, hi, edge int) {
	if f.min > lo {
		f.min--
		reach[zero+f.min-1] = edge
	} else {
		f.min++
	}
	if f.max < hi {
		f.max++
		reach[zero+f.max+1] = edge
	} else {
		f.max--
	}
}

// divide returns a point of x where the search from its start meets the one from its end, or, when
// that gets too dear and exact is not asked for, a point that one of them reached.
func (s *searcher) divide(x box, exact bool) split {
	lo, hi := x.a0-x.b1, x.a1-x.b0
	mid0, mid1 := x.a0-x.b0, x.a1-x.b1
	odd := (mid0-mid1)&1 != 0
	f, r := front{mid0, mid0}, front{mid1, mid1}
	s.fwd[s.zero+mid0], s.bwd[s.zero+mid1] = x.a0, x.a1
	for cost := 1; ; cost++ {
		f.widen(s.fwd, s.zero, lo, hi, -1)
		p, met, snake0 := s.forward(x, f, r, odd)
		if met {
			return p
		}
		r.widen(s.bwd, s.zero, lo, hi, farAway)
		p, met, snake1 := s.backward(x, f, r, !odd)
		if met {
			return p
		}
		if exact {
			continue
		}
		if (snake0 || snake1) && cost > heurCost {
			if p, ok := s.promising(x, f, r, cost); ok {
				return p
			}
		}
		if cost >= s.maxCost {
			return s.furthest(x, f, r)
		}
	}
}

func (s *searcher) forward(x box, f, r front, meets bool) (p split, met, snake bool) {
	ka, kb := s.a.kept, s.b.kept
	for k := f.max; k >= f.min; k -= 2 {
		i := s.fwd[s.zero+k+1]
		if below := s.fwd[s.zero+k-1]; below >= i {
			i = below + 1
		}
		start := i
		for i < x.a1 && i-k < x.b1 && ka[i] == kb[i-k] {
			i++
		}
		snake = snake || i-start > snakeLen
		s.fwd[s.zero+k] = i
		if meets && r.min <= k && k <= r.max && s.bwd[s.zero+k] <= i {
			return split{i, i - k, true, true}, true, snake
		}
	}
	return split{}, false, snake
}

func (s *searcher) backward(x box, f, r front, meets bool) (p split, met, snake bool) {
	ka, kb := s.a.kept, s.b.kept
	for k := r.max; k >= r.min; k -= 2 {
		i := s.bwd[s.zero+k-1]
		if above := s.bwd[s.zero+k+1]; above <= i {
			i = above - 1
		}
		start := i
		for i > x.a0 && i-k > x.b0 && ka[i-1] == kb[i-k-1] {
			i--
		}
		snake = snake || start-i > snakeLen
		s.bwd[s.zero+k] = i
		if meets && f.min <= k && k <= f.max && i <= s.fwd[s.zero+k] {
			return split{i, i - k, true, true}, true, snake
		}
	}
	return split{}, false, snake
}

// promising returns the best point behind which (or, from the end, before which) a long run of
// equal lines lies and that came far for its cost.
func (s *searcher) promising(x box, f, r front, cost int) (split, bool) {
	var p split
	best := 0
	for k := f.max; k >= f.min; k -= 2 {
		i := s.fwd[s.zero+k]
		j := i - k
		came := (i - x.a0) + (j - x.b0) - abs(k-(x.a0-x.b0))
		if came > heurFactor*cost && came > best && x.a0+snakeLen <= i && i < x.a1 &&
			x.b0+snakeLen <= j && j < x.b1 && s.snake(i-snakeLen, j-snakeLen) {
			best, p = came, split{i, j, true, false}
		}
	}
	if best > 0 {
		return p, true
	}
	for k := r.max; k >= r.min; k -= 2 {
		i := s.bwd[s.zero+k]
		j := i - k
		came := (x.a1 - i) + (x.b1 - j) - abs(k-(x.a1-x.b1))
		if came > heurFactor*cost && came > best && x.a0 < i && i <= x.a1-snakeLen &&
			x.b0 < j && j <= x.b1-snakeLen && s.snake(i, j) {
			best, p = came, split{i, j, false, true}
		}
	}
	return p, best > 0
}

func (s *searcher) snake(i, j int) bool {
	for n := range snakeLen {
		if s.a.kept[i+n] != s.b.kept[j+n] {
			return false
		}
	}
	return true
}

// furthest returns the point that came furthest from its own end.
func (s *searcher) furthest(x box, f, r front) split {
	fSum, fAt := -1, 0
	for k := f.max; k >= f.min; k -= 2 {
		i := min(s.fwd[s.zero+k], x.a1)
		if i-k > x.b1 {
			i = x.b1 + k
		}
		if i+i-k > fSum {
			fSum, fAt = i+i-k, i
		}
	}
	rSum, rAt := farAway, 0
	for k := r.max; k >= r.min; k -= 2 {
		i := max(s.bwd[s.zero+k], x.a0)
		if i-k < x.b0 {
			i = x.b0 + k
		}
		if i+i-k < rSum {
			rSum, rAt = i+i-k, i
		}
	}
	if x.a1+x.b1-rSum < fSum-(x.a0+x.b0) {
		return split{fAt, fSum - fAt, true, false}
	}
	return split{rAt, rSum - rAt, false, true}
}

func abs(n int) int { return max(n, -n) }
