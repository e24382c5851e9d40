package app

import (
	"context"

	"github.com/git-swarm/git-swarm/cmd/internal/settings"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/review"
)

// gate is what push asks of each change under the push lock, nil where no review
// is required.
func (c *call) gate(b *bus.Bus, s *settings.Settings, id string) func(ctx context.Context, base, tip string) error {
	if !s.RequireReview {
		return nil
	}
	return func(ctx context.Context, base, tip string) error {
		book := review.NewStore(b)
		newest, err := book.Latest(ctx, id)
		if err != nil {
			return err
		}
		if base == "" && newest != nil { // the target begins with this push
			base = string(newest.Base)
		}
		return book.Clear(ctx, id, newest, &review.Range{Base: object.Hash(base), Tip: object.Hash(tip)})
	}
}
