package refstore

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"time"
)

// join builds the change upon all that is in the group, and adds it. It is nil where the
// change is refused or changes nothing, or cannot go along: then this command's own turn
// tells. An error is one of building, or says that the group is closed.
func (u *sharedUpdate) join(ctx context.Context, g *hubGroup) (staged *stagedShared, err error) {
	err = u.store.retry(ctx, func(ctx context.Context) error {
		_, unlock, err := u.store.begin(ctx) // who adds to the group does so one after the other
		if err != nil {
			return err
		}
		defer unlock()
		n, page, err := g.last()
		if err != nil {
			return err
		}
		if staged, err = u.stageUpon(ctx, page.updates); err != nil {
			return err
		}
		if len(staged.moves) == 0 || staged.branch != nil || staged.publishes {
			staged = nil
			return nil
		}
		if err := u.store.writer.Write(ctx, staged.objects); err != nil {
			return err
		}
		next := &groupPage{updates: staged.updates, objects: slices.Clip(page.objects)}
		for _, o := range staged.objects {
			next.objects = append(next.objects, o.ID)
		}
		return g.add(n+1, next.encode())
	})
	if err != nil {
		return nil, err
	}
	return staged, nil
}

// arrive waits for this command's turn. done says that another command has made the change
// along with its own meanwhile, and that it is made here, too.
func (u *sharedUpdate) arrive(ctx context.Context) (done bool, err error) {
	s := u.store
	queued, err := s.askTurn()
	if err != nil {
		return false, err
	}
	defer queued.leave()
	if u.hubTurn, err = queued.try(ctx); u.hubTurn != nil || err != nil {
		return false, err
	}
	u.hubTurn = &hubTurn{store: s}
	sign := s.announce()
	defer func() { sign.answered() }()
	tick := time.NewTicker(groupPoll)
	defer tick.Stop()
	var answered string
	for {
		select {
		case err := <-queued.got:
			return false, u.take(ctx, queued, err)
		case <-ctx.Done():
			return false, errTurn
		case <-tick.C:
		}
		g := s.openedGroup()
		if g == nil || g.dir == answered {
			continue
		}
		answered = g.dir
		staged, err := u.join(ctx, g)
		if errors.Is(err, errGroupClosed) || errors.Is(err, fs.ErrExist) { // the next one waits for an answer
			continue
		}
		sign.answered()
		if err != nil || staged == nil {
			continue
		}
		s.opts.Failpoint("joined")
		if done, err := u.carried(ctx, queued, g, staged); done || err != nil || u.file != nil {
			return done, err
		}
		sign = s.announce()
	}
}

// take makes the turn this command's, once it is.
func (u *sharedUpdate) take(ctx context.Context, queued *queuedTurn, err error) error {
	turn, err := queued.turn(ctx, err)
	if err == nil {
		u.hubTurn = turn
	}
	return err
}

// carried waits for the end of the push that carries what was staged: done, or without any
// of it, or with the turn and without knowing. Where ctx ends first, for whoever pushes was
// stopped, the change is in doubt.
func (u *sharedUpdate) carried(ctx context.Context, queued *queuedTurn, g *hubGroup, staged *stagedShared) (done bool, err error) {
	tick := time.NewTicker(groupPoll)
	defer tick.Stop()
	turn := false
	for {
		switch how := g.ended(); {
		case how == endLanded:
			if turn {
				u.end()
				u.hubTurn = &hubTurn{store: u.store}
			}
			here := *staged
			here.moves, here.updates = nil, nil // whoever pushed has made them
			return true, u.apply(ctx, &here)
		case turn:
			if how == "" {
				u.sent = append(u.sent, staged)
			}
			return false, nil
		case how == endFailed:
			return false, nil
		}
		select {
		case err := <-queued.got:
			if err := u.take(ctx, queued, err); err != nil {
				return false, err
			}
			turn = true
		case <-ctx.Done():
			return false, &HubError{Err: errTurn, InDoubt: true}
		case <-tick.C:
		}
	}
}
