package agents

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Isolated is the agent's subagent of that id, which its client has work in the worktree
// r; nil where that is none of its own, but one that the agent, or another session,
// works in. The agent has been identified.
func (a *Agent) Isolated(ctx context.Context, r *repo.Repo, subagent string) (*Agent, error) {
	if a.Record == nil || r.GitDir == r.CommonDir || r.CommonDir != a.Repo.CommonDir || r.WorkTree == "" {
		return nil, nil
	}
	parent, err := a.Bus.CountsAs(ctx, a.Record.Session)
	if err != nil {
		return nil, err
	}
	sub := &Agent{
		Kind: a.Kind, ID: a.ID + "." + subagent, PID: a.PID, Parent: parent,
		Repo: r, Bus: a.Bus, StaleAfter: a.StaleAfter, Now: a.Now, MayJoin: a.MayJoin,
	}
	sub.Record = a.all().Load(sub.ID)
	switch here := SessionIn(r.SessionFile()); {
	case sub.Record != nil && strings.EqualFold(here, sub.Record.Session):
		return sub, nil
	case here == "" && a.Record.GitDir == r.GitDir:
		return nil, nil
	case here == "":
		return sub, nil
	default:
		s, err := a.Bus.Session(ctx, here)
		var unknown *bus.UnknownSessionError
		if errors.As(err, &unknown) {
			return nil, nil
		}
		if err != nil || !strings.EqualFold(s.Parent, parent) {
			return nil, err
		}
		return sub, nil
	}
}

// SessionIn is the identity that the file has, "" for none.
func SessionIn(path string) string {
	content, err := file.Read(path, 1024)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(content))
}

// JoinApart gives the subagent, of [Agent.Isolated], the session of its worktree, which
// is registered if it has none. free takes away an earlier subagent's session, if that has
// ended and left nothing, and reports whether it has: then its name serves again.
func (a *Agent) JoinApart(ctx context.Context, main *Agent, free func(context.Context, bus.Session) (bool, error)) (string, error) {
	unlock, err := a.all().lock(ctx)
	if err != nil {
		return "", err
	}
	id := SessionIn(a.Repo.SessionFile())
	if id == "" {
		id, err = a.registerApart(ctx, free)
	}
	if err == nil {
		a.Record = a.all().Load(a.ID)
		if a.Record == nil || a.Record.Ended || a.Record.Session != id {
			err = a.Become(id)
		}
	}
	unlock()
	if err != nil || main.Record.Subs == a.Parent {
		return id, err
	}
	return id, main.Update(ctx, func(r *Record) { r.Subs = a.Parent })
}

func (a *Agent) registerApart(ctx context.Context, free func(context.Context, bus.Session) (bool, error)) (string, error) {
	branch := CurrentBranch(ctx, a.Repo)
	for n := 1; n < 1000; n++ {
		id := fmt.Sprintf("%.58s-%d", a.Parent, n)
		s, err := a.Bus.Session(ctx, id)
		var unknown *bus.UnknownSessionError
		switch {
		case errors.As(err, &unknown):
		case err != nil:
			return "", err
		case !strings.EqualFold(s.Parent, a.Parent):
			continue
		default:
			if freed, err := free(ctx, s); err != nil {
				return "", err
			} else if !freed {
				continue
			}
		}
		added, err := a.Bus.Register(ctx, []bus.Registration{{
			ID: id, Workstream: PlainName(id), Agent: a.Kind, Parent: a.Parent, Checkout: branch, Registrar: a.Parent,
		}})
		if err != nil {
			return "", err
		}
		if len(added) == 1 {
			return id, os.WriteFile(a.Repo.SessionFile(), []byte(id+"\n"), 0o666)
		}
	}
	return "", fmt.Errorf("no free name like '%s-1'", a.Parent)
}

// End records that the agent has ended, and reports whether another works as its
// session.
func (a *Agent) End(ctx context.Context) (others bool, err error) {
	err = a.Update(ctx, func(r *Record) { r.Ended = true })
	for _, k := range a.all().of(a.Record.Session, time.Now()) {
		others = others || !k.Over()
	}
	return others, err
}

// in is who r's agent is, or its subagent that works in the worktree with that identity.
func (a Agents) in(r *Record, sessionFile string) Who {
	if sub := a.subagent(r, sessionFile); sub != nil {
		return Who{Session: sub.Session, Parent: sub.Parent}
	}
	return Who{Session: r.Session}
}

// subagent is the subagent with a session of its own, of r's agent, that works in the
// worktree with that identity; nil where that is none.
func (a Agents) subagent(r *Record, sessionFile string) *known {
	if r.Subs == "" {
		return nil
	}
	here := SessionIn(sessionFile)
	if here == "" || here == r.Session {
		return nil
	}
	for _, k := range a.of(here, time.Now()) {
		if k.Parent == r.Subs {
			return &k
		}
	}
	return nil
}
