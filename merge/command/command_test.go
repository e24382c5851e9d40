package command

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestRun: the command sees its folder and no repository of its caller's, and what it ends with is told.
func TestRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var out bytes.Buffer
	err := Run(t.Context(), "pwd; echo $GIT_DIR$GIT_WORK_TREE$GIT_SWARM_SESSION$KEPT >&2; exit 4", dir, []string{"GIT_DIR=x", "GIT_WORK_TREE=x", "GIT_SWARM_SESSION=A", "KEPT=kept"}, 0, &out)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 4 || out.String() != dir+"\nkept\n" {
		t.Errorf("%v: %q", err, out.String())
	}
}

// TestRunTimeout: of a command that runs for too long nothing is left, also not what it has started.
func TestRunTimeout(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	err := Run(t.Context(), "(trap '' TERM; exec sleep 1000) & echo $! > child; wait", dir, os.Environ(), 2*time.Second, &bytes.Buffer{})
	if !errors.Is(err, ErrTimeout) {
		t.Error(err)
	}
	pid, err := os.ReadFile(filepath.Join(dir, "child"))
	if err != nil {
		t.Fatal(err)
	}
	for range 200 {
		stat, err := os.ReadFile("/proc/" + strings.TrimSpace(string(pid)) + "/stat")
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
		time.Sleep(10 * time.Millisecond) // SIGKILL takes its moment
	}
	t.Errorf("process %s is left", pid)
}
