package hook

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/git-swarm/git-swarm/orchestrator/agents"
)

// On a full disk nobody joins, and an agent is told at its start why it is not known.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size=8m"); err != nil {
		t.Skipf("no file system can be mounted: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	t.Setenv("TMPDIR", dir)
	t.Run("start", func(t *testing.T) { startOnFullDisk(t, dir) }) // with its files on it
}

func startOnFullDisk(t *testing.T, dir string) {
	w := newWorld(t)
	f, err := os.Create(filepath.Join(dir, "filler"))
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	f.Close()
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	if err := w.handler("A").Run(t.Context(), agents.SessionStart); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a start on a full disk ends with %v", err)
	}
	if len(w.said) != 1 {
		t.Fatalf("said %v, not once why nothing is claimed", w.said)
	}
	if u, is := w.said[0].(*Unwritable); !is || !u.Full || u.Dir != w.repo.CommonDir {
		t.Errorf("said %#v", w.said[0])
	}
}
