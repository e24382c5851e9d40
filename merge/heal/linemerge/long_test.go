package linemerge

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestIsGitMergeFileOnLongFiles: where so much has changed that git's search gives up early, it does
// so at the same places: at the point that came furthest or, in files of more than 30,000 lines, beside
// a long run of equal lines.
func TestIsGitMergeFileOnLongFiles(t *testing.T) {
	for i, lines := range []int{2000, 2000, 40000} {
		s := scribe{rand.New(rand.NewPCG(5, uint64(i))), 40}
		base := make([]string, lines)
		for i := range base {
			base[i] = fmt.Sprintf("line %d\n", i)
		}
		ours, theirs := s.stir(base, 100), s.stir(base, 30*i)
		sameAsGit(t, strings.Join(base, ""), ours, theirs, Format{Style: Style(i), Labels: labels})
	}
}

// stir brings every second stretch of lines into another order. The others stay: each is keep lines long.
func (s scribe) stir(base []string, keep int) string {
	var out strings.Builder
	for at := 0; at < len(base); {
		same := base[at:min(at+keep, len(base))]
		at += len(same)
		other := append([]string(nil), base[at:min(at+30+s.IntN(10), len(base))]...)
		at += len(other)
		s.Shuffle(len(other), func(i, j int) { other[i], other[j] = other[j], other[i] })
		out.WriteString(strings.Join(same, "") + strings.Join(other, ""))
	}
	return out.String()
}
