package refstore

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// errPatience says that a command had to wait for others for too long.
var errPatience = errors.New("the time to wait has ended")

// pause gives the turn up for so long: meanwhile others of this clone deliver what they
// have published. It comes before a fetch, not after it, for what is fetched gets old. done
// says that another's push has carried the change meanwhile; errPatience, that ctx has ended.
func (u *sharedUpdate) pause(ctx context.Context, d time.Duration) (done bool, err error) {
	u.past.stale = true // others write, too: the next one fetches first
	u.remember()
	u.end()
	select {
	case <-time.After(d):
	case <-ctx.Done():
		return false, errPatience
	}
	done, err = u.arrive(ctx)
	var away *HubError
	if !done && err != nil && ctx.Err() != nil && !errors.As(err, &away) {
		err = errPatience
	}
	return done, err
}

// lose gives the turn up for a while after a race that was lost by a push which took so
// long, with that error, and asks the others to yield where that was not the first.
func (u *sharedUpdate) lose(ctx context.Context, last error, try int, took time.Duration) (done bool, err error) {
	if u.past.lose(time.Now().UnixMilli()) {
		u.ask(ctx, 3*(u.brought+took))
	}
	done, err = u.pause(ctx, hubPause(try, took))
	if errors.Is(err, errPatience) {
		err = lostRaces(last, try)
	}
	return done, err
}

// hubYield is for how long after a change whose push took so long the next one of the
// same clone, by another command, fetches first, as those have to who lost to it. They
// would never win against a clone that makes one change after the other without.
func hubYield(push time.Duration) time.Duration { return 3 * push }

// hubPause is how long who has lost that many races in a row, the last by a push that
// took so long, waits before it fetches and pushes again: those who lost to one all begin
// at once otherwise.
func hubPause(lost int, push time.Duration) time.Duration {
	return rand.N(push/2*time.Duration(min(lost, 4)) + 1)
}
