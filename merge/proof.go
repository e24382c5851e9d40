package merge

// proven checks a result against both sides, without regard to how it came about. What counts are
// tokens other than blanks. It holds when
//
//   - no token occurs more or less often than carrying out both sides' changes of its number, or
//     those of one side where the other made the same, would have it;
//   - getting from ours to the result takes no more insertions and deletions than theirs took from
//     the base, and the other way round: so neither side's order is disturbed, none of its tokens
//     lost, and nothing comes in that no side wrote.
//
// Both conditions are the same with the sides swapped.
func proven(base, ours, theirs, result string) bool {
	in := newInterner()
	b, o, t, r := marks(in, base), marks(in, ours), marks(in, theirs), marks(in, result)
	return counted(b, o, t, r, len(in.ids)) &&
		within(o, r, distance(b, t, maxDistance)) && within(t, r, distance(b, o, maxDistance))
}

func marks(in *interner, s string) []int32 {
	var out []int32
	for _, t := range tokens(s) {
		if !isSpace(t) {
			out = append(out, in.id(t))
		}
	}
	return out
}

func counted(base, ours, theirs, result []int32, ids int) bool {
	count := make([][4]int, ids)
	for i, seq := range [][]int32{base, ours, theirs, result} {
		for _, id := range seq {
			count[id][i]++
		}
	}
	for _, c := range count {
		b, o, t, r := c[0], c[1], c[2], c[3]
		both := o + t - b // the changes of both, one after the other
		switch {
		case o >= b && t >= b && (r < max(o, t) || r > both),
			o <= b && t <= b && (r > min(o, t) || r < both),
			(o > b) != (t > b) && (o < b) != (t < b) && r != both:
			return false
		}
	}
	return true
}

// maxDistance bounds the work of a proof; what is further apart is not proven.
const maxDistance = 4000

func within(a, b []int32, limit int) bool {
	return limit <= maxDistance && distance(a, b, limit) <= limit
}

// distance is the least number of insertions and deletions that lead from a to b, or limit+1 if it
// is greater (Myers' greedy algorithm).
func distance(a, b []int32, limit int) int {
	head, tail := trim(a, b)
	a, b = a[head:len(a)-tail], b[head:len(b)-tail]
	limit = min(limit, len(a)+len(b))
	reach := make([]int, 2*limit+3)
	zero := limit + 1
	for d := 0; d <= limit; d++ {
		for k := -d; k <= d; k += 2 {
			i := reach[zero+k-1] + 1
			if k == -d || k != d && reach[zero+k+1] >= i {
				i = reach[zero+k+1]
			}
			if d == 0 {
				i = 0
			}
			for i < len(a) && i-k < len(b) && i-k >= 0 && a[i] == b[i-k] {
				i++
			}
			reach[zero+k] = i
			if i >= len(a) && i-k >= len(b) {
				return d
			}
		}
	}
	return limit + 1
}
