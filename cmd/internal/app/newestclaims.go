package app

import (
	"slices"
	"sort"
	"strings"

	"github.com/git-swarm/git-swarm/lock"
)

// newestClaims keeps the newest 50 of any number of claims; of the same age the first by
// path.
type newestClaims struct {
	of   int          // how many there were
	kept []lock.Claim // the newest last, behind up to 50 that are not
}

const mostClaims = 50

// add takes the claims in the order of their paths. It is always true.
func (n *newestClaims) add(c lock.Claim) bool {
	n.of++
	if i := len(n.kept) - mostClaims; i >= 0 && !c.Since.After(n.kept[i].Since) {
		return true
	}
	at := sort.Search(len(n.kept), func(i int) bool { return !n.kept[i].Since.Before(c.Since) })
	n.kept = slices.Insert(n.kept, at, c)
	if len(n.kept) == 2*mostClaims {
		n.kept = slices.Delete(n.kept, 0, mostClaims)
	}
	return true
}

// byPath visits those kept. Nothing can be added then.
func (n *newestClaims) byPath(visit func(lock.Claim) bool) {
	n.kept = n.kept[max(0, len(n.kept)-mostClaims):]
	slices.SortFunc(n.kept, func(a, b lock.Claim) int { return strings.Compare(a.Path, b.Path) })
	for _, claim := range n.kept {
		if !visit(claim) {
			return
		}
	}
}
