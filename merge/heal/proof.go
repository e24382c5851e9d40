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
	return counted(b, o, t, r, in.Len()) && ordered(b, o, t, r, in.Len())
}

func ordered(b, o, t, r []int32, ids int) bool {
	byOurs, ok1 := difference(b, o, ids)
	byTheirs, ok2 := difference(b, t, ids)
	fromOurs, ok3 := difference(o, r, ids)
	fromTheirs, ok4 := difference(t, r, ids)
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
	for _, c := range countAll(ids, base, ours, theirs, result) {
		if least, most := c.bounds(); c[3] < least || c[3] > most {
			return false
		}
	}
	return true
}

// occurrence is how often one token stands in base, ours, theirs and the result.
type occurrence [4]int

func countAll(ids int, texts ...[]int32) []occurrence {
	count := make([]occurrence, ids)
	for i, seq := range texts {
		for _, id := range seq {
			count[id][i]++
		}
	}
	return count
}

// bounds is how often the token stands in a result of both sides' edits: those of both, one after the
// other, or of one side where the other made the same.
func (c occurrence) bounds() (least, most int) {
	b, o, t := c[0], c[1], c[2]
	both := o + t - b
	switch {
	case o >= b && t >= b:
		return max(o, t), both
	case o <= b && t <= b:
		return both, min(o, t)
	}
	return both, both
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
