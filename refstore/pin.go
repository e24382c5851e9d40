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
// refs before. If such a gc was faster it is an error of git's, and there is no pin: a
// ref to what is gone would make git fetch fail.
func (s *Store) Pin(ctx context.Context, by, ref string, commit, base object.Hash) error {
	err := s.Update(ctx, by, func(tx *Tx) error { return tx.Pin(ref, commit) })
	if err != nil {
		return err
	}
	if err = (gc.Guard{Repo: s.repo, Backend: s.writer}).KeepRange(ctx, commit, base); err != nil {
		_ = s.Unpin(context.WithoutCancel(ctx), ref, commit)
	}
	return err
}

// Unpin deletes the pin, if it is there and points at commit; "" is any. It costs no
// more than a look where it is not.
func (s *Store) Unpin(ctx context.Context, pin string, commit object.Hash) error {
	if !strings.HasPrefix(pin, PinPrefix) {
		return fmt.Errorf("'%s' is no pin", pin)
	}
	tip, err := s.Tip(ctx, pin)
	if err != nil || tip == "" || commit != "" && commit != tip {
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
	now, err := s.Tip(ctx, pin)
	if err != nil || now != tip {
		return err
	}
	_, err = s.deleteRefs(ctx, []Ref{{Name: pin, Tip: tip}})
	return err
}
