package hook

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/refstore"
)

// HubWait is how long a hook mostly waits for the hub to grant a claim. Then the edit goes
// on without, and the claim is asked for again with what follows.
const HubWait = 3 * time.Second

// maxUnclaimed is how many files are asked for again.
const maxUnclaimed = 200

// longer is ctx, with a hub one that leaves time for a claim.
func (h *Handler) longer(ctx context.Context) (context.Context, context.CancelFunc) {
	if h.Longer == nil || h.Bus.Store().Clone() == "" {
		return ctx, func() {}
	}
	return h.Longer()
}

// grant is Grant of the claims, which with a hub ends within h.HubWait.
func (h *Handler) grant(ctx context.Context, id string, r lock.Request) ([]lock.Claim, error) {
	if h.Bus.Store().Clone() != "" {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, h.HubWait)
		defer cancel()
	}
	return h.Claims.Grant(ctx, id, r)
}

// isAway reports whether nothing was granted because the hub did not answer in time.
func (h *Handler) isAway(err error) bool {
	var away *refstore.HubError
	return h.Bus.Store().Clone() != "" && (errors.As(err, &away) || errors.Is(err, refstore.ErrBusy))
}

// noteUnclaimed records that the files are edited although they could not be claimed.
func (h *Handler) noteUnclaimed(ctx context.Context, files []string) error {
	return h.agent.Update(ctx, func(a *agents.Record) {
		for _, file := range files {
			if _, known := a.Unclaimed[file]; known || len(a.Unclaimed) >= maxUnclaimed {
				continue
			}
			if a.Unclaimed == nil {
				a.Unclaimed = map[string]bool{}
			}
			a.Unclaimed[file] = false
		}
	})
}

// askAgain asks for what was edited without a claim, and returns what others got first.
// What still cannot be asked for the agent is told, once.
func (h *Handler) askAgain(ctx context.Context, id string) (lost []lock.Claim, err error) {
	told := h.past().Unclaimed
	if len(told) == 0 || h.Bus.Store().Clone() == "" {
		return nil, nil
	}
	var open []string
	for file := range told {
		open = append(open, file)
	}
	slices.Sort(open)
	holders, err := h.Claims.Holders(ctx, open)
	if err != nil {
		return nil, err
	}
	open = slices.DeleteFunc(open, func(file string) bool {
		held, ok := holders[file]
		if ok && held.Session != id {
			lost = append(lost, held)
		}
		return ok
	})
	var granted []lock.Claim
	for len(open) > 0 {
		granted, err = h.grant(ctx, id, lock.Request{Paths: open})
		var held *lock.HeldError
		i := -1
		if errors.As(err, &held) {
			i = slices.Index(open, held.Path)
		}
		if i < 0 {
			break
		}
		lost, open, err = append(lost, held.Claim), slices.Delete(open, i, i+1), nil
	}
	switch {
	case err == nil:
		open = nil
		err = h.noteClaimed(ctx, granted)
	case h.isAway(err):
		err = nil
		for _, file := range open {
			if !told[file] {
				h.unclaimed = append(h.unclaimed, file)
			}
		}
	}
	return lost, errors.Join(err, h.agent.Update(ctx, func(a *agents.Record) {
		for file := range a.Unclaimed {
			if !slices.Contains(open, file) {
				delete(a.Unclaimed, file)
			} else if slices.Contains(h.unclaimed, file) {
				a.Unclaimed[file] = true
			}
		}
	}))
}
