package gc

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/odb"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

func TestMain(m *testing.M) { refstoretest.Main(m, nil) }

// slowGit is a git that says what it was started for, and waits until that was read.
const slowGit = `#!/bin/sh
echo "$@" >'%s'
`

// git maintenance is started when git itself would find too many loose objects,
// and only then.
func TestTidyUp(t *testing.T) {
	r := refstoretest.NewRepo(t)
	bin := t.TempDir()
	said := filepath.Join(bin, "said")
	r.Must(syscall.Mkfifo(said, 0o666))
	r.Must(os.WriteFile(filepath.Join(bin, "git"), fmt.Appendf(nil, slowGit, said), 0o777))
	found, err := repo.Discover(repo.Env(os.Environ()).With("PATH="+bin+":"+os.Getenv("PATH")), r.Dir)
	r.Must(err)
	objects := odb.Open(found.ObjectDir, odb.Options{})
	defer objects.Close()
	m := Maintenance{found, objects}

	dir := filepath.Join(found.ObjectDir, "17")
	r.Must(os.Mkdir(dir, 0o777))
	for i := range manyLoose {
		r.Must(os.WriteFile(filepath.Join(dir, fmt.Sprintf("%038d", i)), nil, 0o666))
	}
	m.TidyUp()
	if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); err != syscall.ECHILD {
		t.Errorf("with %d files in objects/17 a process %d was started, %v", manyLoose, pid, err)
	}
	r.Must(os.WriteFile(filepath.Join(dir, strings.Repeat("a", 38)), nil, 0o666))
	m.TidyUp()
	if got, err := os.ReadFile(said); err != nil || string(got) != "maintenance run --auto --quiet\n" {
		t.Errorf("started git %q, %v", got, err)
	}
}

// A chain is followed by a look at the loose objects once in a while, also when
// it grows by several entries at once.
func TestDue(t *testing.T) {
	for _, c := range []struct {
		from, to int
		want     bool
	}{{0, 1, false}, {255, 256, true}, {256, 257, false}, {200, 300, true}, {512, 512, false}, {1, 1000, true}} {
		if got := Due(c.from, c.to); got != c.want {
			t.Errorf("from %d to %d: %v", c.from, c.to, got)
		}
	}
}
