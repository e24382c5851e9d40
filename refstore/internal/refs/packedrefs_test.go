package refs

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/odb"
)

// packing is a git dir whose packed-refs the test replaces.
type packing struct {
	*testing.T
	*Files
	path string
}

func newPacking(t *testing.T) *packing {
	dir := t.TempDir()
	f := &Files{Dir: dir, Algo: object.SHA1, Objects: odb.Open(dir, odb.Options{})}
	t.Cleanup(func() { f.Close() })
	return &packing{t, f, filepath.Join(dir, "packed-refs")}
}

// put gives packed-refs another content, of the same size and time each time, by
// rename as git does it, or where the one before is already gone.
func (p *packing) put(digit string, gone bool) {
	p.Helper()
	next := p.path + ".new"
	content := "# pack-refs with: peeled fully-peeled sorted \n" + strings.Repeat(digit, 40) + " refs/swarm/a\n"
	if gone {
		if err := os.Remove(p.path); err != nil {
			p.Fatal(err)
		}
	}
	when := time.Unix(1700000000, 0)
	err := os.WriteFile(next, []byte(content), 0o666)
	if err == nil {
		err = os.Chtimes(next, when, when)
	}
	if err == nil {
		err = os.Rename(next, p.path)
	}
	if err != nil {
		p.Fatal(err)
	}
}

func (p *packing) want(digit string) {
	p.Helper()
	if tip, err := p.Tip("refs/swarm/a"); err != nil || string(tip) != strings.Repeat(digit, 40*len(digit)) {
		p.Fatalf("%q, %v; want %s", tip, err, digit)
	}
}

// packed-refs is read once for as long as it is the same file, and anew as soon as it is
// another, however alike they look.
func TestPackedRefsReplaced(t *testing.T) {
	p := newPacking(t)
	p.want("")
	p.put("1", false)
	p.want("1")
	first := p.packed
	p.want("1")
	if p.packed != first {
		t.Error("the same file is opened anew")
	}
	for i, digit := range []string{"2", "3", "4", "5"} {
		p.put(digit, i%2 == 0)
		p.want(digit)
	}
	if err := os.Remove(p.path); err != nil {
		t.Fatal(err)
	}
	p.want("")
	if p.packed != nil {
		t.Error("a file that is gone is kept open")
	}
	p.put("6", false)
	p.want("6")
	if err := p.Close(); err != nil || p.packed != nil {
		t.Errorf("closed: %v, %v", p.packed, err)
	}
}

// Those who read at once do not take the file from each other.
func TestPackedRefsShared(t *testing.T) {
	p := newPacking(t)
	p.put("0", false)
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for range 200 {
				tip, err := p.Tip("refs/swarm/a")
				if err != nil || len(tip) != 40 || strings.Count(string(tip), string(tip[:1])) != 40 {
					t.Errorf("%q, %v", tip, err)
				}
			}
		})
	}
	for i := range 100 {
		p.put(string(rune('0'+i%10)), false)
	}
	readers.Wait()
}
