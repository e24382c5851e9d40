package app

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/lock"
)

// The newest are those that a stable sort by age puts first, and stay in order of path.
func TestNewestClaims(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		held := make([]lock.Claim, random.IntN(300))
		for i := range held {
			held[i] = lock.Claim{Path: strconv.Itoa(1000 + i), Since: time.Unix(random.Int64N(40), 0)}
		}
		want := slices.Clone(held)
		slices.SortStableFunc(want, func(a, b lock.Claim) int { return b.Since.Compare(a.Since) })
		want = want[:min(len(want), 50)]
		slices.SortFunc(want, func(a, b lock.Claim) int { return strings.Compare(a.Path, b.Path) })
		var newest newestClaims
		for _, claim := range held {
			newest.add(claim)
		}
		var got []lock.Claim
		_ = newest.byPath().each(func(claim lock.Claim) bool {
			got = append(got, claim)
			return true
		})
		if !slices.Equal(got, want) || newest.of != len(held) {
			t.Fatalf("of %d: %v of %d, want %v", len(held), got, newest.of, want)
		}
	}
}
