package redo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/git-swarm/git-swarm/refstore/internal/refs"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// Recovery completes or undoes what a killed writer left in the log.
type Recovery struct {
	Backend refs.Backend
	Algo    object.Algo
	Keep    func(context.Context, []object.Object) error // makes sure that git gc does not take the objects
	Now     func() time.Time
}

// Run is called by the holder of the log's lock. The transaction has happened if
// its first ref moved: then its objects are written again (gc may have taken
// them) and the other refs follow. Otherwise it has not happened.
func (v Recovery) Run(ctx context.Context, log *Log) error {
	if empty, err := log.empty(); err != nil || empty {
		return err
	}
	r, err := log.Load(v.Algo)
	if err != nil {
		return err
	}
	if r == nil || len(r.Updates) == 0 {
		return log.Clear()
	}
	if err := v.Backend.Unlock(r.Updates); err != nil {
		return err
	}
	view, err := v.Backend.View(ctx)
	if err != nil {
		return err
	}
	happened, err := v.happened(ctx, view, r)
	if err != nil {
		return err
	}
	if happened {
		if err := v.complete(context.WithoutCancel(ctx), log, view, r); err != nil {
			return fmt.Errorf("complete what a killed command began: %w", err)
		}
	}
	return log.Clear()
}

// searchDepth is how many commits below the first ref's tip are searched for the
// killed transaction's commit: only git's own writers can have added any since.
const searchDepth = 100

func (v Recovery) happened(ctx context.Context, view refs.View, r *Record) (bool, error) {
	first := r.Updates[0]
	tip, err := view.Tip(first.Ref)
	if err != nil || tip == first.Prev {
		return false, err
	}
	if tip == first.Next {
		return true, nil
	}
	for range searchDepth {
		o, err := v.Backend.Read(ctx, tip)
		if err != nil || o.Kind != object.Commit {
			return false, nil // not ours to repair; fsck reports it
		}
		c, err := v.Algo.DecodeCommit(o.Content)
		if err != nil {
			return false, nil
		}
		if tip = c.Parent(); tip == first.Next {
			return true, nil
		}
		if tip == "" {
			break
		}
	}
	return false, nil
}

func (v Recovery) complete(ctx context.Context, log *Log, view refs.View, r *Record) error {
	if err := v.Backend.Write(ctx, r.Objects); err != nil {
		return err
	}
	for _, u := range r.Updates[1:] {
		tip, err := view.Tip(u.Ref)
		if err != nil {
			return err
		}
		if tip != u.Prev {
			continue // it had moved too
		}
		u.Reflog = v.reflog(r, u.Next)
		if err := v.Backend.Swap(ctx, log.file, []refs.Update{u}); err != nil && !errors.Is(err, refs.ErrChanged) {
			return err
		}
	}
	return v.Keep(ctx, r.Objects)
}

// reflog is the reflog's line for a commit of the killed writer, in its name.
func (v Recovery) reflog(r *Record, id object.Hash) string {
	for _, o := range r.Objects {
		if o.ID != id {
			continue
		}
		if c, err := v.Algo.DecodeCommit(o.Content); err == nil {
			return refs.ReflogLine(c.Committer.Name, c.Committer.Email, c.Committer.When)
		}
	}
	return refs.ReflogLine("", "", v.Now())
}
