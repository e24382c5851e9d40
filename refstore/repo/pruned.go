package repo

import (
	"errors"
	"strings"
)

// Pruned reports whether a git command failed because git gc, or maintenance, has taken
// away an object that no ref had yet, or a folder of objects that was empty when the
// command was about to write there.
func Pruned(err error) bool {
	var failed *GitError
	if !errors.As(err, &failed) {
		return false
	}
	for _, texts := range [][2]string{
		{"unable to create temporary file", "No such file"},
		{"unable to rename temporary file", "No such file"},
		{"unable to write file", "No such file"},
		{"nonexistent object"},
		{"bad object"},
		{"Could not read "},
		{"unable to read "},
		{"failed to unpack tree object"},
		{"missing blob object"},
		{"missing tree object"},
		{"unknown revision"},
	} {
		if strings.Contains(failed.Stderr, texts[0]) && strings.Contains(failed.Stderr, texts[1]) {
			return true
		}
	}
	return false
}
