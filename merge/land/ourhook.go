package land

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// usersHook begins the line of a git hook of git swarm's that names the user's hook
// which it runs. A Push runs that one alone: ours has no more to say to it.
const usersHook = "theirs="

// UsersHookLine is that line, in a shell's words. The path, "" for none, may be
// relative to where git runs hooks.
func UsersHookLine(path string) string {
	return usersHook + "'" + strings.ReplaceAll(path, "'", `'\''`) + "'\n"
}

// usersHookOf is the hook that a Push has to run for the one at path: that one, or the
// one that it runs, if it is ours. It is "" if there is none, or git would not run it.
func (l *Lander) usersHookOf(path string) string {
	for range 2 {
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o111 == 0 {
			return ""
		}
		theirs, ours := namedIn(path)
		switch {
		case !ours:
			return path
		case theirs == "":
			return ""
		case !filepath.IsAbs(theirs):
			theirs = filepath.Join(l.Repo.WorkTree, theirs)
		}
		path = theirs
	}
	return ""
}

// namedIn is the user's hook that a hook of ours names.
func namedIn(path string) (theirs string, ours bool) {
	f, err := os.Open(path)
	if err != nil {
		return "", false
	}
	defer f.Close()
	head := make([]byte, 8192)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", false
	}
	lines := strings.SplitAfterN(string(head[:n]), "\n", 3)
	if len(lines) < 3 || !strings.HasPrefix(lines[1], "# git swarm's hook;") || !strings.HasPrefix(lines[2], usersHook+"'") {
		return "", false
	}
	quoted, _, ok := strings.Cut(lines[2][len(usersHook)+1:], "'\n")
	return strings.ReplaceAll(quoted, `'\''`, "'"), ok
}
