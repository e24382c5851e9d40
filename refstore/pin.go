package refstore

import (
	"context"
	"fmt"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/internal/gc"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// Pin is [Tx.Pin] for new commits: all that commit has and base has not is there when
// it returns nil, and stays, also beside a git gc --prune=now that had looked at the
// refs before. If such a gc was faster it is an error of git's.
func (s *Store) Pin(ctx context.Context, by, ref string, commit, base object.Hash) error {
	err := s.Update(ctx, by, func(tx *Tx) error { return tx.Pin(ref, commit) })
	if err != nil {
		return err
	}
	return gc.Guard{Repo: s.repo, Backend: s.writer}.KeepRange(ctx, commit, base)
}

// Unpin deletes those of the pins that are there. It costs no more than a look where
// none is.
func (s *Store) Unpin(ctx context.Context, pins ...string) error {
	there, err := s.existing(ctx, pins)
	if err != nil || len(there) == 0 {
		return err
	}
	if err := s.chooseWriter(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.opts.Timeout, ErrBusy)
	defer cancel()
	_, release, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer release()
	if there, err = s.existing(ctx, pins); err != nil {
		return err
	}
	_, err = s.deleteRefs(ctx, there)
	return err
}

// existing are the pins among names that are there.
func (s *Store) existing(ctx context.Context, names []string) (there []Ref, err error) {
	tips, err := s.Tips(ctx, names...)
	if err != nil {
		return nil, err
	}
	for i, name := range names {
		if !strings.HasPrefix(name, PinPrefix) {
			return nil, fmt.Errorf("'%s' is no pin", name)
		}
		if tips[i] != "" {
			there = append(there, Ref{Name: name, Tip: tips[i]})
		}
	}
	return there, nil
}
