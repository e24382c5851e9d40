package hook

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// noteClaimed records that the hook, not the session, has claimed the files, before
// they are edited: they are given back when nothing of them is left to land. A
// subagent's are its own to give back: it may be about to edit one while the session
// itself goes on.
func (h *Handler) noteClaimed(ctx context.Context, granted []lock.Claim) error {
	if len(granted) == 0 {
		return nil
	}
	here, err := repo.DiscoverOwn(h.Env, h.Input.Dir)
	if err != nil || here.GitDir != h.Repo.GitDir { // elsewhere nothing would be seen of them
		return nil
	}
	return h.agent.Update(ctx, func(a *agents.Record) {
		if a.Hooked == nil || a.HookedIn != h.Repo.GitDir {
			a.Hooked, a.HookedIn = map[string]string{}, h.Repo.GitDir
		}
		for _, c := range granted {
			a.Hooked[c.Path] = h.Input.Subagent
			a.Waited = slices.DeleteFunc(a.Waited, func(path string) bool { return path == c.Path })
		}
		a.HookedState = ""
	})
}

// giveBack releases what the hook has claimed and what has landed, or was not changed
// in the end: the user refused the edit, or it was undone. While nothing has changed
// that could matter, git is not asked. Where there is no target nothing lands, and the
// claims stay to the end.
func (h *Handler) giveBack(ctx context.Context, id string) error {
	own, same := h.hooked(ctx)
	if same {
		return nil
	}
	work, err := h.checkout().Unlanded(ctx, own)
	if err != nil || work.Target == "" {
		return err
	}
	var over []string
	for _, path := range own {
		if !slices.Contains(work.Paths, path) {
			over = append(over, path)
		}
	}
	if err := h.release(ctx, id, over); err != nil {
		return err
	}
	return h.agent.Update(ctx, func(a *agents.Record) {
		for _, path := range over {
			delete(a.Hooked, path)
		}
		a.HookedTarget, a.HookedState = work.Target, ""
		if h.Input.Subagent == "" {
			a.HookedState = h.fingerprint(ctx, work.Paths, work.Target)
		}
	})
}

// hooked is what the hook has claimed here for this agent, and whether all that decides
// what of it is given back is as it was when that was looked at last.
func (h *Handler) hooked(ctx context.Context) (own []string, same bool) {
	past := h.past()
	if past.HookedIn != h.Repo.GitDir {
		return nil, true
	}
	for _, path := range slices.Sorted(maps.Keys(past.Hooked)) {
		if past.Hooked[path] == h.Input.Subagent {
			own = append(own, path)
		}
	}
	if len(own) == 0 {
		return nil, true
	}
	state := h.fingerprint(ctx, own, past.HookedTarget)
	return own, state != "" && state == past.HookedState
}

// release gives up claims, one by one: some may be another's by now.
func (h *Handler) release(ctx context.Context, id string, paths []string) error {
	for _, path := range paths {
		_, err := h.Claims.Release(ctx, id, []string{path})
		var gone *lock.NotHolderError
		if err != nil && !errors.As(err, &gone) && !errors.Is(err, refstore.ErrNotExist) {
			return err
		}
	}
	return nil
}
