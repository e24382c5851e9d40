package setup

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// TestPorts: sessions that ask at once, for ranges of different lengths, get ranges that
// do not overlap; each keeps its own until it asks for another length or gives it back.
func TestPorts(t *testing.T) {
	r, ctx := &repo.Repo{CommonDir: filepath.Join(t.TempDir(), "git")}, t.Context()
	const sessions = 24
	got := make([]Ports, sessions)
	var asking sync.WaitGroup
	for i := range sessions {
		asking.Go(func() {
			var err error
			if got[i], err = TakePorts(ctx, r, fmt.Sprint("S", i), 10+i%3*45); err != nil {
				t.Error(err)
			}
		})
	}
	asking.Wait()
	if t.Failed() {
		return
	}
	for i, p := range got {
		if p.Count != 10+i%3*45 || p.First < lowest || p.First+p.Count > highest {
			t.Errorf("S%d has %+v", i, p)
		}
		for j, o := range got[:i] {
			if p.First < o.First+o.Count && o.First < p.First+p.Count {
				t.Errorf("S%d has %+v, S%d %+v", i, p, j, o)
			}
		}
		if again, err := TakePorts(ctx, r, fmt.Sprint("S", i), p.Count); err != nil || again != p {
			t.Errorf("S%d had %+v, and has %+v, %v", i, p, again, err)
		}
	}
	if err := FreePorts(ctx, r, "S1"); err != nil {
		t.Fatal(err)
	}
	if p, ok := PortsOf(r, "S1"); ok {
		t.Errorf("S1 gave its ports back, and has %+v", p)
	}
	if p, ok := PortsOf(r, "S2"); !ok || p != got[2] {
		t.Errorf("S2 had %+v, and has %+v", got[2], p)
	}
}

// TestNoPorts: who gets none is told so, and nobody else's change.
func TestNoPorts(t *testing.T) {
	r, ctx := &repo.Repo{CommonDir: filepath.Join(t.TempDir(), "git")}, t.Context()
	const all = highest - lowest
	one, err := TakePorts(ctx, r, "A", all/2)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := TakePorts(ctx, r, "B", all/2); err != nil {
		t.Fatal(err)
	}
	if p, err := TakePorts(ctx, r, "C", 1); !errors.Is(err, ErrNoPorts) {
		t.Errorf("C has %+v, %v", p, err)
	}
	if p, ok := PortsOf(r, "A"); !ok || p != one {
		t.Errorf("A had %+v, and has %+v", one, p)
	}
}
