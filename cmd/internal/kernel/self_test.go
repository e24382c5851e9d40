package kernel

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

const asked = "KERNEL_TEST_ASKED="

// TestMain is the process that TestProcess starts, too: it prints its environment.
func TestMain(m *testing.M) {
	if os.Getenv(strings.TrimSuffix(asked, "=")) == "" {
		os.Exit(m.Run())
	}
	env, ok := Environ()
	if _, err := os.Stdout.WriteString(strings.Join(env, "\x00")); err != nil || !ok {
		os.Exit(1)
	}
}

func self(t *testing.T, what string) *exec.Cmd {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program)
	cmd.Env = []string{asked + what}
	return cmd
}
