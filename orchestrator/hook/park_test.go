package hook

import (
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// TestUsageLimit: a session whose client reached its limit, the orchestrator too, is
// parked until its user has it go on.
func TestUsageLimit(t *testing.T) {
	for _, id := range []string{"A", bus.Orchestrator} {
		w := newWorld(t)
		h := w.handler(id)
		h.Input.Reason = "rate_limit"
		w.Must(h.Run(t.Context(), agents.StopFailure))
		if s, err := w.bus.Session(t.Context(), id); err != nil || s.Status != bus.Parked {
			t.Errorf("%+v, %v", s, err)
		}
		w.run(id, agents.Prompt)
		if s, err := w.bus.Session(t.Context(), id); err != nil || s.Status != bus.Running {
			t.Errorf("%+v, %v", s, err)
		}
	}
}

// TestResetsAt: the time that a client's message names, in the zone that it names.
func TestResetsAt(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 15, 0, 0, 0, time.UTC)
	for message, want := range map[string]string{
		"You've hit your session limit · resets 3:45pm (UTC)": "2026-01-02T15:45:00Z",
		"You've hit your weekly limit · resets 3pm (UTC)":     "2026-01-03T15:00:00Z", // the next such time
		"5-hour limit reached ∙ resets 12am":                  "2026-01-03T00:00:00Z",
		"limit reached, resets at 5pm (Europe/Berlin)":        "2026-01-02T16:00:00Z",
		"Claude AI usage limit reached|1767372300":            "2026-01-02T16:45:00Z",
		"API Error: Rate limit reached":                       "",
		"resets 25pm":                                         "", "resets 3:99pm": "", "": "",
	} {
		got := ""
		if at := agents.ResetsAt(message, now); !at.IsZero() {
			got = at.UTC().Format(time.RFC3339)
		}
		if got != want {
			t.Errorf("%q: %q, not %q", message, got, want)
		}
	}
}
