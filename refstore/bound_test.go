package refstore

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore/object"
)

// bombs are trees that are small in the repository and have no end, or none that
// memory holds, when they are read.
func bombs(r *gitRepo) map[string]string {
	blob := r.Feed("x", "hash-object", "-w", "--stdin")
	wide := r.mktree("100644 blob " + blob + "\tx")
	for range 8 {
		var lines []string
		for i := range 20 {
			lines = append(lines, fmt.Sprintf("040000 tree %s\t%02d", wide, i))
		}
		wide = r.Feed(strings.Join(lines, "\n")+"\n", "mktree")
	}
	hollow := r.Feed("", "mktree")
	for range 8 {
		var lines []string
		for i := range 20 {
			lines = append(lines, fmt.Sprintf("040000 tree %s\t%02d", hollow, i))
		}
		hollow = r.Feed(strings.Join(lines, "\n")+"\n", "mktree")
	}
	deep := object.Hash(r.mktree("100644 blob " + blob + "\tx"))
	var chain strings.Builder
	for range 3_000 {
		fmt.Fprintf(&chain, "040000 tree %s\td\n\n", deep)
		deep = object.SHA1.NewObject(object.Tree, object.Entries{{Name: "d", Mode: object.ModeTree, ID: deep}}.Encode()).ID
	}
	r.Feed(chain.String(), "mktree", "--batch", "--missing")
	var entries object.Entries
	for i := range 200_000 {
		entries = append(entries, object.Entry{Name: fmt.Sprintf("%06d", i), Mode: object.ModeFile, ID: object.Hash(blob)})
	}
	long := r.object("tree", entries.Encode())
	return map[string]string{"wide": wide, "hollow": hollow, "deep": string(deep), "long": string(long)}
}

// What others put into a table keeps no writer for longer than a second, and
// takes no memory to speak of; readers give up, too.
func TestBombs(t *testing.T) {
	r := plain(t)
	const ref = "refs/swarm/collisions"
	for name, tree := range bombs(r) {
		t.Run(name, func(t *testing.T) {
			s := r.open(Options{})
			c := object.CommitData{
				Tree: object.Hash(tree), Message: (&Entry{Body: "1 collisions", Number: 1}).message(),
				Author: object.Signature{Name: "A", Email: "a@b", When: time.Unix(1, 0).UTC()}, Committer: object.Signature{Name: "A", Email: "a@b", When: time.Unix(1, 0).UTC()},
			}
			r.Git("update-ref", ref, string(r.object("commit", c.Encode())))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			began := time.Now()
			err := s.Update(bg, "A", func(tx *Tx) error {
				table, err := tx.Table(ref)
				if err == nil {
					err = table.Below("", func(string, []byte) bool { return true })
				}
				return err
			})
			took := time.Since(began)
			t.Logf("a writer was kept for %s", took)
			runtime.ReadMemStats(&after)
			var damaged *DamagedError
			if !errors.As(err, &damaged) || damaged.Ref != ref {
				t.Errorf("%v", err)
			}
			if heap := after.HeapSys - min(before.HeapSys, after.HeapSys); heap > 100<<20 {
				t.Errorf("%d MB of memory", heap>>20)
			}
			if took > slowness*time.Second {
				t.Errorf("a writer was kept for %s", took)
			}
			began = time.Now()
			table, err := s.Table(bg, ref)
			if err != nil {
				t.Fatal(err)
			}
			if err := table.Below("", func(string, []byte) bool { return true }); err != nil || len(s.SetAside()) == 0 {
				t.Errorf("read to its end: %v", err)
			}
			if took := time.Since(began); took > slowness*time.Second {
				t.Errorf("a reader was kept for %s", took)
			}
		})
	}
}

// A reader that leaves out all that a table can hold is not kept by noting it.
func TestLeaveOutMany(t *testing.T) {
	s := plain(t).open(Options{})
	began := time.Now()
	for i := range maxRead.objects {
		if !s.LeaveOut(&DamagedError{Ref: "refs/swarm/claims", Path: fmt.Sprint(i), Err: errTooMany}) {
			t.Fatal("damage is not left out")
		}
	}
	if took := time.Since(began); took > slowness*time.Second {
		t.Errorf("it took %s", took)
	}
	if n := len(s.SetAside()); n != maxAside {
		t.Errorf("%d faults are told, not %d", n, maxAside)
	}
}

// slowness is how many times slower than a usual machine the tests' may be.
const slowness = 5

// TestTableBudget: the same blob or folder is read once, wherever it stands; a folder
// counts as five paths.
func TestTableBudget(t *testing.T) {
	r := plain(t)
	blob := r.Feed("x", "hash-object", "-w", "--stdin")
	folder := r.Feed("100644 blob "+blob+"\tx\n100644 blob "+blob+"\ty\n", "mktree")
	tree := object.Hash(r.Feed("040000 tree "+folder+"\ta\n040000 tree "+folder+"\tb\n", "mktree"))
	exact := budget{objects: 3, entries: 2*folderPaths + 4}
	for within, enough := range map[budget]bool{
		exact:                                true,
		{exact.objects - 1, exact.entries}:   false,
		{exact.objects, exact.entries - 1}:   false,
		{exact.objects - 2, exact.entries}:   false,
		{exact.objects + 1, folderPaths - 1}: false,
	} {
		table := r.open(Options{}).newTable(bg, "refs/swarm/collisions", tree)
		table.within = within
		n := 0
		err := table.Below("", func(string, []byte) bool { n++; return true })
		if enough && (err != nil || n != 4) || !enough && !errors.Is(err, errTooMany) {
			t.Errorf("within %+v: %d paths, %v", within, n, err)
		}
	}
	if folderPaths != 5 || maxRead != (budget{60_000, 250_000}) || maxReadFsck != (budget{100_000, 1_000_000}) {
		t.Error("FORMAT.md says other bounds")
	}
}
