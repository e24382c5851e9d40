package refstore

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// enter waits for our turn, and first clears up after a writer that was killed.
func (s *Store) enter(ctx context.Context) (*redoLog, func(), error) {
	log, release, err := lockRedo(ctx, s.repo.CommonDir)
	if err != nil {
		return nil, nil, err
	}
	s.opts.Step("queued")
	if err := s.settle(ctx, log); err != nil {
		release()
		return nil, nil, err
	}
	return log, release, nil
}

// Settle completes or undoes what a killed writer left, if there is any, and
// does not wait for one that is alive. Readers call it when Pending says so.
func (s *Store) Settle(ctx context.Context) error {
	if !s.Pending() {
		return nil
	}
	if err := s.chooseWriter(); err != nil {
		return err
	}
	f, err := os.OpenFile(redoPath(s.repo.CommonDir), os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("open the redo log: %w", err)
	}
	if err := file.TryLock(f); err != nil {
		f.Close()
		return nil // its owner is alive
	}
	defer file.Unlock(f)
	return s.settle(ctx, &redoLog{f})
}

// settle is called by the holder of the log's lock. A transaction has happened
// if its first ref moved: then the objects are written again (gc may have taken
// them) and the other refs follow. Else it has not.
func (s *Store) settle(ctx context.Context, log *redoLog) error {
	if empty, err := log.empty(); err != nil || empty {
		return err
	}
	r, err := log.load(s.repo.Algo)
	if err != nil {
		return err
	}
	if r == nil || len(r.updates) == 0 {
		return log.clear()
	}
	if err := s.writer.unlock(r.updates); err != nil {
		return err
	}
	v, err := s.writer.view(ctx)
	if err != nil {
		return err
	}
	landed, err := s.landed(ctx, v, r)
	if err != nil {
		return err
	}
	if landed {
		if err := s.follow(context.WithoutCancel(ctx), log, v, r); err != nil {
			return fmt.Errorf("complete what a killed command began: %w", err)
		}
	}
	return log.clear()
}

// landedDepth is how far below the tip a killed transaction's commit is looked
// for: only git's own writers can have gone on top of it meanwhile.
const landedDepth = 100

func (s *Store) landed(ctx context.Context, v view, r *redo) (bool, error) {
	first := r.updates[0]
	tip, err := v.tip(first.ref)
	if err != nil || tip == first.prev {
		return false, err
	}
	if tip == first.next {
		return true, nil
	}
	for range landedDepth {
		o, err := s.writer.read(ctx, tip)
		if err != nil || o.Kind != object.Commit {
			return false, nil // not ours to repair; fsck tells
		}
		c, err := s.repo.Algo.DecodeCommit(o.Content)
		if err != nil {
			return false, nil
		}
		if tip = c.Parent(); tip == first.next {
			return true, nil
		}
		if tip == "" {
			break
		}
	}
	return false, nil
}

func (s *Store) follow(ctx context.Context, log *redoLog, v view, r *redo) error {
	if err := s.writer.write(ctx, r.objects); err != nil {
		return err
	}
	for _, u := range r.updates[1:] {
		tip, err := v.tip(u.ref)
		if err != nil {
			return err
		}
		if tip != u.prev {
			continue // it had moved too
		}
		u.reflog = s.lateReflog(r, u.next)
		if err := s.writer.swap(ctx, log.file, []update{u}); err != nil && !errors.Is(err, errChanged) {
			return err
		}
	}
	return s.keep(ctx, r.objects)
}

// lateReflog is the reflog's line for a commit whose transaction is completed by
// another: it names the one who made it.
func (s *Store) lateReflog(r *redo, id object.Hash) string {
	for _, o := range r.objects {
		if o.ID != id {
			continue
		}
		if c, err := s.repo.Algo.DecodeCommit(o.Content); err == nil {
			return reflogLine(person{name: c.Committer.Name, email: c.Committer.Email}, c.Committer.When)
		}
	}
	return reflogLine(person{}, s.Now())
}
