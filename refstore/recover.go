package refstore

import (
	"context"
	"errors"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/internal/gc"
	"github.com/git-swarm/git-swarm/refstore/internal/redo"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// Pending reports whether a transaction is under way, or was left by a killed
// writer and waits for Recover. It costs one stat.
func (s *Store) Pending() bool { return redo.Pending(s.repo.CommonDir) }

// Recover completes or undoes what a killed writer left, if there is any, and
// does not wait for one that is alive. Readers call it when Pending says so.
func (s *Store) Recover(ctx context.Context) error {
	if !s.Pending() {
		return nil
	}
	if err := s.chooseWriter(); err != nil {
		return err
	}
	log, unlock, err := redo.TryLock(s.repo.CommonDir)
	if errors.Is(err, file.ErrLocked) {
		return nil // its owner is alive
	}
	if err != nil {
		return err
	}
	defer unlock()
	return s.recovery().Run(ctx, log)
}

// begin waits for our turn to write, and first recovers what a killed writer left.
func (s *Store) begin(ctx context.Context) (*redo.Log, func(), error) {
	log, unlock, err := redo.Lock(ctx, s.repo.CommonDir)
	if err != nil {
		return nil, nil, err
	}
	recovered := false
	defer func() {
		if !recovered {
			unlock()
		}
	}()
	s.opts.Failpoint("queued")
	if err := s.recovery().Run(ctx, log); err != nil {
		return nil, nil, err
	}
	if !s.hasHub() && s.Adopting() {
		return nil, nil, ErrAdopting
	}
	recovered = true
	return log, unlock, nil
}

func (s *Store) recovery() redo.Recovery {
	return redo.Recovery{Backend: s.writer, Algo: s.repo.Algo, Keep: s.keep, Now: s.Now}
}

// keep protects the objects of a transaction, whose refs have moved, from git gc.
func (s *Store) keep(ctx context.Context, objects []object.Object) error {
	return gc.Guard{Repo: s.repo, Backend: s.writer}.Keep(ctx, objects)
}
