package agents

import (
	"context"
	"os"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Moved reports whether the agent works in another checkout of its repository than
// Arrived has recorded.
func (a *Agent) Moved() bool { return a.Record != nil && a.Record.GitDir != a.Repo.GitDir }

// Arrived records that the agent works in the checkout of its repository now.
func (a *Agent) Arrived(ctx context.Context) error {
	return a.Update(ctx, func(r *Record) { r.GitDir = a.Repo.GitDir })
}

// Settle gives the checkout of its repository the session's identity, if it has none, and
// is a linked worktree, which the client may have made in the middle of a session, or the
// one to which the agent gave it when it joined.
func (a *Agent) Settle(ctx context.Context) error {
	r := a.Repo
	if r.WorkTree == "" || a.Record.Session == bus.Orchestrator || r.GitDir == r.CommonDir && a.Record.Gave != r.GitDir {
		return nil
	}
	unlock, err := a.all().lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if sessionIn(r.SessionFile()) != "" {
		return nil
	}
	return os.WriteFile(r.SessionFile(), []byte(a.Record.Session+"\n"), 0o666)
}

// Leaves takes the session's identity from the main checkout, if the agent gave it when
// it joined there and has one elsewhere now: who comes next is another session.
func (a *Agent) Leaves(ctx context.Context) error {
	r := a.Repo
	main := repo.SessionFileIn(r.CommonDir)
	if a.Record == nil || a.Record.Gave != r.CommonDir || r.GitDir == r.CommonDir || sessionIn(r.SessionFile()) != a.Record.Session {
		return nil
	}
	unlock, err := a.all().lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if !strings.EqualFold(sessionIn(main), a.Record.Session) {
		return nil
	}
	return os.Remove(main)
}
