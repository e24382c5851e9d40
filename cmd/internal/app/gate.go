package app

import (
	"context"
	"errors"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/settings"
	"github.com/git-swarm/git-swarm/merge/heal"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/review"
)

// gate is what push asks of each change that is about to land. Whether a review is
// required, the tip that was just fetched says; the verdicts are those on the hub, where
// it can be reached.
func (c *call) gate(b *bus.Bus, target repo.Target) func(ctx context.Context, id, base, tip string) error {
	var fetched time.Time // for all of a stack
	return func(ctx context.Context, id, base, tip string) error {
		if err := c.taskGate(ctx, id, base, tip); err != nil {
			return err
		}
		rules, err := c.rulesAt(ctx, target, base)
		if err != nil {
			return err
		}
		if required, err := rules.RequireReview.Get(); err != nil || !required {
			return err
		}
		if time.Since(fetched) > time.Second {
			_ = b.Store().Refresh(ctx, true)
			fetched = time.Now()
		}
		author, err := c.approved(ctx, b, target, id, base, tip)
		if err != nil {
			return err
		}
		return review.NewStore(b).LetThrough(ctx, author, object.Hash(tip))
	}
}

// approved is the session whose newest request lets id land base..tip: its own, or that
// of a session that counts as the same, a subagent or the one that it works for. The
// error is that of its own.
func (c *call) approved(ctx context.Context, b *bus.Bus, target repo.Target, id, base, tip string) (author string, err error) {
	if err = c.clear(ctx, b, target, id, base, tip); err == nil {
		return id, nil
	}
	var no *review.NotClearError
	if !errors.As(err, &no) {
		return "", err
	}
	main, failed := b.CountsAs(ctx, id)
	if failed != nil {
		return "", failed
	}
	same, failed := b.Subagents(ctx, main)
	if failed != nil {
		return "", failed
	}
	for _, s := range append(same, bus.Session{ID: main}) {
		if s.ID != id && c.clear(ctx, b, target, s.ID, base, tip) == nil {
			return s.ID, nil
		}
	}
	return "", err
}

// clear is nil if the newest request of author lets base..tip land on the target.
func (c *call) clear(ctx context.Context, b *bus.Bus, target repo.Target, author, base, tip string) error {
	book := review.NewStore(b)
	newest, err := book.Latest(ctx, author)
	if err != nil {
		return err
	}
	if base == "" && newest != nil { // the target begins with this push
		base = string(newest.Base)
	}
	ref, err := c.approvedTarget(target, newest)
	if err != nil {
		return err
	}
	return book.Clear(ctx, author, newest, &review.Range{Target: ref, Base: object.Hash(base), Tip: object.Hash(tip)})
}

// approvedTarget is the target's ref as a request for it names it; one that was made
// before the target was ever fetched may name the local branch.
func (c *call) approvedTarget(target repo.Target, newest *review.Review) (string, error) {
	ref, err := c.swarm.Repo.TargetName(target)
	if err == nil && newest != nil && newest.Target == "refs/heads/"+target.Branch {
		ref = newest.Target
	}
	return ref, err
}

// healing is how far conflicts with what is on the target are healed.
func (c *call) healing(target repo.Target) func(ctx context.Context, tip string) (heal.Options, error) {
	return func(ctx context.Context, tip string) (heal.Options, error) {
		rules, err := c.rulesAt(ctx, target, tip)
		if err != nil {
			return heal.Options{}, err
		}
		level, err := rules.Heal.Get()
		return heal.Options{Level: level}, err
	}
}

// rulesAt are the rules of the target when tip is its tip, "" for none yet.
func (c *call) rulesAt(ctx context.Context, target repo.Target, tip string) (*settings.Rules, error) {
	if tip == "" {
		return c.swarm.RulesOf(ctx, target)
	}
	return c.swarm.RulesAt(ctx, tip)
}
