package app

import (
	"strings"
	"testing"
)

// TestDoctorRegenerate: a pattern that matches no file and a program that is not there are named, each
// with its pattern; a builtin of the shell and a variable before the program are no fault.
func TestDoctorRegenerate(t *testing.T) {
	t.Parallel()
	w := newTown(t, "files")
	if out, _ := w.run("A", "doctor"); strings.Contains(out, "regenerate") {
		t.Errorf("where none is set:\n%s", out)
	}
	w.Git("config", "--add", "swarm.regenerate", "co*: A=b cd . && true")
	if out, _ := w.run("A", "doctor"); !strings.Contains(out, "ok    regenerate  1 command of swarm.regenerate") {
		t.Errorf("where all is there:\n%s", out)
	}
	w.Git("config", "--add", "swarm.regenerate", "go.sum: no-such-program tidy")
	out, code := w.run("A", "doctor")
	for _, part := range []string{"note  regenerate  swarm.regenerate: no file here matches 'go.sum'", "bad   regenerate  swarm.regenerate: 'no-such-program' for 'go.sum' is not there"} {
		if !strings.Contains(out, part) || code != exitNo {
			t.Errorf("exit code %d, without %q:\n%s", code, part, out)
		}
	}
}
