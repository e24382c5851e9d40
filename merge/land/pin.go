package land

import (
	"context"
	"slices"

	"github.com/git-swarm/git-swarm/lock/queue"
	"github.com/git-swarm/git-swarm/merge"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// landingPin keeps the newest rebase of the session's branch from git gc, which no other
// ref has before it has landed and the branch has followed.
func landingPin(session string) string { return refstore.PinPrefix + session + ".landing" }

// pulledPin keeps what a pull moves the branch to, until the branch is there. It is not
// that of a landing, which another's push may be making for the session meanwhile.
func pulledPin(session string) string { return refstore.PinPrefix + session + ".pulled" }

// rebased is what onto returns for the entry, kept by its pin. What git gc --prune=now
// takes while it is being made is made again.
func (t *train) rebased(ctx context.Context, e *queue.Entry, before, base string) (tip string, healed []merge.Healed, err error) {
	for try := 0; ; try++ {
		tip, healed, err = t.onto(ctx, t.ownersTree(ctx, e), e.Tip, e.Tried, before, base, t.target)
		if err != nil || !t.pins || tip == e.Tip || tip == base {
			return tip, healed, err
		}
		if e.Clone != "" && !slices.Contains(t.guests, e.Session) {
			t.guests = append(t.guests, e.Session)
		}
		err = t.Bus.Store().Pin(ctx, t.Session, landingPin(e.Session), object.Hash(tip), object.Hash(base))
		if err == nil || !repo.Pruned(err) || try == prunedTries || ctx.Err() != nil {
			return tip, healed, err
		}
	}
}

// ownersTree is the worktree of the session whose entry it is, where the branch is checked
// out: its settings count for the rebase as they would for git rebase there. nil is for
// our own, and where there is no such worktree here: then ours count.
func (t *train) ownersTree(ctx context.Context, e *queue.Entry) *repo.Repo {
	if t.isOwn(e) || t.Door.Worktree == nil {
		return nil
	}
	dir := t.Door.Worktree(e.Session)
	if dir == "" {
		return nil
	}
	there, err := repo.Discover(outsideEnv(t.Repo.Git(ctx).Env), dir)
	if err != nil || there.CommonDir != t.Repo.CommonDir {
		return nil
	}
	if head, err := there.Head(ctx); err != nil || head != "refs/heads/"+e.Branch {
		return nil
	}
	return there
}

// unpin ends what pin began, once the branch has followed, or the session's push has
// failed and nothing of it can land any more. Where that fails the pin stays until the
// session's next push.
func (l *Lander) unpin(ctx context.Context) {
	_ = l.Bus.Store().Unpin(context.WithoutCancel(ctx), landingPin(l.Session), "")
}

// unpin is that of the lander, unless the entry may still land or the branch has yet to
// follow.
func (t *turn) unpin(ctx context.Context, landed *Landed) {
	if landed != nil && landed.Stayed != nil {
		return
	}
	if e, err := queue.Find(context.WithoutCancel(ctx), t.Bus, t.Session); err == nil && (e == nil || e.Decided()) {
		t.Lander.unpin(ctx)
		_ = queue.Forsake(context.WithoutCancel(ctx), t.Bus, t.Session)
	}
}
