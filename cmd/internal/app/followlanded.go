package app

import (
	"context"
	"errors"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/lock/queue"
	"github.com/git-swarm/git-swarm/merge/land"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/gitlock"
)

// followLanded lets the branch here follow to what has landed of it while no process
// of the session waited. Where it cannot, that is left to the session's next push or
// pull, which says why. left says that something may still wait: then that is seen to.
func (c *call) followLanded(ctx context.Context, b *bus.Bus, id string, left bool) error {
	id, err := b.Resolve(ctx, id)
	if err != nil {
		return err
	}
	e, err := queue.Find(ctx, b, id)
	switch {
	case err != nil:
		return err
	case e == nil || e.Stage == queue.Refused:
		queue.Forget(b, id)
		return nil
	case e.Stage != queue.Landed:
		if left {
			c.conductLeft(ctx, id)
		}
		return nil
	}
	ctx, restore := undoable(ctx)
	defer restore()
	l, target, err := c.lander(ctx, "")
	if err != nil {
		return nil
	}
	landed, err := l.Settle(ctx, target)
	if err == nil && landed != nil {
		c.tellFollowed(landed)
	}
	return nil
}

// followRequest is followLanded for what was in review by a pull request.
func (c *call) followRequest(ctx context.Context) error {
	ctx, restore := undoable(ctx)
	defer restore()
	l, target, err := c.lander(ctx, "")
	if err != nil {
		return nil
	}
	landed, err := l.SettleRequest(ctx, target)
	if err == nil && landed != nil {
		c.notef("git swarm: what was in review has landed on %s", text.Inert(landed.Target.String()))
		c.tellFollowed(landed)
	}
	return nil
}

// tellFollowed says where the branch is now.
func (c *call) tellFollowed(landed *land.Landed) {
	if landed.Stayed != nil {
		c.noteStayed(landed.Stayed)
		return
	}
	c.notef("git swarm: your branch is now at what has landed on %s", text.Inert(landed.Target.String()))
}

// noteStayed says why the branch could not follow to what has landed.
func (c *call) noteStayed(why error) {
	c.notef("git swarm: your branch stayed where it was: %s", text.Inert(why.Error()))
	if errors.As(why, new(*gitlock.LockedError)) {
		c.notef("hint: git swarm pull; if the lock stays: git swarm doctor")
		return
	}
	c.notef("hint: git swarm commit, then git swarm pull")
}
