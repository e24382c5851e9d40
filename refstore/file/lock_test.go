package file

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// holder is another process that has the file locked.
func holder(t *testing.T, path string) *exec.Cmd {
	t.Helper()
	cmd := refstoretest.Command(t, "lock", path)
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	if !bufio.NewScanner(out).Scan() {
		t.Fatal("the holder did not get the lock")
	}
	return cmd
}

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	if Locked(path) {
		t.Error("a file that does not exist is locked")
	}
	other := holder(t, path)
	if _, err := TryLockPath(path); !errors.Is(err, ErrLocked) {
		t.Errorf("beside its holder, TryLockPath gives %v", err)
	}
	if !Locked(path) {
		t.Error("Locked does not see the holder")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if _, err := LockPath(ctx, path); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a wait that runs out gives %v", err)
	}
	got := make(chan error, 1)
	go func() {
		unlock, err := LockPath(context.Background(), path)
		if err == nil {
			unlock()
		}
		got <- err
	}()
	if err := other.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := <-got; err != nil {
		t.Errorf("after the holder was killed, the wait ends with %v", err)
	}
	unlock, err := LockPath(context.Background(), path) // the wait that ran out may have it for a moment
	if err != nil {
		t.Fatal(err)
	}
	unlock()
	if Locked(path) {
		t.Error("the file is locked after it was given up")
	}
}

// Unlock frees the lock even if another process still has the file open.
func TestUnlockWithChild(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := TryLock(f); err != nil {
		t.Fatal(err)
	}
	child := refstoretest.Command(t, "wait")
	child.ExtraFiles = []*os.File{f}
	in, err := child.StdinPipe()
	if err == nil {
		err = child.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer child.Wait()
	defer in.Close()
	Unlock(f)
	if Locked(path) {
		t.Error("the child holds the lock on")
	}
}
