package text

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/lock"
)

// HeldLine says who holds a path, since when, and why.
func HeldLine(now time.Time, e *lock.HeldError) string {
	line := fmt.Sprintf("%s (for %s, seen %s)", Inert(e.Error()), Age(now, e.Claim.Since), Ago(now, e.Seen))
	if e.Claim.Reason != "" {
		line += ": " + Quoted(e.Claim.Reason)
	}
	return line
}

// PathFrom is a path from the work tree's top as it is typed in the folder that
// prefix names.
func PathFrom(prefix, path string) string {
	rel, err := filepath.Rel(filepath.FromSlash("/"+prefix), filepath.FromSlash("/"+path))
	if err != nil {
		return path
	}
	if strings.HasPrefix(rel, "-") {
		return "./" + rel
	}
	return rel
}
