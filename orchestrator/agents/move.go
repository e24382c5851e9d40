package agents

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
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
	if SessionIn(r.SessionFile()) != "" {
		return nil
	}
	if r.GitDir != r.CommonDir && !slices.Contains(a.Record.Entered, r.GitDir) { // first, so that Leaves finds what a kill has left
		if err := a.Update(ctx, func(rec *Record) { rec.Entered = append(rec.Entered, r.GitDir) }); err != nil {
			return err
		}
	}
	unlock, err := a.all().lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if SessionIn(r.SessionFile()) != "" {
		return nil
	}
	return os.WriteFile(r.SessionFile(), []byte(a.Record.Session+"\n"), 0o666)
}

// Leaves takes the session's identity from the checkouts to which the agent gave it, when
// it joined or as it entered them, and that it is not in any more, if this one has it: who
// comes next is another session.
func (a *Agent) Leaves(ctx context.Context) error {
	r := a.Repo
	if a.Record == nil || SessionIn(r.SessionFile()) != a.Record.Session {
		return nil
	}
	left := slices.Clone(a.Record.Entered)
	if a.Record.Gave == r.CommonDir {
		left = append(left, r.CommonDir)
	}
	if left = slices.DeleteFunc(left, func(dir string) bool { return dir == r.GitDir }); len(left) == 0 {
		return nil
	}
	if err := a.takeIdentity(ctx, left); err != nil {
		return err
	}
	return a.Update(ctx, func(rec *Record) {
		rec.Entered = slices.DeleteFunc(rec.Entered, func(dir string) bool { return slices.Contains(left, dir) })
	})
}

// takeIdentity takes the session's identity from those of the git dirs that have it.
func (a *Agent) takeIdentity(ctx context.Context, gitDirs []string) error {
	unlock, err := a.all().lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	for _, dir := range gitDirs {
		path := repo.SessionFileIn(dir)
		if !strings.EqualFold(SessionIn(path), a.Record.Session) {
			continue
		}
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
