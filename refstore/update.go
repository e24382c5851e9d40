package refstore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/git-swarm/git-swarm/refstore/internal/gc"
	"github.com/git-swarm/git-swarm/refstore/internal/redo"
	"github.com/git-swarm/git-swarm/refstore/internal/refs"
	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Update runs build in a transaction as session by and applies what it staged to
// all the refs, or to none. It waits for other writers and tries again when a
// ref has moved; ErrBusy after Options.Timeout. An error of build is returned
// as it is, and nothing is written.
func (s *Store) Update(ctx context.Context, by string, build func(*Tx) error) error {
	who, err := s.identity(ctx)
	if err != nil {
		return err
	}
	published := false
	err = s.retry(ctx, func(ctx context.Context) (err error) {
		published, err = s.attempt(ctx, by, who, build)
		return err
	})
	if errors.Is(err, errShared) {
		return s.updateShared(ctx, by, build)
	}
	if err == nil && published {
		s.deliver(ctx)
	}
	return err
}

// retry runs attempt until nothing stands in its way any more; ErrBusy after
// Options.Timeout.
func (s *Store) retry(ctx context.Context, attempt func(context.Context) error) error {
	if err := s.chooseWriter(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.opts.Timeout, ErrBusy)
	defer cancel()
	var locked *LockedError // what stood in the way last
	for try := 0; ; try++ {
		err := attempt(ctx)
		if again := errors.As(err, &locked) || errors.Is(err, refs.ErrChanged); !again && !cancelled(ctx, err) {
			return err
		}
		pause := time.Duration(1<<min(try, 6)) * time.Millisecond
		select {
		case <-time.After(pause/2 + rand.N(pause)):
		case <-ctx.Done():
		}
		switch {
		case ctx.Err() == nil:
		case errors.Is(ctx.Err(), context.Canceled):
			return ctx.Err()
		case locked != nil:
			return locked
		default:
			return fmt.Errorf("%w: %w", ErrBusy, err)
		}
	}
}

// cancelled reports whether an attempt failed because ctx ended, at whatever
// point. Once the refs move, ctx no longer counts.
func cancelled(ctx context.Context, err error) bool {
	if ctx.Err() == nil || err == nil || errors.Is(err, ErrUnfinished) {
		return false
	}
	var git *repo.GitError
	return errors.Is(err, ErrBusy) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) ||
		(errors.As(err, &git) && git.ExitCode < 0)
}

func (s *Store) identity(ctx context.Context) (person, error) {
	name, email, err := s.repo.Committer(ctx)
	if err != nil {
		return person{}, err
	}
	authorEmail, err := s.repo.AuthorEmail(ctx)
	return person{committerName(name, s.opts.Via()), email, authorEmail}, err
}

func (s *Store) attempt(ctx context.Context, by string, who person, build func(*Tx) error) (published bool, err error) {
	err = s.transact(ctx, by, who, func(tx *Tx) error {
		err := build(tx)
		if tx.mustShare(err) {
			return errShared
		}
		published = tx.published
		return err
	})
	return published, err
}

// transact applies once what stage stages.
func (s *Store) transact(ctx context.Context, by string, who person, stage func(*Tx) error) error {
	log, unlock, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	tx, err := s.newTx(ctx, by, who)
	if err != nil {
		return err
	}
	if err := stage(tx); err != nil || len(tx.order) == 0 {
		return err
	}
	return tx.finish(ctx, log)
}

// asNobody applies what stage stages and no session has said, and tries again as Update does.
func (s *Store) asNobody(ctx context.Context, stage func(*Tx) error) error {
	who, err := s.identity(ctx)
	if err != nil {
		return err
	}
	return s.retry(ctx, func(ctx context.Context) error { return s.transact(ctx, "", who, stage) })
}

// newTx begins a transaction on the refs as they are. Its caller is the only writer.
func (s *Store) newTx(ctx context.Context, by string, who person) (*Tx, error) {
	v, err := s.writer.View(ctx)
	if err == nil {
		err = s.followName(ctx, v)
	}
	return &Tx{ctx: ctx, store: s, backend: s.writer, view: v, by: by, who: who, at: s.Now(), chains: map[string]*chain{}, chosen: map[string][]string{}}, err
}

// finish applies what the transaction has staged.
func (tx *Tx) finish(ctx context.Context, log *redo.Log) error {
	tx.objects = distinct(tx.objects)
	r := &redo.Record{Objects: tx.objects}
	for _, c := range tx.order {
		r.Updates = append(r.Updates, c.update(tx))
	}
	if err := tx.store.apply(ctx, log, r); err != nil {
		return err
	}
	tx.store.maintain(tx)
	return nil
}

// distinct are the objects, each once: the first message to all is one commit in each
// inbox that was empty.
func distinct(objects []object.Object) []object.Object {
	seen := make(map[object.Hash]bool, len(objects))
	return slices.DeleteFunc(objects, func(o object.Object) bool {
		again := seen[o.ID]
		seen[o.ID] = true
		return again
	})
}

// update is the move of the ref that the transaction has staged.
func (c *chain) update(tx *Tx) refs.Update {
	return refs.Update{Ref: c.ref, Prev: c.prev, Next: c.tip, Reflog: refs.ReflogLine(tx.who.name, tx.who.email, tx.at)}
}

// apply is the calling sequence of a transaction: log, write, swap, keep, clear.
// An error before the swap took effect leaves nothing behind.
func (s *Store) apply(ctx context.Context, log *redo.Log, r *redo.Record) error {
	if err := log.Save(r); err != nil {
		return err
	}
	s.opts.Failpoint("logged")
	err := s.writer.Write(ctx, r.Objects)
	if err == nil {
		s.opts.Failpoint("written")
		ctx = context.WithoutCancel(ctx) // from here on it is brought to an end
		err = s.writer.Swap(ctx, log.File(), r.Updates)
	}
	if errors.Is(err, ErrUnfinished) {
		return err // the log stays
	}
	if err != nil {
		return errors.Join(err, log.Clear())
	}
	if err := s.keep(ctx, r.Objects); err != nil {
		return fmt.Errorf("%w: %w", ErrUnfinished, err)
	}
	s.opts.Failpoint("kept")
	if err := log.Clear(); err != nil {
		return fmt.Errorf("%w: %w", ErrUnfinished, err)
	}
	return nil
}

// maintain runs after a transaction: it deletes the replaced commits of cursors,
// and now and then starts git maintenance.
func (s *Store) maintain(tx *Tx) {
	w, ok := s.writer.(*refs.Files)
	if !ok {
		return // git's commands have seen to it
	}
	m := gc.Maintenance{Repo: s.repo, Objects: w.Objects}
	if len(tx.retired) > 0 {
		m.Retire(tx.retired, tx.at)
	}
	if slices.ContainsFunc(tx.order, func(c *chain) bool { return c.last != nil && gc.Due(c.was, c.last.Number) }) {
		m.TidyUp()
	}
}
