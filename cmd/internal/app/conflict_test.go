package app

import (
	"testing"

	"github.com/git-swarm/git-swarm/merge/land"
)

// TestFormatConflict: of a path that no commit knows, nobody is named.
func TestFormatConflict(t *testing.T) {
	t.Parallel()
	e := &land.ConflictError{Files: []string{"n~HEAD"}}
	if got := formatConflict(e); got != "conflict in n~HEAD; nothing was changed" {
		t.Error(got)
	}
	e.Theirs = []land.Change{{Commit: "1234567", Author: "Eva"}}
	if got := formatConflict(e); got != "conflict in n~HEAD, changed by Eva (1234567); nothing was changed" {
		t.Error(got)
	}
}
