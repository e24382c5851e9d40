package app

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/quiet"
)

// TestQuietNote: a sync that has found nothing leaves a note, but not where an input has
// changed within the second before, or changes while the sync runs.
func TestQuietNote(t *testing.T) {
	t.Parallel()
	w := newTown(t, "files")
	w.ok("A", "sync")
	config := filepath.Join(w.Dir, ".git", "config")
	text, err := os.ReadFile(config)
	w.Must(err)
	old := time.Now().Add(-time.Minute)
	change := func(to string, at time.Time) {
		w.Must(os.WriteFile(config, append(bytes.Clone(text), to...), 0o666))
		w.Must(os.Chtimes(config, at, at))
	}
	note := filepath.Join(w.Dir, ".git", quiet.Name)
	// notes has a sync during which the clock is looked at calls times, as is told each
	// time, and reports whether it leaves a note.
	notes := func(looked func(calls int)) (left bool, calls int) {
		w.Must(filepath.WalkDir(filepath.Join(w.Dir, ".git"), func(path string, d fs.DirEntry, err error) error {
			if err != nil || path == config {
				return err
			}
			return os.Chtimes(path, old, old)
		}))
		_ = os.Remove(note)
		var out bytes.Buffer
		a := w.app("A", &out, &out)
		a.Env = a.Env.With("GIT_CONFIG_GLOBAL=" + os.DevNull) // the tests' own may be new
		a.Now = func() time.Time { calls++; looked(calls); return time.Now() }
		if code := a.Run(t.Context(), []string{"sync"}); code != 0 || out.Len() > 0 {
			t.Fatalf("exit code %d: %s", code, out.String())
		}
		_, err := os.Lstat(note)
		return err == nil, calls
	}
	nothing := func(int) {}
	change("", old)
	left, calls := notes(nothing)
	if !left {
		t.Fatal("no note is left, though nothing changes")
	}
	if left, _ := notes(func(n int) {
		if n == calls { // when it sees that no heartbeat is due
			change("# another\n", old)
		}
	}); left {
		t.Error("a note is left, though an input changed meanwhile")
	}
	change("", time.Now())
	if left, _ := notes(nothing); left {
		t.Error("a note is left, though an input has just changed")
	}
}
