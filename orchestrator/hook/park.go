package hook

import (
	"context"
	"slices"

	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// stopFailure parks the session if its turn ended because its client may not go on for
// now: a usage limit is reached. Other failures are the user's to see.
func (h *Handler) stopFailure(ctx context.Context, id string) error {
	if h.Input.Subagent != "" || !slices.Contains([]string{"rate_limit", "billing_error"}, h.Input.Reason) {
		return nil
	}
	s, err := h.Bus.Session(ctx, id)
	if err != nil || s.Status == bus.Done {
		return err
	}
	status, note := bus.Parked, "usage limit"
	return h.Bus.SetStatus(ctx, id, id, bus.Change{Status: &status, Until: agents.ResetsAt(h.Input.Message, h.Now()), Note: &note}, nil)
}

// unpark sets a parked session to running: its user has it go on.
func (h *Handler) unpark(ctx context.Context, id string) error {
	if h.Input.Subagent != "" {
		return nil
	}
	return h.resume(ctx, id, bus.Parked)
}
