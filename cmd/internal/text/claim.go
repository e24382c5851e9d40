package text

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/lock"
)

// HeldLine says who holds a path, since when, and why. A session of another clone was
// seen when it claimed, although its clone says only now and then that it is alive.
func HeldLine(now time.Time, e *lock.HeldError) string {
	shown := *e // between single quotes, which the paths must not close
	shown.Path, shown.Claim.Path = escapeSingle(e.Path), escapeSingle(e.Claim.Path)
	seen := e.Seen
	if e.Claim.Since.After(seen) {
		seen = e.Claim.Since
	}
	line := fmt.Sprintf("%s (for %s, seen %s)", Inert(shown.Error()), Age(now, e.Claim.Since), Ago(now, seen))
	if e.Claim.Reason != "" {
		line += ": " + Quoted(e.Claim.Reason)
	}
	return line
}

// escapeSingle escapes what would end a text in single quotes.
func escapeSingle(s string) string { return strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) }

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
