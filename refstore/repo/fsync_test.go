package repo_test

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// fsyncs are settings of core.fsync and core.fsyncObjectFiles, and whether they
// flush loose objects and refs.
var fsyncs = []struct {
	config        string
	objects, refs bool
}{
	{"", false, false},
	{"fsync =", false, false},
	{"fsync = none", false, false},
	{"fsync = all", true, true},
	{"fsync = loose-object", true, false},
	{"fsync = reference", false, true},
	{"fsync = committed", true, true},
	{"fsync = added", true, true},
	{"fsync = objects,reference", true, true},
	{"fsync = objects, reference", true, true},
	{"fsync = all,-reference", true, true},
	{"fsync = -reference,all", true, true},
	{"fsync = -pack", false, false},
	{"fsync = derived-metadata", false, false},
	{"fsync = reference,none", false, true},
	{"fsync = none,reference", false, true},
	{"fsync = default", false, false},
	{"fsync = ref", false, true},
	{"fsync = frob,reference", false, true},
	{"fsync = ,reference", false, true},
	{"fsync = -,reference", false, false},
	{"fsync = all\nfsync = none", false, false},
	{"fsync = ALL", false, false},
	{"fsync = all\nfsyncMethod = writeout-only", true, true},
	{"fsync = all\nfsyncMethod = batch", true, true},
	{"fsyncObjectFiles = true", true, false},
	{"fsyncObjectFiles = true\nfsync = none", true, false},
	{"fsyncObjectFiles = false\nfsync = all", true, true},
}

func TestFsync(t *testing.T) {
	p := newPlace(t)
	p.repo("r")
	for _, c := range fsyncs {
		p.write("home/.gitconfig", "[core]\n"+c.config+"\n")
		if objects, refs := p.discover("r").Fsync(); objects != c.objects || refs != c.refs {
			t.Errorf("%q: objects %v, refs %v", c.config, objects, refs)
		}
	}
}

// TestFsyncAsGit holds the table to what git does, as strace sees it.
func TestFsyncAsGit(t *testing.T) {
	strace := refstoretest.Strace(t)
	p := newPlace(t)
	p.repo("r")
	head := p.git("r", "rev-parse", "HEAD")
	syncs := func(args ...string) bool {
		cmd := exec.Command(strace, append([]string{"-f", "-qq", "-o", p.path("trace"), "-e", "trace=fsync,fdatasync,sync_file_range", "git"}, args...)...)
		cmd.Dir, cmd.Env = p.path("r"), p.env
		cmd.Stdin = strings.NewReader(p.git("r", "config", "--list")) // a new object each time
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		trace, err := os.ReadFile(p.path("trace"))
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Contains(trace, []byte("sync"))
	}
	for i, c := range fsyncs {
		p.write("home/.gitconfig", "[core]\n"+c.config+"\n[serial]\nn = "+strings.Repeat("i", i)+"\n")
		if got := syncs("hash-object", "-w", "--stdin"); got != c.objects {
			t.Errorf("%q: git flushes objects: %v", c.config, got)
		}
		p.git("r", "update-ref", "-d", "refs/heads/x")
		if got := syncs("update-ref", "refs/heads/x", head); got != c.refs {
			t.Errorf("%q: git flushes refs: %v", c.config, got)
		}
	}
}
