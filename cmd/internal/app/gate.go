package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/git-swarm/git-swarm/cmd/internal/settings"
	"github.com/git-swarm/git-swarm/cmd/internal/text"
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

// formatNotClear words why something may not land, with the next step.
func formatNotClear(err error) error {
	if err == nil {
		return nil
	}
	var no *review.NotClearError
	if !errors.As(err, &no) {
		return err
	}
	hint := "git swarm review request --to SESSION"
	if no.Review != nil && (no.Reason == review.IsPending || no.Reason == review.IsRejected) {
		hint = fmt.Sprintf("git swarm review show %d", no.Review.Number)
	}
	return &refusal{exitNo, text.Inert(no.Error()), hint}
}
