package land

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/merge"
	"github.com/git-swarm/git-swarm/merge/heal"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Lander lands a session's branch: it takes the push lock, fetches, rebases,
// pushes, moves the branch, and notifies those whose claimed files it changed.
//
// A Push or Pull that fails leaves branch, index and files as they were, and gives
// up the lock. If the process is killed, the lock's holder is known to be gone,
// the rebase was made apart from the user's files, and a branch that was being
// moved is moved to the end by the next Push or Pull in the worktree.
type Lander struct {
	Repo     *repo.Repo
	Bus      *bus.Bus
	Lock     *lock.PushLock
	Claims   *lock.Claims
	Session  string
	Progress io.Writer // receives what git, hooks and remotes print; nil for none

	Door ClaimRule // whether others' claims keep a push out

	Verify string // a shell command that what would land must pass, "" for none

	AllowDeletions bool // let through what CheckDeletions refuses

	// Heal, if not nil, says how far conflicts with the target are healed, given its
	// tip as it was fetched.
	Heal func(ctx context.Context, tip string) (heal.Options, error)

	// Gate, if not nil, is asked under the push lock whether the change from base
	// ("" if the target does not exist yet) to tip may land.
	Gate func(ctx context.Context, base, tip string) error
}

// GateError says that the gate refused what would have landed.
type GateError struct{ Err error }

func (e *GateError) Error() string { return e.Err.Error() }

// Unwrap returns the gate's own error.
func (e *GateError) Unwrap() error { return e.Err }

// Landed is what a Push or Pull did.
type Landed struct {
	Target   repo.Target
	Before   string         // the target's tip that was found, "" if there was no such branch
	After    string         // the tip that stands there now
	Tip      string         // the branch's tip as it was
	Commits  int            // how many commits the target, or with Pull the branch, gained
	Rebased  bool           // the branch was rebased
	Notified []string       // the sessions that were told of changes to what they claim
	Healed   []merge.Healed // the files in which conflicts were healed
	// Stayed says why the branch could not follow to what was landed; nil if it did.
	Stayed error
	// Unanswered is why the remote's answer to the push did not arrive; nil if it did.
	// The remote was asked then, and has what was pushed.
	Unanswered error
	// Late is what could not be written after the landing; nil if all was. Messages
	// that concern it are kept, and the next command that writes sends them.
	Late error
}

// NoRemoteError says that the target is a branch of this repository: work lands on
// a branch of a remote.
type NoRemoteError struct{ Branch string }

func (e *NoRemoteError) Error() string {
	return fmt.Sprintf("no remote to land on: the target is the local branch '%s'", e.Branch)
}

// landTries is how often a target that moved meanwhile is fetched again: others
// can push by plain git, without the lock.
const landTries = 5

// Push lands the checked out branch on target, and waits for the lock as wait says.
// Without a wait it lands what was checked out when it was called, after one what
// is checked out then. A failure that the session has to resolve marks it blocked
// with the reason, and a success clears such a mark.
func (l *Lander) Push(ctx context.Context, target repo.Target, wait lock.Wait) (*Landed, error) {
	if target.Remote == "" {
		return nil, &NoRemoteError{target.Branch}
	}
	c, release, err := begin(ctx, l.Repo)
	defer release()
	if err != nil {
		return nil, err
	}
	if err := l.runHooks(ctx, c, target); err != nil {
		if blocks(err) {
			err = errors.Join(err, l.markBlocked(context.WithoutCancel(ctx), err))
		}
		return nil, err
	}
	waited, waiting := false, wait.Waiting
	wait.Waiting = func(holder string, since time.Duration) {
		waited = true
		if waiting != nil {
			waiting(holder, since)
		}
	}
	lease, held, err := l.Lock.Acquire(ctx, l.Session, wait)
	if err != nil {
		return nil, err
	}
	after := context.WithoutCancel(ctx)
	if waited { // the user may have committed meanwhile
		was := c
		c, err = checkedOut(ctx, l.Repo)
		if err == nil && c != was {
			err = l.runHooks(ctx, c, target)
		}
		if err != nil {
			return nil, errors.Join(err, lease.Release(after))
		}
	}
	landed, err := l.land(held, lease, c, target)
	var unanswered *UnansweredError
	if err != nil && held.Err() != nil && !errors.As(err, &unanswered) { // whatever it broke off
		err = context.Cause(held)
	}
	if err == nil {
		l.finish(after, lease, landed)
		return landed, nil
	}
	if blocks(err) {
		err = errors.Join(err, l.markBlocked(after, err), l.notifyConflict(after, err))
	}
	return landed, errors.Join(err, lease.Release(after))
}

// finish does what follows a landing. What fails of it does not undo that, and is
// landed.Late.
func (l *Lander) finish(ctx context.Context, lease *lock.Lease, landed *Landed) {
	told := l.tell(ctx, landed)
	if told == nil || isKept(told) {
		told = errors.Join(told, settlePending(l.Repo, landed))
	}
	landed.Late = errors.Join(told, l.unmarkBlocked(ctx), lease.Release(ctx))
}

