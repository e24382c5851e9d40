package hook

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/standing"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// apart has h handle the event for the session of a subagent that its client has put into
// a worktree of its own, and returns that session; ok is false for any other. What the
// subagent edits there excludes the session that it works for, too. An error means that
// the event is handled for that session: what it claims is guarded all the same.
func (h *Handler) apart(ctx context.Context, id string) (own string, ok bool, err error) {
	if h.Input.Subagent == "" || h.Input.Session == "" {
		return "", false, nil
	}
	there, err := repo.DiscoverOwn(h.Env, h.Input.Dir)
	if err != nil {
		return "", false, nil // its client works there, and says so itself
	}
	sub, err := h.agent.Isolated(ctx, there, h.Input.Subagent)
	if err != nil || sub == nil {
		return "", false, err
	}
	h.over = sub.Record != nil && sub.Record.Ended
	if sub.Record != nil && !h.over {
		own = sub.Record.Session
	} else if own, err = sub.JoinApart(ctx, h.agent, h.free); err != nil {
		return "", false, err
	}
	h.parent, h.agent = id, sub
	h.Input.Session, h.Input.Subagent = sub.ID, ""
	return own, true, nil
}

// free retires the session of a subagent that has ended and left nothing that has not
// landed, with what this clone knows of it, and reports whether it has.
func (h *Handler) free(ctx context.Context, s bus.Session) (bool, error) {
	sign, known := h.known().Signs()[s.ID]
	if !known || !sign.Over {
		return false, nil
	}
	if unlanded, err := standing.Unlanded(ctx, h.Bus, s); err != nil || unlanded {
		return false, err
	}
	for _, c := range agents.Checkouts(h.Repo) {
		if strings.EqualFold(c.Session, s.ID) {
			if err := os.Remove(repo.SessionFileIn(c.GitDir())); err != nil {
				return false, err
			}
		}
	}
	err := h.Bus.Retire(ctx, s.ID, func(tx *refstore.Tx) error {
		_, err := lock.ReleaseAllIn(tx, s.ID)
		return err
	})
	if err != nil {
		return false, err
	}
	return true, h.known().Forget(s.ID)
}

// subagent tells a subagent whom it works for.
func (h *Handler) subagent(ctx context.Context, id string) error {
	s, err := h.Bus.Session(ctx, id)
	if err != nil {
		return err
	}
	if h.parent == "" {
		own, err := h.own(ctx, id)
		if err != nil {
			return err
		}
		return h.Say(Parent{Session: s.ID, Held: own.Paths})
	}
	own, err := h.Claims.Held(ctx, s.Parent, lock.Held{})
	if err != nil {
		return err
	}
	told := false
	tell := func(*bus.News) error { // it begins here: what was said before is not for it
		told = true
		return h.Say(Parent{Session: s.Parent, Own: s.ID, Held: own.Paths})
	}
	if err := h.Bus.Sync(ctx, id, tell); err != nil || told {
		return err
	}
	return tell(nil)
}

// subagentStop ends the session of a subagent with a worktree of its own: it gives back
// what has landed or was not changed, and the session that it works for is told of the
// rest, once. A subagent that goes on later takes its session up again.
func (h *Handler) subagentStop(ctx context.Context, id string) error {
	if h.parent == "" {
		return nil
	}
	others, err := h.agent.End(ctx)
	if err != nil || others || h.over {
		return err
	}
	if err := h.releaseLanded(ctx, id); err != nil {
		return err
	}
	s, err := h.Bus.Session(ctx, id)
	if err != nil {
		return err
	}
	c, ok := standing.CheckoutOf(ctx, h.Bus, s)
	if !ok {
		return nil
	}
	left, err := c.Left(ctx)
	if err != nil || !left.Committed && !left.Dirty {
		return err
	}
	_, err = h.Bus.Send(ctx, id, s.Parent, leaves(s.ID, strings.TrimPrefix(c.Head, "refs/heads/"), c.Dir, left))
	return err
}

// leaves says what a subagent leaves, and how to take it over.
func leaves(id, branch, dir string, left standing.Left) string {
	what := "work that has not landed"
	switch {
	case left.Dirty && left.Committed:
		what += ", some of it not committed"
	case left.Dirty:
		what = "work that is not committed"
	}
	text := fmt.Sprintf("Your subagent %s has ended, and leaves %s: branch %s, in %s", id, what, branch, dir)
	if left.Committed {
		text += ". To take over its commits: git merge " + branch
	}
	return text
}

// inherits reports whether the claim is that of a subagent which works for the session,
// and has ended: its work is the session's own.
func (h *Handler) inherits(ctx context.Context, id string, held lock.Claim) bool {
	s, err := h.Bus.Session(ctx, held.Session)
	if err != nil || !strings.EqualFold(s.Parent, id) {
		return false
	}
	sign, known := h.known().Signs()[s.ID]
	return known && sign.Over
}
