package app

import (
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
	"github.com/git-swarm/git-swarm/review"
)

// lose deletes an object, wherever it is.
func (w *town) lose(revision string) {
	w.Helper()
	id := w.Git("rev-parse", revision)
	w.Must(os.Remove(filepath.Join(w.Dir, ".git", "objects", id[:2], id[2:])))
}

func (w *town) write(path, content string) {
	w.Helper()
	path = filepath.Join(w.Dir, ".git", filepath.FromSlash(path))
	w.Must(os.MkdirAll(filepath.Dir(path), 0o777))
	_ = os.Remove(path)
	w.Must(os.WriteFile(path, []byte(content), 0o666))
}

// TestRepairLost takes away objects, and what stands in the way of reading or
// writing at all. What can be read is there after the repair.
func TestRepairLost(t *testing.T) {
	const first, second = `[decision] by=A: "first" (#1)`, `[warning] by=A: "second" (#2)`
	for _, c := range []struct {
		name string
		do   func(w *town)
		has  []string // what a new session is shown, or holds, after the repair
	}{
		{"the newest entry", func(w *town) { w.lose(bus.ContextRef) }, nil},
		{"the newest entry, and an older cursor", func(w *town) {
			w.ok("A", "sync")
			w.ok("B", "sync")
			w.ok("A", "context", "add", "third", "-c", "decision")
			w.lose(bus.ContextRef)
		}, []string{first, second}},
		{"an entry amid", func(w *town) {
			w.ok("A", "context", "add", "third", "-c", "decision")
			w.lose(bus.ContextRef + "~1")
		}, []string{`[decision] by=A: "third" (#3)`}},
		{"the oldest entry", func(w *town) { w.lose(bus.ContextRef + "~1") }, []string{second}},
		{"garbage in a ref", func(w *town) { w.write(bus.ContextRef, "garbage\n") }, nil},
		{"garbage in a ref that others know", func(w *town) { w.ok("B", "sync"); w.write(bus.ContextRef, "garbage\n") }, []string{first, second}},
		{"a symbolic ref", func(w *town) { w.write(bus.InboxRef("B"), "ref: refs/heads/main\n") }, []string{first}},
		{"a message", func(w *town) { w.lose(bus.InboxRef("B") + "~1") }, []string{first}},
		{"a cursor", func(w *town) { w.lose(bus.SeenRef("A")) }, []string{first}},
		{"garbage in a cursor", func(w *town) { w.write(bus.SeenRef("A"), "") }, []string{first}},
		{"a session", func(w *town) { w.lose(bus.SessionsRef + ":A") }, []string{first}},
		{"the sessions", func(w *town) { w.lose(bus.SessionsRef + "^{tree}") }, []string{first}},
		{"the commit of the sessions", func(w *town) { w.lose(bus.SessionsRef) }, []string{first}},
		{"a claim", func(w *town) { w.lose(lock.ClaimsRef + ":lib") }, []string{"src/a"}},
		{"a folder of claims", func(w *town) { w.lose(lock.ClaimsRef + ":src") }, []string{"lib"}},
		{"all claims", func(w *town) { w.lose(lock.ClaimsRef + "^{tree}") }, nil},
		{"an older claim", func(w *town) { w.lose(lock.ClaimsRef + "~2") }, []string{"lib", "src/a"}},
		{"the push lock", func(w *town) { w.lose(lock.LocksRef + ":push") }, nil},
		{"the commit of the push lock", func(w *town) { w.lose(lock.LocksRef) }, nil},
		{"a review", func(w *town) { w.lose(review.TableRef + ":number/0/1") }, []string{"Review #1: pending"}},
		{"the commit of the reviews", func(w *town) { w.lose(review.TableRef) }, []string{"Review #1: pending", `"hm"`}},
		{"a note", func(w *town) { w.lose(review.NotesRef + "^{tree}") }, []string{`"hm"`}},
		{"the commit of the notes", func(w *town) { w.lose(review.NotesRef) }, []string{`"hm"`}},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			w := newTown(t, "files")
			c.do(w)
			w.mend()
			w.ok("A", "init", "--sessions", "New:new")
			out := w.ok("New", "sync") + w.ok("New", "claims") + w.shown()
			for _, want := range c.has {
				if !strings.Contains(out, want) {
					t.Errorf("%s is not there:\n%s", want, out)
				}
			}
			w.everything()
		})
	}
}

// shown is the first review, if there is one.
func (w *town) shown() string {
	out, _ := w.run("New", "review", "show", "1")
	return strings.ReplaceAll(out, "    hm", `"hm"`)
}

// TestRepairFiles puts aside what keeps everybody from writing.
func TestRepairFiles(t *testing.T) {
	w := newTown(t, "files")
	payload := "update refs/heads/main - x\n"
	w.write("swarm/redo", fmt.Sprintf("git swarm redo 1 %d %08x\n%s", len(payload), crc32.ChecksumIEEE([]byte(payload)), payload))
	stale := filepath.Join(w.Dir, ".git", filepath.FromSlash(bus.ContextRef)+".lock")
	w.write(bus.ContextRef+".lock", "")
	w.write("swarm-session", "C/evil\n")
	hourAgo := time.Now().Add(-time.Hour)
	w.Must(os.Chtimes(stale, hourAgo, hourAgo))
	if out, code := w.run("A", "context", "add", "x", "-c", "decision"); code == 0 {
		t.Errorf("added:\n%s", out)
	}
	if out := w.ok("A", "fsck", "--repair"); strings.Count(out, "would move to") != 3 {
		t.Errorf("%s", out)
	}
	w.ok("A", "fsck", "--repair", "--write")
	if kept, err := filepath.Glob(filepath.Join(w.Dir, ".git", "swarm", "lost", "*")); len(kept) != 3 || err != nil {
		t.Errorf("kept %q, %v", kept, err)
	}
	w.everything()
}

// TestShallow reads a clone that has the newest commits alone, and calls it that.
func TestShallow(t *testing.T) {
	w := newTown(t, "files")
	whole := w.Dir
	w.Dir += "-shallow"
	(&refstoretest.Repo{TB: t, Dir: whole}).Git("clone", "-q", "--mirror", "--no-single-branch", "--depth", "1", "file://"+whole, w.Dir)
	out := w.ok("B", "sync")
	if !strings.Contains(out, `"second" (#2)`) || !strings.Contains(out, "the clone is shallow and ends here") || !strings.Contains(out, "hint: git fetch --unshallow") || strings.Contains(out, "damaged") {
		t.Errorf("sync: %s", out)
	}
	w.ok("A", "message", "B", "from here")
	out, code := w.run("A", "fsck", "--repair", "--write")
	if code != exitFatal || !strings.Contains(out, "shallow") || strings.Contains(out, "damaged") {
		t.Errorf("repair: %d, %s", code, out)
	}
}
