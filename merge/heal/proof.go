package heal

import "github.com/git-swarm/git-swarm/merge/heal/linemerge"

// proven checks a result against both sides, without regard to how it came about: by its own diff,
// not the one that rules use. What counts are tokens other than white space. It holds when
//
//   - no token occurs more or less often than carrying out both sides' changes of its number, or
//     those of one side where the other made the same, would have it;
//   - what leads from ours to the result is of theirs: each token that goes, theirs took out of the
//     base, and each that comes, theirs brought in; and the other way round.
//
// So each token that a side added is in the result, in that side's order; none that a side took out
// and the other left alone is; and nothing is there that no side wrote. Both conditions are the same
// with the sides swapped.
func proven(base, ours, theirs, result string) bool {
	in := linemerge.NewInterner()
	b, o, t, r := solidTokens(in, base), solidTokens(in, ours), solidTokens(in, theirs), solidTokens(in, result)
	if !counted(b, o, t, r, in.Len()) {
		return false
	}
	byOurs, ok1 := difference(b, o, in.Len())
	byTheirs, ok2 := difference(b, t, in.Len())
	fromOurs, ok3 := difference(o, r, in.Len())
	fromTheirs, ok4 := difference(t, r, in.Len())
	return ok1 && ok2 && ok3 && ok4 && fromOurs.partOf(byTheirs) && fromTheirs.partOf(byOurs)
}

func solidTokens(in *linemerge.Interner, s string) []int32 {
	var out []int32
	for _, t := range tokens(s) {
		if !isSpace(t) {
			out = append(out, in.ID(t))
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

// delta counts the tokens that go and come between two texts.
type delta struct{ gone, come []int }

// partOf reports whether e goes and comes with all that d does.
func (d delta) partOf(e delta) bool {
	for id := range d.gone {
		if d.gone[id] > e.gone[id] || d.come[id] > e.come[id] {
			return false
		}
	}
	return true
}

// difference finds a shortest way from a to b, or false if that is too much work.
func difference(a, b []int32, ids int) (delta, bool) {
	d := delta{make([]int, ids), make([]int, ids)}
	head, tail := linemerge.Trim(a, b)
	a, b = a[head:len(a)-tail], b[head:len(b)-tail]
	if len(a)*len(b) > maxCells {
		return d, false
	}
	gone, come := linemerge.Shortest(a, b)
	for _, i := range gone {
		d.gone[a[i]]++
	}
	for _, j := range come {
		d.come[b[j]]++
	}
	return d, true
}
