package app

import (
	"cmp"
	"container/heap"
	"slices"

	"github.com/git-swarm/git-swarm/lock"
)

// newestClaims keeps the newest 50 of any number of claims; of the same age the first by
// path.
type newestClaims struct {
	of   int // how many there were
	kept keptClaims
}

const mostClaims = 50

// add takes the claims in the order of their paths. It is always true.
func (n *newestClaims) add(c lock.Claim) bool {
	n.of++
	switch {
	case len(n.kept) < mostClaims:
		heap.Push(&n.kept, keptClaim{n.of, c})
	case c.Since.After(n.kept[0].Since):
		n.kept[0] = keptClaim{n.of, c}
		heap.Fix(&n.kept, 0)
	}
	return true
}

// byPath are those kept, in the order in which they came. Nothing can be added then.
func (n *newestClaims) byPath() keptClaims {
	slices.SortFunc(n.kept, func(a, b keptClaim) int { return cmp.Compare(a.at, b.at) })
	return n.kept
}

// keptClaim is the claim that came as the at-th.
type keptClaim struct {
	at int
	lock.Claim
}

// keptClaims is a heap, with the one that goes first on top.
type keptClaims []keptClaim

func (k keptClaims) each(visit func(lock.Claim) bool) error {
	for _, one := range k {
		if !visit(one.Claim) {
			break
		}
	}
	return nil
}

func (k keptClaims) Len() int { return len(k) }

func (k keptClaims) Less(i, j int) bool {
	if c := k[i].Since.Compare(k[j].Since); c != 0 {
		return c < 0
	}
	return k[i].at > k[j].at
}

func (k keptClaims) Swap(i, j int) { k[i], k[j] = k[j], k[i] }

func (k *keptClaims) Push(x any) { *k = append(*k, x.(keptClaim)) }

func (k *keptClaims) Pop() any {
	last := len(*k) - 1
	x := (*k)[last]
	*k = (*k)[:last]
	return x
}