// land lands c, again and again while others move the target.
func (l *Lander) land(ctx context.Context, lease *lock.Lease, c checkout, target repo.Target) (*Landed, error) {
	for try := range landTries {
		landed, err := l.once(ctx, lease, c, target)
		var locked *lockedError
		switch {
		case !errors.Is(err, errMoved):
			return landed, err
		case !errors.As(err, &locked):
		case try == landTries-1:
			return nil, &RemoteLockedError{target, locked.path}
		default: // the push that holds it needs a moment
			select {
			case <-ctx.Done():
			case <-time.After(time.Duration(try+1) * 100 * time.Millisecond):
			}
		}
	}
	return nil, &RejectedError{fmt.Sprintf("%s moved each time it was fetched", target)}
}

func (l *Lander) once(ctx context.Context, lease *lock.Lease, c checkout, target repo.Target) (*Landed, error) {
	before, err := l.fetch(ctx, target)
	if err != nil {
		return nil, err
	}
	if err := l.tellPending(ctx, target, before); err != nil {
		return nil, err
	}
	landed := &Landed{Target: target, Before: before, After: c.tip, Tip: c.tip}
	if before != "" {
		if landed.After, landed.Healed, err = l.onto(ctx, c, before, target); err != nil {
			return nil, err
		}
		landed.Rebased = landed.After != c.tip && landed.After != before
	}
	if landed.After != before {
		if err := l.put(ctx, lease, c, landed); err != nil {
			return nil, err
		}
	}
	if landed.After != c.tip {
		landed.Stayed = l.follow(ctx, c, landed.After)
	}
	return landed, nil
}

// follow moves the branch to what has landed, also when ctx has ended.
func (l *Lander) follow(ctx context.Context, c checkout, next string) error {
	return move(context.WithoutCancel(ctx), l.Repo, c, next)
}

// put moves the target, after it has checked that the branch can follow, that the
// gate and the verify command agree, and that the lock is still held.
func (l *Lander) put(ctx context.Context, lease *lock.Lease, c checkout, landed *Landed) error {
	if landed.Rebased {
		if err := mayMove(ctx, l.Repo, c.tip, landed.After); err != nil {
			return err
		}
	}
	var err error
	if landed.Commits, err = l.gained(ctx, landed); err != nil {
		return err
	}
	if landed.Before != "" && !l.AllowDeletions {
		if err := CheckDeletions(ctx, l.Repo, landed.Before, landed.After); err != nil {
			return err
		}
	}
	if err := l.atDoor(ctx, l.Session, landed.Before, landed.After, landed.Tip); err != nil {
		return err
	}
	if l.Gate != nil {
		if err := l.Gate(ctx, landed.Before, landed.After); err != nil {
			return &GateError{err}
		}
	}
	if err := l.verify(ctx, landed); err != nil {
		return err
	}
	if err := lease.Renew(ctx); err != nil { // the last moment to learn that it was lost
		return err
	}
	if err := notePending(ctx, l.Repo, c, landed); err != nil {
		return err
	}
	landed.Unanswered, err = l.push(ctx, landed.After, landed.Target)
	return err
}

// onto is the tip of the branch as it would land on before: itself if nothing is new
// there, before if all of it has landed already, else the rebase of what has not.
func (l *Lander) onto(ctx context.Context, c checkout, before string, target repo.Target) (string, []merge.Healed, error) {
	if ahead, err := ancestor(ctx, l.Repo, before, c.tip); err != nil || ahead {
		return c.tip, nil, err
	}
	if behind, err := ancestor(ctx, l.Repo, c.tip, before); err != nil || behind {
		return before, nil, err
	}
	after := before
	last, err := pendingAt(ctx, l.Repo, c, before)
	if err != nil || last != nil && last.old == c.tip {
		return before, nil, err
	}
	if last != nil {
		after = last.old
	}
	b := rebase{tip: c.tip, after: after, onto: before, target: target}
	if l.Heal != nil {
		if b.heal, err = l.Heal(ctx, before); err != nil {
			return "", nil, err
		}
	}
	return b.run(ctx, l.Repo)
}

// gained is how many commits the target gains. A new branch gains none that the remote
// is known to have on another.
func (l *Lander) gained(ctx context.Context, landed *Landed) (int, error) {
	if landed.Before != "" {
		return l.count(ctx, landed.After, "^"+landed.Before)
	}
	return l.count(ctx, landed.After, "--not", "--remotes="+landed.Target.Remote)
}

// count is the number of commits that git rev-list lists.
func (l *Lander) count(ctx context.Context, args ...string) (int, error) {
	out, err := repo.Line(l.Repo.GitParsed(ctx, append([]string{"rev-list", "--count"}, args...)...))
	if err != nil {
		return 0, err
	}
	n := 0
	_, err = fmt.Sscan(out, &n)
	return n, err
}
