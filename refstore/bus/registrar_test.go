package bus

import (
	"errors"
	"testing"
)

// TestRegistrar: who registered a session is what its entry says, however much was
// written since; sessions whose ids begin alike are told apart.
func TestRegistrar(t *testing.T) {
	s := newSwarm(t, "A", "B")
	for _, sessions := range [][]Registration{
		{{ID: "R", Workstream: "review", Registrar: "A"}, {ID: "RR", Workstream: "second"}},
		{{ID: "R-2", Workstream: "third", Registrar: "RR"}, {ID: "R", Workstream: "review", Registrar: "B"}}, // R is there already
		{{ID: "o", Workstream: "other", Registrar: Orchestrator}},
	} {
		if _, err := s.Register(bg, sessions); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 3 {
		note := string(rune('a' + i))
		if err := s.SetStatus(bg, "R", "R", Change{Note: &note}, nil); err != nil {
			t.Fatal(err)
		}
	}
	joins := "join X:x\nR was registered by B" // the note of a session
	if err := s.SetStatus(bg, "B", "R", Change{Note: &joins}, nil); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{"A": "", "r": "A", "RR": "", "R-2": "RR", "o": "orchestrator", "orchestrator": ""} {
		if got, err := s.Registrar(bg, id); err != nil || got != want {
			t.Errorf("%s was registered by %q, %v, not by %q", id, got, err, want)
		}
	}
	var unknown *UnknownSessionError
	if _, err := s.Registrar(bg, "Z"); !errors.As(err, &unknown) {
		t.Errorf("%v", err)
	}
}
