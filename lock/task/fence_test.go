package task

import (
	"testing"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// TestFence: the table is another commit, and says the same.
func TestFence(t *testing.T) {
	t.Parallel()
	s := newSwarm(t, "A")
	fence := func(tx *refstore.Tx) error { return Fence(tx, "A moves from desk to lap") }
	s.Must(s.Bus.Store().Update(bg, bus.Orchestrator, fence))
	if out := s.Git("for-each-ref", Ref); out != "" {
		t.Errorf("without a task there is %s", out)
	}
	s.add("one")
	s.takes("A", 1)
	before, tree := s.Git("rev-parse", Ref), s.Git("rev-parse", Ref+"^{tree}")
	s.Must(s.Bus.Store().Update(bg, bus.Orchestrator, fence))
	if s.Git("rev-parse", Ref+"^") != before || s.Git("rev-parse", Ref+"^{tree}") != tree {
		t.Error("it is not one commit more, of the same tree")
	}
	if faults, _, err := Fsck(bg, s.Bus); err != nil || len(faults) > 0 {
		t.Errorf("fsck: %v, %v", faults, err)
	}
}
