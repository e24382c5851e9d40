package hook

import (
	"context"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/review"
)

// awaits reports whether the session stops because it waits for somebody: it is
// blocked, what it has committed is under review, or it has asked another session
// something that has not been answered.
func (h *Handler) awaits(ctx context.Context, id string, dirty bool) (bool, error) {
	s, err := h.Bus.Session(ctx, id)
	if err != nil || s.Status == bus.Blocked {
		return err == nil, err
	}
	if !dirty {
		latest, err := h.Book.Latest(ctx, id)
		if err != nil || latest != nil && latest.State == review.Pending {
			return err == nil, err
		}
	}
	past := h.past()
	if past.Asked == "" {
		return false, nil
	}
	all, err := h.Bus.Inbox(ctx, id, true)
	return err == nil && !slices.ContainsFunc(all, func(m bus.Message) bool {
		return strings.EqualFold(m.From, past.Asked) && m.At.Unix() >= past.AskedAt
	}), err
}
