package lock

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/bus"
)

// quote returns a path on one line, quoted where git's own output quotes it.
func quote(path string) string {
	if strings.ContainsFunc(path, func(r rune) bool { return r < ' ' || r == 0x7f || r == '"' || r == '\\' }) {
		return strconv.Quote(path)
	}
	return path
}

// PathError says why a path cannot be claimed. It is a bus.ErrInput.
type PathError struct {
	Path string // as it was given to CleanPath
	Why  string
}

func (e *PathError) Error() string {
	if short := []rune(e.Path); len(short) > 80 {
		return fmt.Sprintf("'%s…': %s", string(short[:80]), e.Why)
	}
	return fmt.Sprintf("'%s': %s", e.Path, e.Why)
}

// Is makes errors.Is(err, bus.ErrInput) true.
func (e *PathError) Is(target error) bool { return target == bus.ErrInput }

// CleanPath returns a path, given relative to the work tree's top, in the form in
// which paths are claimed. It refuses what cannot be the path of a file or folder
// in the work tree.
func CleanPath(path string) (string, error) {
	bad := func(why string) (string, error) { return "", &PathError{path, why} }
	if strings.ToValidUTF8(path, "") != path || strings.ContainsRune(path, 0) {
		return bad("not valid UTF-8, so it cannot be claimed; claim a folder above it")
	}
	if strings.HasPrefix(path, "/") {
		return bad("outside the repository")
	}
	var parts []string
	for part := range strings.SplitSeq(path, "/") {
		switch {
		case part == "" || part == ".":
		case part == "..":
			if len(parts) == 0 {
				return bad("outside the repository")
			}
			parts = parts[:len(parts)-1]
		case isDotGit(part):
			return bad("below .git")
		default:
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 {
		return bad("the whole work tree cannot be claimed; claim folders or files")
	}
	if len(path) > 4096 || slices.ContainsFunc(parts, func(p string) bool { return len(p) > 255 }) {
		return bad("too long")
	}
	return strings.Join(parts, "/"), nil
}
