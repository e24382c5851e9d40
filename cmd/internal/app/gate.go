package app

import (
	"context"
	"errors"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/settings"
	"github.com/git-swarm/git-swarm/merge/heal"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/review"
)

// gate is what push asks of each change that is about to land. Whether a review is
// required, the tip that was just fetched says; the verdicts are those on the hub, where
// it can be reached.
type gate struct {
	*call
	bus     *bus.Bus
	target  repo.Target
	fetched time.Time                 // for all of a stack
	let     map[string]*review.Review // by which a session may land
}

// ask is [land.Lander.Gate].
func (g *gate) ask(ctx context.Context, id, base, tip string) error {
	delete(g.let, id)
	if err := g.taskGate(ctx, id, base, tip); err != nil {
		return err
	}
	rules, err := g.rulesAt(ctx, g.target, base)
	if err != nil {
		return err
	}
	if required, err := rules.RequireReview.Get(); err != nil || !required {
		return err
	}
	if time.Since(g.fetched) > time.Second {
		_ = g.bus.Store().Refresh(ctx, true)
		g.fetched = time.Now()
	}
	by, err := g.approved(ctx, id, base, tip)
	if err != nil {
		return err
	}
	if err := review.NewStore(g.bus).LetThrough(ctx, by.From, object.Hash(tip)); err != nil {
		return err
	}
	g.let[id] = by
	return nil
}

// holds is [land.Lander.GateHolds].
func (g *gate) holds(ctx context.Context, tx *refstore.Tx, ids []string, lands bool) (bool, error) {
	var by []*review.Review
	for _, id := range ids {
		if r := g.let[id]; r != nil {
			by = append(by, r)
		}
	}
	return review.NewStore(g.bus).Stand(ctx, tx, by, lands)
}

// approved is the newest request that lets id land base..tip: its own, or that of a session
// that counts as the same, a subagent or the one that it works for. The error is that of
// its own.
func (g *gate) approved(ctx context.Context, id, base, tip string) (*review.Review, error) {
	own, err := g.clear(ctx, id, base, tip)
	var no *review.NotClearError
	if err == nil || !errors.As(err, &no) {
		return own, err
	}
	main, failed := g.bus.CountsAs(ctx, id)
	if failed != nil {
		return nil, failed
	}
	same, failed := g.bus.Subagents(ctx, main)
	if failed != nil {
		return nil, failed
	}
	for _, s := range append(same, bus.Session{ID: main}) {
		if s.ID == id {
			continue
		}
		if theirs, failed := g.clear(ctx, s.ID, base, tip); failed == nil {
			return theirs, nil
		}
	}
	return nil, err
}

// clear is the newest request of author, if it lets base..tip land on the target.
func (g *gate) clear(ctx context.Context, author, base, tip string) (*review.Review, error) {
	book := review.NewStore(g.bus)
	newest, err := book.Latest(ctx, author)
	if err != nil {
		return nil, err
	}
	if base == "" && newest != nil { // the target begins with this push
		base = string(newest.Base)
	}
	ref, err := g.approvedTarget(g.target, newest)
	if err != nil {
		return nil, err
	}
	return newest, book.Clear(ctx, author, newest, &review.Range{Target: ref, Base: object.Hash(base), Tip: object.Hash(tip)})
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
