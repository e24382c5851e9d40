package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// TestHubServerKilled: the server's receive-pack is killed at each of its steps. The command
// that it has served says yes, or that it may have been done or not; run again it is done
// once, and nobody else is granted the same. What a killed server leaves locked is told by name.
func TestHubServerKilled(t *testing.T) {
	t.Parallel()
	w := newHubTown(t, 2, serveFile)
	steps := []string{"pre-receive", "update", "reference-transaction committed", "post-receive", "post-update"}
	if refstoretest.Long() {
		steps = append(steps, "reference-transaction prepared") // it leaves a lock, and a command tries for half a minute
	}
	for _, step := range steps {
		hook, state, _ := strings.Cut(step, " ")
		path, name := strings.ReplaceAll(step, " ", "-"), filepath.Join(w.dir, "hub.git", "hooks", hook)
		script := "#!/bin/sh\n[ -z '" + state + "' ] || [ \"$1\" = '" + state + "' ] || exit 0\nrm \"$0\"; touch killed; kill -9 $PPID\n"
		if err := os.WriteFile(name, []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
		out, err := w.swarm(0, "claim", path)
		var exit *exec.ExitError
		if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 75) {
			t.Errorf("%s: %v\n%s", step, err, out)
		}
		if err := os.Remove(filepath.Join(w.dir, "hub.git", "killed")); err != nil {
			t.Errorf("%s: nothing was killed: %v\n%s", step, err, out)
		}
		for _, left := range w.hubLocks() {
			if !strings.Contains(out, filepath.Base(left)) {
				t.Errorf("%s: %s is left, and not named:\n%s", step, left, out)
			}
			if err := os.Remove(left); err != nil {
				t.Error(err)
			}
		}
		if out, err := w.again(0, "claim", path); err != nil {
			t.Errorf("%s: again: %v\n%s", step, err, out)
		}
		if out, err := w.again(1, "claim", path); err == nil || !strings.Contains(out, "is claimed by A") {
			t.Errorf("%s: the other clone: %v\n%s", step, err, out)
		}
	}
	w.settle()
	w.oneHistory()
}

// hubLocks are the files by which refs of the hub are locked.
func (w *hubTown) hubLocks() (left []string) {
	w.Helper()
	err := filepath.WalkDir(filepath.Join(w.dir, "hub.git"), func(path string, _ os.DirEntry, err error) error {
		if strings.HasSuffix(path, ".lock") {
			left = append(left, path)
		}
		return err
	})
	if err != nil {
		w.Error(err)
	}
	return left
}
