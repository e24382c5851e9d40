package hook

import (
	"context"
	"errors"

	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// LandsOn is the branch that work on branch (a ref's full name, or HEAD) lands on; ""
// if nothing says which.
func LandsOn(ctx context.Context, b *bus.Bus, branch string) (string, error) {
	t, err := b.FindTarget(ctx, b.Store().Repo(), branch, "")
	if errors.Is(err, repo.ErrNoTarget) {
		return "", nil
	}
	return t.Branch, err
}

// lands is what work in r lands on. Where that cannot be told, it may be the branch
// that is checked out there.
func (h *Handler) lands(ctx context.Context, r *repo.Repo) repo.Target {
	t, err := h.Bus.FindTarget(ctx, r, "HEAD", "")
	if err != nil {
		return repo.Target{Branch: agents.CurrentBranch(ctx, r)}
	}
	return t
}
