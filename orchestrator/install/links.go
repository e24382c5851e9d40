package install

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// within reports whether path is top or below it; no path is within "".
func within(top, path string) bool {
	if top == "" {
		return false
	}
	rel, err := filepath.Rel(repo.ResolveLinks(top), path)
	return err == nil && filepath.IsLocal(rel)
}

// linkIn reports whether the absolute path leads through a symbolic link in one of
// those folders. It follows the other links, of which there can be forty, as for the
// kernel.
func linkIn(folders func(dir string) bool, path string) bool {
	at, rest, links := "/", strings.Split(path, "/"), 0
	for len(rest) > 0 {
		part := rest[0]
		rest = rest[1:]
		target, err := os.Readlink(filepath.Join(at, part))
		if err != nil { // no link, or nothing there yet
			at = filepath.Join(at, part)
			continue
		}
		if links++; links > 40 || folders(at) {
			return true
		}
		if filepath.IsAbs(target) {
			at = "/"
		}
		rest = append(strings.Split(target, "/"), rest...)
	}
	return false
}
