package hook

import (
	"context"
	"strings"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// follow has the session be where its agent works, also in a worktree that the agent has
// entered since it began, unless that is another session's. It is cheap where nothing has
// changed, and is done again by the next event where it failed.
func (h *Handler) follow(ctx context.Context, id string) error {
	if h.Input.Subagent != "" || !h.agent.Moved() {
		return nil
	}
	if err := h.agent.Settle(ctx); err != nil {
		return err
	}
	if strings.EqualFold(h.sessionHere(), id) {
		if err := h.settled(ctx, id); err != nil {
			return err
		}
	}
	return h.agent.Arrived(ctx)
}

// settled has the session leave where it was, unless it holds claims, and so may have
// changed something there, and work on the branch that is checked out here.
func (h *Handler) settled(ctx context.Context, id string) error {
	if id == bus.Orchestrator {
		return nil
	}
	own, err := h.Claims.Held(ctx, id, lock.Held{})
	if err == nil && len(own.Paths) == 0 {
		err = h.agent.Leaves(ctx)
	}
	if err != nil {
		return err
	}
	s, err := h.Bus.Session(ctx, id)
	if err != nil || s.Branch == (bus.Registration{Workstream: s.Workstream}).Branch() { // its own, wherever it works
		return err
	}
	branch := agents.CurrentBranch(ctx, h.Repo)
	if branch == "" || branch == s.Branch {
		return nil
	}
	return h.Bus.SetStatus(ctx, id, id, bus.Change{Branch: &branch}, nil)
}
