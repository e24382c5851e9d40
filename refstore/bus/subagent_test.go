package bus

import (
	"testing"

	"github.com/git-swarm/git-swarm/refstore"
)

// A subagent's session counts as the one that it works for, through every change of its
// state; any other counts as itself. What versions before stored is read as before.
func TestSubagents(t *testing.T) {
	s := newSwarm(t, "A", "B")
	_, err := s.Register(bg, []Registration{{ID: "A-1", Workstream: "a", Agent: "claude", Parent: "A"}, {ID: "A-2", Workstream: "b", Agent: "claude"}})
	s.Must(err)
	status := Parked
	s.Must(s.SetStatus(bg, "A-1", "A-1", Change{Status: &status}, nil))
	got, err := s.Session(bg, "a-1")
	s.Must(err)
	if got.Agent != "claude" || got.Parent != "A" || got.Status != Parked {
		t.Errorf("%+v", got)
	}
	for id, want := range map[string]string{"A": "A", "a-1": "A", "A-2": "A-2", "B": "B", "gone": "gone", Orchestrator: Orchestrator} {
		if as, err := s.CountsAs(bg, id); as != want || err != nil {
			t.Errorf("%s counts as %q, %v", id, as, err)
		}
	}
	all, err := s.Subagents(bg, "A")
	s.Must(err)
	if len(all) != 1 || all[0].ID != "A-1" {
		t.Errorf("the subagents of A are %+v", all)
	}
	s.healthy()

	for _, bad := range []Registration{
		{ID: "C", Workstream: "c", Agent: "claude subagent of A"},
		{ID: "C", Workstream: "c", Agent: "claude", Parent: "C"},
		{ID: "C", Workstream: "c", Agent: "claude", Parent: "all"},
		{ID: "C", Workstream: "c", Agent: "claude", Parent: "x y"},
	} {
		isInput(t, bad.Agent+" of "+bad.Parent, bad.Check())
	}
	for agent, parent := range map[string]string{"": "", "claude": "", "claude subagent of x y": "", "claude subagent of A": "A", " subagent of A": "A"} {
		before := sessionState{Versioned: refstore.Versioned{Version: 1}, Agent: agent}
		if _, got := before.runBy(); got != parent {
			t.Errorf("agent %q has the parent %q", agent, got)
		}
	}
}
