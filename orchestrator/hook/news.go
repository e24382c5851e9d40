package hook

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// newsEvery is how often a session is given news that is not urgent.
const newsEvery = 30 * time.Second

// news tells the session what is new since its cursor, and records that it is alive.
// What it has changed of others' it is told at once. A subagent is told nothing else:
// the session itself would never see it.
func (h *Handler) news(ctx context.Context, id string, changed []lock.Claim) error {
	h.stopWaiting()
	if h.agent.Record != nil {
		h.known().Alive(h.Input.Session)
	}
	told := false
	h.Idle = true
	var damage []string
	err := h.Bus.Sync(ctx, id, func(n *bus.News) error {
		h.Idle = false
		if h.Input.Subagent != "" {
			return errLater
		}
		if h.agent.Record != nil && within(h.Now().Sub(time.Unix(h.agent.Record.Told, 0)), newsEvery) && !h.urgent(ctx, n) {
			return errLater
		}
		told = true
		damage = h.damage()
		return h.Say(News{n, damage, changed, h.unclaimed})
	})
	if errors.Is(err, errLater) {
		err = nil
	}
	if err == nil && !told {
		if h.Input.Subagent == "" {
			damage = h.damage()
		}
		if damage != nil || len(changed) > 0 || h.unclaimed != nil {
			told, err = true, h.Say(News{&bus.News{Session: id}, damage, changed, h.unclaimed})
		}
	}
	if h.tooNew(err) {
		told, damage = true, []string{err.Error()}
		err = errors.Join(err, h.Say(Newer{err}))
	}
	if told {
		err = errors.Join(err, h.agent.Update(ctx, func(a *agents.Record) {
			if h.Input.Subagent == "" {
				a.Told = h.Now().Unix()
			}
			a.Damage = append(a.Damage, damage...)
			a.Damage = a.Damage[max(0, len(a.Damage)-maxDamage):]
			for _, c := range changed {
				a.Changed = append(a.Changed, c.Path)
			}
			a.Changed = a.Changed[max(0, len(a.Changed)-maxChanged):]
		}))
	}
	return err
}

// maxDamage is how many faults are remembered as told.
const maxDamage = 50

// damage is what the hook has had to leave out and the agent was not told of.
func (h *Handler) damage() (fresh []string) {
	if h.agent.Record == nil { // it could not be remembered
		return nil
	}
	for _, fault := range h.Bus.Store().SetAside() {
		if text := fault.Error(); !slices.Contains(h.agent.Record.Damage, text) && len(fresh) < maxDamage {
			fresh = append(fresh, text)
		}
	}
	return fresh
}

// tooNew reports whether err says that a newer git swarm wrote what must be read, which
// the agent was not told yet.
func (h *Handler) tooNew(err error) bool {
	return errors.Is(err, refstore.ErrVersion) && h.agent.Record != nil && !slices.Contains(h.agent.Record.Damage, err.Error())
}

// within reports whether less than limit has passed. A time in the future, from
// when a clock was ahead, does not count.
func within(since, limit time.Duration) bool { return since >= 0 && since < limit }

// urgent reports whether there is an urgent message among the news, one from a subagent
// of the session's, or a text that names a path that the session claims.
func (h *Handler) urgent(ctx context.Context, n *bus.News) bool {
	var texts []string
	for _, m := range n.Messages {
		if isUrgent(m) {
			return true
		}
		if main, err := h.Bus.CountsAs(ctx, m.From); err == nil && main == n.Session && m.From != main {
			return true
		}
		texts = append(texts, m.Body)
	}
	for _, c := range n.Context {
		texts = append(texts, c.Body)
	}
	own, err := h.own(ctx, n.Session)
	return err == nil && slices.ContainsFunc(own.Paths, func(path string) bool {
		return slices.ContainsFunc(texts, func(t string) bool { return strings.Contains(t, path) })
	})
}

// own is what the session claims. It starts from what the agent's record says of
// its last stop, so that not every claim of every session has to be read.
func (h *Handler) own(ctx context.Context, id string) (lock.Held, error) {
	if h.agent.Record != nil && h.agent.Record.Session == id {
		if own, err := h.Claims.Held(ctx, id, h.agent.Record.Own()); err == nil {
			return own, nil
		}
	}
	return h.Claims.Held(ctx, id, lock.Held{})
}
