package bus

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore"
)

// A subagent's session is stored with an agent that ends so, followed by the id of the
// session that it works for: earlier versions show that as the agent's name.
const subagentOf = " subagent of "

// runBy is what runs the session and, of a subagent's, the session that it works for.
func (s *sessionState) runBy() (agent, parent string) {
	at := strings.LastIndex(s.Agent, subagentOf)
	if at < 0 {
		return s.Agent, ""
	}
	agent, parent = s.Agent[:at], s.Agent[at+len(subagentOf):]
	if CheckID(parent) != nil {
		return s.Agent, ""
	}
	return agent, parent
}

// agentText is the agent as it is stored: the reverse of runBy.
func (n Registration) agentText() string {
	if n.Parent == "" {
		return n.Agent
	}
	return n.Agent + subagentOf + n.Parent
}

// checkParent refuses a parent that cannot be one, and an agent that would be read as
// having another parent than it has.
func (n Registration) checkParent() error {
	if n.Parent != "" {
		if err := CheckID(n.Parent); err != nil {
			return err
		}
		if strings.EqualFold(n.Parent, n.ID) {
			return Inputf("session %s cannot be a subagent of itself", n.ID)
		}
	}
	s := sessionState{Agent: n.agentText()}
	if agent, parent := s.runBy(); agent != n.Agent || parent != n.Parent {
		return Inputf("bad agent %.80q for session %s", n.Agent, n.ID)
	}
	return nil
}

// CountsAs is the session that this one counts as in reviews, tasks and landing: of a
// subagent's session the one that it works for, of any other the session itself, as it
// is registered. A session that is not registered counts as itself.
func (b *Bus) CountsAs(ctx context.Context, id string) (string, error) {
	s, err := b.Session(ctx, id)
	var unknown *UnknownSessionError
	if errors.As(err, &unknown) {
		return id, nil
	}
	if err != nil || s.Parent == "" {
		return s.ID, err
	}
	return s.Parent, nil
}

// CountsAsIn is [Bus.CountsAs] within a transaction.
func CountsAsIn(tx *refstore.Tx, id string) (string, error) {
	s, err := stateIn(tx, id)
	if err != nil || s == nil {
		return id, err
	}
	if _, parent := s.runBy(); parent != "" {
		return parent, nil
	}
	return id, nil
}

// Subagents are the sessions of those subagents that work for the session.
func (b *Bus) Subagents(ctx context.Context, id string) ([]Session, error) {
	all, err := b.Sessions(ctx)
	return slices.DeleteFunc(all, func(s Session) bool { return !strings.EqualFold(s.Parent, id) }), err
}
