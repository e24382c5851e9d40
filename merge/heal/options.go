package heal

import (
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/merge/heal/linemerge"
)

// Options say what Merge may do and how it shows what remains. The zero value heals what is safe and
// writes conflicts as git does by default.
type Options struct {
	// Path names the file; rules depend on its type. It is not opened.
	Path   string
	Level  Level
	Format linemerge.Format // of a conflict that remains
}

// Level is how much Merge dares.
type Level byte

const (
	Safe Level = iota // rules with which people agree about as often as the corpus allows
	Both              // also lines brought in at one place by both sides, one first, or beside lines changed by the other, and edits of lines that the other moved
	Wide              // also rules that are right less often; a person should look
	Off               // no rule: git's own line merge
)

var levels = [...]string{"safe", "both", "wide", "off"}

func (l Level) String() string { return levels[l] }

// ParseLevel reads safe, both, wide or off.
func ParseLevel(text string) (Level, bool) {
	i := slices.Index(levels[:], strings.ToLower(text))
	return Level(max(i, 0)), i >= 0
}
