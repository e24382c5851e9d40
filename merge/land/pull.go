package land

import (
	"context"
	"fmt"

	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Pull rebases the checked out branch onto the target. It takes no push lock. If the
// target has no such branch, it returns *NoBranchError.
func (l *Lander) Pull(ctx context.Context, target repo.Target) (*Landed, error) {
	c, release, err := begin(ctx, l.Repo)
	defer release()
	if err == nil && c.branch == detached && !l.Detached {
		err = ErrDetached
	}
	if err != nil {
		return nil, err
	}
	if earlier, err := l.settle(ctx, target, c); err != nil {
		return nil, err
	} else if earlier != nil {
		if c, err = checkedOut(ctx, l.Repo); err != nil {
			return nil, err
		}
	}
	landed, err := l.pull(ctx, c, target)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return landed, err
}

func (l *Lander) pull(ctx context.Context, c checkout, target repo.Target) (landed *Landed, err error) {
	defer func() { _ = l.Bus.Store().Unpin(context.WithoutCancel(ctx), pulledPin(l.Session), "") }()
	for try := 0; ; try++ {
		landed, err = l.fetchedOnto(ctx, c, target)
		if err == nil || !repo.Pruned(err) || try == prunedTries || ctx.Err() != nil {
			break
		}
	}
	if err != nil || landed.After == c.tip {
		return landed, err
	}
	if err := l.follow(ctx, c, landed.After); err != nil {
		return landed, err
	}
	if !landed.Rebased {
		if err := l.endRequest(ctx, c.branch, nil); err != nil {
			return landed, err
		}
	}
	return landed, settlePending(l.Repo, landed)
}

// fetchedOnto is where a pull moves the branch to, kept by its pin.
func (l *Lander) fetchedOnto(ctx context.Context, c checkout, target repo.Target) (*Landed, error) {
	tip, err := l.fetch(ctx, target)
	if err != nil {
		return nil, err
	}
	if tip == "" {
		return nil, &NoBranchError{target}
	}
	if err := l.tellPending(ctx, target, tip); err != nil {
		return nil, err
	}
	landed := &Landed{Target: target, Before: c.tip, Tip: c.tip}
	tried, err := triedOn(l.Repo, c.branch)
	if err != nil {
		return nil, err
	}
	if landed.After, landed.Healed, err = l.onto(ctx, nil, c.tip, tried, tip, tip, target); err != nil {
		return nil, err
	}
	if landed.After == c.tip {
		return landed, nil
	}
	if err := l.Bus.Store().Pin(ctx, l.Session, pulledPin(l.Session), object.Hash(landed.After), object.Hash(c.tip)); err != nil {
		return nil, err
	}
	landed.Rebased = landed.After != tip
	landed.Commits, err = l.countUpon(ctx, c.tip, tip)
	return landed, err
}

// NoBranchError says that the remote, or this repository, has no such branch.
type NoBranchError struct{ Target repo.Target }

func (e *NoBranchError) Error() string {
	if e.Target.Remote == "" {
		return fmt.Sprintf("there is no branch '%s' here", e.Target.Branch)
	}
	return fmt.Sprintf("%s has no branch '%s'", e.Target.Remote, e.Target.Branch)
}
