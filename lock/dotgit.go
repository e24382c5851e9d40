package lock

import (
	"strings"

	"github.com/git-swarm/git-swarm/refstore/bus"
)

// foldName is the name as file systems read it that take several names for one:
// HFS+ ignores some characters, Windows ends the name at a stream, a space or a dot.
func foldName(name string) string {
	folded := strings.Map(func(r rune) rune {
		switch r {
		case 0x200c, 0x200d, 0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x206a, 0x206b, 0x206c, 0x206d, 0x206e, 0x206f, 0xfeff:
			return -1
		}
		return r
	}, name)
	folded, _, _ = strings.Cut(folded, ":")
	return strings.ToLower(strings.TrimRight(folded, " ."))
}

// isDotGit reports whether git refuses the name in a tree because some file system
// takes it for .git (verify_path in read-cache.c).
func isDotGit(name string) bool {
	for part := range strings.SplitSeq(name, `\`) { // which separates folders on Windows
		if folded := foldName(part); folded == ".git" || folded == "git~1" {
			return true
		}
	}
	return false
}

// isGitModules reports whether git fsck, and hosts that run it on what is pushed, read
// what has this name in a tree as .gitmodules, whichever ref it is on. It is a little
// wider than git in Windows' short names.
func isGitModules(name string) bool {
	folded := foldName(name)
	short, _, ok := strings.Cut(folded, "~")
	return folded == ".gitmodules" || ok && (strings.HasPrefix(short, "gitmod") || strings.HasPrefix(short, "gi7"))
}

// readByGit is isGitModules, or the same for .gitattributes, of which git fsck asks
// only that it is a file of no overlong lines.
func readByGit(name string) bool {
	folded := foldName(name)
	short, _, ok := strings.Cut(folded, "~")
	return isGitModules(name) || folded == ".gitattributes" || ok && strings.HasPrefix(short, "gitatt")
}

// checkByGit refuses a claim that such a host would: one below .gitmodules, which
// must be no folder, and one on it whose blob is no configuration to git. What was
// claimed before is left as it is.
func checkByGit(path, reason string) error {
	parts := strings.Split(path, "/")
	for _, part := range parts[:len(parts)-1] {
		if readByGit(part) {
			return &PathError{path, "git does not take '" + part + "' for a folder; claim that itself"}
		}
	}
	if last := parts[len(parts)-1]; isGitModules(last) && strings.ContainsFunc(reason, func(r rune) bool {
		return r == '"' || r == '\\' || r < ' ' && r != '\n' && r != '\t' || r == 0x7f
	}) {
		return bus.Inputf("the reason of a claim on '%s' must be without '\"', '\\' and control characters: git reads such a file", last)
	}
	return nil
}
