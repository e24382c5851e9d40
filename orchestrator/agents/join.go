package agents

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// join gives the agent the worktree's identity, or a session of its own where
// there is none or another agent at work has it. Hooks that run at once join
// once.
func (a *Agent) join(ctx context.Context) (string, error) {
	if err := a.mayJoin(ctx); err != nil {
		return "", err
	}
	unlock, err := a.all().lock(ctx)
	if err != nil {
		return "", err
	}
	defer unlock()
	if a.ID != "" {
		if a.Record = a.all().Load(a.ID); a.Record != nil {
			return a.Record.Session, nil
		}
	}
	here, err := a.identity()
	if err != nil {
		return "", err
	}
	if a.ID == "" && here == "" {
		return "", errNoID
	}
	if here != "" {
		id, err := a.Bus.Resolve(ctx, here)
		var unknown *bus.UnknownSessionError
		if errors.As(err, &unknown) {
			return "", fmt.Errorf("%w: %s", ErrDeleted, here)
		}
		if err != nil {
			return "", err
		}
		// Where the agent's process is not known, its commands cannot be told from
		// another's in this worktree: they are the worktree's session.
		if a.ID == "" || a.PID == 0 || !a.Taken(id) {
			return id, a.Become(id)
		}
	}
	id, err := a.register(ctx, here)
	if err != nil {
		return "", err
	}
	if here == "" {
		if err := os.WriteFile(a.Repo.SessionFile(), []byte(id+"\n"), 0o666); err != nil {
			return "", err
		}
		a.Record = &Record{Session: id, Gave: a.Repo.GitDir}
	}
	return id, a.Become(id)
}

// register makes a session named as the agent's user calls it, else after the worktree
// or branch, or takes one of that name that was made so before and that nobody works as.
func (a *Agent) register(ctx context.Context, here string) (string, error) {
	branch := CurrentBranch(ctx, a.Repo)
	base := here
	switch {
	case a.Title != "":
		base = nameFrom(a.Title)
	case base == "":
		base = sessionName(a.Repo, branch)
	}
	registrar := "" // the agent whose command started this one
	if above := a.all().Above(a.PID); len(above) > 0 {
		registrar = above[0]
	}
	for n := 1; n < 1000; n++ {
		id := base
		if n > 1 {
			id = fmt.Sprintf("%s-%d", base, n)
		}
		added, err := a.Bus.Register(ctx, []bus.Registration{{ID: id, Workstream: PlainName(id), Agent: a.Kind, Checkout: branch, Registrar: registrar}})
		if err != nil {
			return "", err
		}
		if len(added) == 1 {
			return id, nil
		}
		s, err := a.Bus.Session(ctx, id)
		if err != nil {
			return "", err
		}
		if s.Agent == a.Kind && (s.Branch == branch || branch == "") && !a.Taken(s.ID) && a.all().Ended(s.ID, s.Seen) {
			return s.ID, nil
		}
	}
	return "", fmt.Errorf("no free name like '%s'", base)
}

// CurrentBranch is without refs/heads/; "" if HEAD is detached.
func CurrentBranch(ctx context.Context, r *repo.Repo) string {
	head, err := r.Head(ctx)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(head, "refs/heads/")
}

// sessionName makes an id of a linked worktree's folder, else of the branch.
func sessionName(r *repo.Repo, branch string) string {
	name := branch
	if r.GitDir != r.CommonDir && r.WorkTree != "" {
		name = filepath.Base(r.WorkTree)
	}
	return nameFrom(name)
}

// nameFrom makes an id of the name.
func nameFrom(name string) string {
	name = PlainName(name)
	if strings.EqualFold(name, bus.All) || strings.EqualFold(name, bus.Orchestrator) {
		return "session"
	}
	return name
}

// MaxPlainName is how many bytes of a name PlainName keeps.
const MaxPlainName = 40

// PlainName is what of the name can stand in an id and in a workstream.
func PlainName(name string) string {
	name = strings.Map(func(c rune) rune {
		switch {
		case c >= '0' && c <= '9', c|0x20 >= 'a' && c|0x20 <= 'z':
			return c
		}
		return '-'
	}, name)
	for strings.Contains(name, "--") {
		name = strings.ReplaceAll(name, "--", "-")
	}
	name = strings.Trim(name, "-")
	name = strings.Trim(name[:min(len(name), MaxPlainName)], "-")
	if name == "" {
		return "session"
	}
	return name
}
