package refstoretest

import (
	"os"
	"os/exec"
	"testing"
)

// Strace is the path of strace. The test is skipped where that is not installed, or
// cannot trace a program with those options, as in containers without ptrace.
func Strace(t testing.TB, options ...string) string {
	t.Helper()
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed")
	}
	args := append([]string{"-f", "-qq", "-o", os.DevNull, "-e", "trace=execve"}, options...)
	if out, err := exec.Command(strace, append(args, "true")...).CombinedOutput(); err != nil {
		t.Skipf("strace does not work here: %v\n%s", err, out)
	}
	return strace
}
