package app

import (
	"context"
	"errors"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/settings"
	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/merge/land"
	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/review"
)

// stopped notes a conflict with which a push or pull ended.
func (c *call) stopped(ctx context.Context, err error) error {
	var conflict *land.ConflictError
	if errors.As(err, &conflict) {
		err = errors.Join(err, land.NoteStopped(context.WithoutCancel(ctx), c.swarm.Repo))
	}
	return err
}

// weighResolved says what the session's resolutions of conflicts, met by its pushes or
// pulls before, made of both sides' edits, and does as swarm.healCheck wants where
// something of what has landed is lost.
func (c *call) weighResolved(ctx context.Context, target repo.Target, rule settings.HealCheck) error {
	all, err := land.Resolved(ctx, c.swarm.Repo, target)
	if err != nil {
		return err
	}
	undone := ""
	for _, f := range all {
		if f.Holds() {
			continue
		}
		if land.Undoes(f) && undone == "" {
			undone = f.Path
		}
		if c.wantJSON() {
			if err := c.object("checked", jsonChecked(f)); err != nil {
				return err
			}
			continue
		}
		for _, line := range checkedLines(f, resolvedSides(target)) {
			c.notef("resolved %s", text.Inert(line))
		}
	}
	switch {
	case undone == "" || rule == settings.ShowResolved:
		return nil
	case rule == settings.RefuseResolved:
		return refuseResolved(text.Inert(undone), text.Inert(target.String()))
	}
	return c.approvedHere(ctx, target)
}

// approvedHere is nil if the change that is checked out here was approved.
func (c *call) approvedHere(ctx context.Context, target repo.Target) error {
	b, id, err := c.acting()
	if err != nil {
		return err
	}
	r, err := c.reviewRange(ctx, id)
	if err != nil {
		return err
	}
	book := review.NewStore(b)
	newest, err := book.Latest(ctx, id)
	if err != nil {
		return err
	}
	ref, err := c.approvedTarget(target, newest)
	if err != nil {
		return err
	}
	return book.Clear(ctx, id, newest, &review.Range{Target: ref, Base: object.Hash(r.Base), Tip: object.Hash(r.Tip)})
}

// resolvedSaid is what reviewers should know of the resolutions of conflicts that a push
// or pull of this worktree met, "" for nothing.
func (c *call) resolvedSaid(ctx context.Context) (string, error) {
	target, err := c.target(ctx, "HEAD", "")
	if err != nil {
		return "", nil // a range was given
	}
	all, err := land.Resolved(ctx, c.swarm.Repo, target)
	if err != nil {
		return "", err
	}
	var said strings.Builder
	for _, f := range all {
		if f.Holds() {
			continue
		}
		for _, line := range checkedLines(f, resolvedSides(target)) {
			said.WriteString("resolved " + line + "\n")
		}
	}
	return said.String(), nil
}

func resolvedSides(target repo.Target) sideNames {
	return sideNames{"neither", target.String(), "the branch"}
}

// joinParagraphs puts a blank line between two texts of which either may be empty.
func joinParagraphs(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return strings.TrimRight(a, "\n") + "\n\n" + b
}
