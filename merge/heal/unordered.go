package heal

import (
	"path"
	"regexp"
	"strings"
	"sync"
)

// unordered: both sides brought in lines at the same place, and the order of such lines means
// nothing: imports, or patterns of an ignore file. Ours come first.
func unordered(c *conflict) (string, bool) {
	p := c.lines()
	met := false
	text, ok := p.weave(0, func(g group) ([]int32, bool) {
		met = true
		if len(g.ours) != 1 || len(g.theirs) != 1 || !g.at.Empty() {
			return nil, false
		}
		both := append(append([]int32(nil), g.ours[0].with...), g.theirs[0].with...)
		for _, id := range both {
			if !anyOrder(c.kind, p.names[id]) {
				return nil, false
			}
		}
		return both, true
	})
	return text, ok && met
}

// anyOrder reports whether a line may stand before or after its like. A pattern that takes another
// back (!) may not.
func anyOrder(kind fileType, line string) bool {
	if kind == ignoreList {
		return !strings.HasPrefix(strings.TrimSpace(line), "!")
	}
	return imports().MatchString(line)
}

// imports matches lines that bring in names, in the languages that have one line for each.
var imports = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\s*(import\s|from\s+\S+\s+import\s|use\s|pub use\s|mod\s|pub mod\s|#include\s|using\s|` +
		`export \* from\s|"[\w./-]+"\s*$)`)
})

func isIgnoreList(name string) bool {
	base := path.Base(name)
	return strings.HasPrefix(base, ".") && strings.HasSuffix(base, "ignore")
}
