package hook

import (
	"context"
	"os"
	"path/filepath"
	"slices"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// Ground is what decides, beside the repository with its configuration and what a sync
// reads, that an event leaves nothing to say and nothing to do.
type Ground struct {
	Session string
	Files   []string // whether they are there, their sizes and their times
	Refs    []string
}

// maxWatched is how many files of others' a ground may have.
const maxWatched = 64

// Ground is the ground for Run to do nothing at the event, if Idle says afterwards that it
// has. It is not ok if there is something to do as far as the ground itself says, or if more
// decides.
func (h *Handler) Ground(ctx context.Context, event string) (g Ground, ok bool) {
	h.agent = &agents.Agent{ID: h.Input.Session, Record: h.known().Load(h.Input.Session)}
	past := h.past()
	g.Session = past.Session
	named := h.Env.Get("GIT_SWARM_SESSION")
	if h.agent.Record == nil || h.Input.Subagent != "" || named != "" && named != past.Session || len(past.Unclaimed) > 0 {
		return g, false
	}
	switch event {
	case agents.PreEdit:
		g.Refs = []string{lock.ClaimsRef}
		return g, true
	case agents.Prompt:
		g.Refs = []string{bus.SessionsRef}
	case agents.Batch:
		if h.Input.Shell && !h.watched(ctx, &g) {
			return g, false
		}
	default:
		return g, false
	}
	own, same := h.hooked(ctx)
	if len(own) > 0 {
		head, _ := os.ReadFile(filepath.Join(h.Repo.GitDir, "HEAD"))
		refs, files := h.printed(head, own, past.HookedTarget)
		g.Refs, g.Files = append(g.Refs, refs...), append(g.Files, files...)
	}
	return g, same
}

// watched adds what changedOthers looks at, and reports whether that is old.
func (h *Handler) watched(ctx context.Context, g *Ground) bool {
	paths, err := h.Claims.Paths(ctx)
	if err != nil {
		return false
	}
	holders, err := h.Claims.Holders(ctx, paths)
	if err != nil {
		return false
	}
	paths = slices.DeleteFunc(paths, func(path string) bool {
		return holders[path].Session == g.Session || slices.Contains(h.agent.Record.Changed, path)
	})
	g.Refs = append(g.Refs, lock.ClaimsRef)
	for _, path := range paths {
		file := filepath.Join(h.Repo.WorkTree, filepath.FromSlash(path))
		g.Files = append(g.Files, file, filepath.Dir(file))
	}
	return len(paths) <= maxWatched && len(h.changedLately(paths)) == 0
}
