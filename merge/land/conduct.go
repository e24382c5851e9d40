package land

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/lock/queue"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Queued is where a branch stands that was put in the queue.
type Queued struct {
	Entry  *queue.Entry
	Before int // how many entries for the same target are before it
}

// Put puts the checked out branch in the queue as Push does, and does not wait: the
// session is told by a message how it ends, and lets its branch follow by its next Push,
// Pull or Settle. If all of it has landed already, that is landed.
//
// A process that lands what waits, see [Lander.Conduct], is to be started.
func (l *Lander) Put(ctx context.Context, target repo.Target) (queued *Queued, landed *Landed, err error) {
	t, landed, release, err := l.arrive(ctx, target)
	defer release()
	if t == nil || err != nil {
		return nil, landed, err
	}
	waits := queue.Entry{Session: l.Session}
	leave, alone := waits.Attend(l.Bus)
	leave()
	_, err = t.enter(ctx, queue.Entry{Session: l.Session}, alone, func(*refstore.Tx, string) (bool, error) { return false, nil })
	if err == nil {
		err = queue.Leave(l.Bus, l.Session)
	}
	if err == nil && l.Verify != "" {
		err = t.foresee(ctx)
	}
	if err != nil {
		return nil, nil, l.noteRefusal(ctx, errors.Join(err, t.withdraw(context.WithoutCancel(ctx))))
	}
	all, err := queue.Entries(ctx, l.Bus)
	if err != nil {
		return nil, nil, err
	}
	return &Queued{t.entry, t.position(t.entry, all, nil).Before}, nil, nil
}

// Unattended are the targets for which something waits whose session has no process that
// waits for it, and for which nobody lands at this moment.
func (l *Lander) Unattended(ctx context.Context) (targets []repo.Target, err error) {
	all, err := queue.Entries(ctx, l.Bus)
	if err != nil {
		return nil, err
	}
	seen := map[repo.Target]bool{}
	for _, e := range all {
		target := repo.Target{Remote: e.Remote, Branch: e.Target}
		if e.Decided() || seen[target] || e.Attended(l.Bus) {
			continue
		}
		seen[target] = true
		candidate := l.conductor(target).Candidate(l.Session)
		holder, err := candidate.Holder(ctx)
		candidate.Close()
		if err != nil {
			return nil, err
		}
		if holder == nil || holder.Expires.Before(l.Bus.Store().Now()) {
			targets = append(targets, target)
		}
	}
	return targets, nil
}

// ConductorDir is the folder in which a process that only lands for the target works: a
// linked worktree of its own, with the target's tip, or commit, checked out without files. What a
// process of the session keeps in its git dir, FETCH_HEAD and locks, is so kept apart.
func ConductorDir(r *repo.Repo, target repo.Target) string {
	name := strings.NewReplacer("%", "%25", "/", "%2F").Replace(target.Remote + "/" + target.Branch)
	return filepath.Join(r.CommonDir, "swarm", "conductor", name)
}

// EnterConductorDir makes that worktree with a commit in it, for one process at a time:
// ok is false if another is there. leave removes it.
func EnterConductorDir(ctx context.Context, r *repo.Repo, target repo.Target, commit string) (leave func(), ok bool, err error) {
	dir := ConductorDir(r, target)
	if err := file.MkdirAll(filepath.Dir(dir)); err != nil {
		return nil, false, err
	}
	unlock, err := file.TryLockPath(dir + ".lock")
	if errors.Is(err, file.ErrLocked) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	s := &scratch{repo: r, dir: dir, admin: dir + ".git"}
	s.remove(ctx)
	if err := s.record(ctx, commit); err != nil {
		s.close(ctx)
		unlock()
		return nil, false, err
	}
	return func() { s.close(ctx); unlock() }, true, nil
}

// conductTries is how often what waits is tried where the remote cannot be reached, with
// a growing pause.
const conductTries = 6

// Conduct lands what waits for the target and has no process that waits for it, until
// there is nothing of that. Where others wait themselves, it leaves them their turns. An
// error that is about no entry is tried again for half a minute; then those that nobody
// waits for are refused for it. Where the session was retired meanwhile, the error is a
// *bus.UnknownSessionError that names it, and what waits is another session's to land.
func (l *Lander) Conduct(ctx context.Context, target repo.Target, wait lock.Wait) error {
	_, release, err := begin(ctx, l.Repo)
	defer release()
	if err != nil {
		return err
	}
	candidate := l.conductor(target).Candidate(l.Session, queue.Ref)
	defer candidate.Close()
	for failed := 0; ; {
		left, err := l.left(ctx, target)
		if err != nil || len(left) == 0 {
			return err
		}
		mine, err := l.takeOver(ctx, candidate)
		if err != nil {
			return err
		}
		if !mine {
			if err := candidate.Wait(ctx); err != nil {
				return err
			}
			continue
		}
		failed++
		err = l.conductOnce(ctx, target, candidate, wait, failed == conductTries)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err == nil:
			failed = 0
		case failed == conductTries, l.retired(err):
			return err
		default:
			select {
			case <-ctx.Done():
			case <-time.After(time.Second << (failed - 1)):
			}
		}
	}
}

// retired reports whether err says that the session in whose name this process lands is
// registered no more: nothing can be written in it then.
func (l *Lander) retired(err error) bool {
	var unknown *bus.UnknownSessionError
	return errors.As(err, &unknown) && unknown.ID == l.Session
}

// left are the entries for the target that are not decided and for which no process waits.
func (l *Lander) left(ctx context.Context, target repo.Target) (left []*queue.Entry, err error) {
	all, err := queue.Entries(ctx, l.Bus)
	for _, e := range all {
		if !e.Decided() && e.Remote == target.Remote && e.Target == target.Branch && !e.Attended(l.Bus) {
			left = append(left, e)
		}
	}
	return left, err
}

// takeOver becomes the conductor, if there is none or it is dead.
func (l *Lander) takeOver(ctx context.Context, candidate *lock.Candidate) (mine bool, err error) {
	holder, err := candidate.Holder(ctx)
	if err != nil || holder != nil {
		return false, err
	}
	err = l.Bus.Update(ctx, l.Session, func(tx *refstore.Tx, by string) error { return candidate.TakeIn(tx, by) })
	var held *lock.PushHeldError
	if errors.As(err, &held) {
		return false, nil
	}
	return err == nil, err
}

// conductOnce lands until nothing waits, while this process is the conductor. With
// giveUp, an error that is about no entry refuses those for which no process waits.
func (l *Lander) conductOnce(ctx context.Context, target repo.Target, candidate *lock.Candidate, wait lock.Wait, giveUp bool) error {
	lease, held := candidate.Hold(ctx)
	train := &train{Lander: l, target: target, lease: lease, left: map[entryKey]bool{}, pins: true, wait: wait, candidate: l.Lock.Candidate(l.Session)}
	defer train.candidate.Close()
	_, err := train.run(held)
	var unanswered *UnansweredError
	if err != nil && giveUp && held.Err() == nil && !errors.As(err, &unanswered) {
		left, failed := l.left(held, target)
		for _, e := range left {
			failed = errors.Join(failed, train.refuse(held, e, err))
		}
		err = errors.Join(err, failed)
	}
	after := context.WithoutCancel(ctx)
	if errors.Is(err, lock.ErrLost) {
		return errors.Join(lease.Release(after), train.leave(after))
	}
	return errors.Join(err, train.end(after))
}
