package land

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/merge"
	"github.com/git-swarm/git-swarm/merge/heal"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Lander lands a session's branch: it fetches, rebases, pushes under the
// push lock, moves the branch, and notifies those whose claimed files it changed.
//
// A Push or Pull that fails leaves branch, index and files as they were, and gives
// up its locks. If the process is killed, their holder is known to be gone,
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

	Detached bool // a detached HEAD may land, or be brought up to date

	OverClaims bool // let our own push through all the same

	Verify        string        // a shell command that what would land must pass, "" for none
	VerifyTimeout time.Duration // after which it is ended, and has failed; 0 for never

	VerifyJobs int // on how many prefixes of a stack it may run at once; 0 is 1

	// AtHub says that what is landed on is a branch of the swarm's hub: the push that
	// moves it takes the push lock, gives it up and says what has landed, all at once.
	AtHub bool

	// Rules, if not "", has this clone let others land what waits in it, and land what waits
	// in others that have the same: on the hub, where it would have to wait for them. It is
	// a hash of what keeps work from landing.
	Rules string

	AllowDeletions bool // let through what CheckDeletions refuses

	// Heal, if not nil, says how far conflicts with the target are healed, given its
	// tip as it was fetched.
	Heal func(ctx context.Context, tip string) (heal.Options, error)

	// Regenerate, if not nil, says by what commands files are made anew that a program
	// writes, where nothing else is in conflict. It is asked when that may be needed.
	Regenerate func() (*merge.Regenerator, error)

	// Gate, if not nil, is asked before something lands, and before a long wait, whether the change from base
	// ("" if the target does not exist yet) to tip, which is the session's, may land.
	Gate func(ctx context.Context, session, base, tip string) error

	// GateHolds, if not nil, is asked in the transaction before the push whether what Gate has
	// last said of these sessions is so there, too; lands says that it is the push, on the hub.
	// At a no Gate is asked again.
	GateHolds func(ctx context.Context, tx *refstore.Tx, sessions []string, lands bool) (bool, error)

	// Close, if not nil, returns what is to be staged in the transaction that writes
	// down that work has landed. It is called before that, outside of a transaction.
	Close func(ctx context.Context, closed []Closed) func(*refstore.Tx) error

	MaxWait time.Duration  // how long a Push waits at most, also while the queue moves; 0 for as long as that
	Where   func(Position) // if not nil, it is called while a Push waits, about once a second

	ancestors map[[2]string]bool          // of a pair, whether the first is an ancestor of the second
	changes   map[[2]string][]changedFile // between the two commits
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

	again bool // those whom it concerns may have been told
}

// landTries is how often a target that moved meanwhile is fetched again: others
// can push by plain git, without the lock.
const landTries = 20

// Push lands the checked out branch on target: it puts the branch's tip in the queue,
// and waits until it is decided. wait says for how long the queue may stand still
// meanwhile. Commits made since are rebased onto what has landed. A failure that the
// session has to resolve marks it blocked with the reason, and a success clears such a
// mark.
func (l *Lander) Push(ctx context.Context, target repo.Target, wait lock.Wait) (*Landed, error) {
	t, landed, release, err := l.arrive(ctx, target)
	defer release()
	if t == nil || err != nil {
		return landed, err
	}
	t.wait = wait
	landed, err = t.land(ctx)
	t.unpin(ctx, landed)
	return landed, l.noteRefusal(ctx, err)
}

// arrive is what comes before the queue: what a killed push has left is completed, and
// the user's hooks run. If all of the branch has landed by an earlier push, that is
// landed, and there is no turn. The function returned unlocks the worktree; it is never nil.
func (l *Lander) arrive(ctx context.Context, target repo.Target) (t *turn, landed *Landed, release func(), err error) {
	c, release, err := begin(ctx, l.Repo)
	if err == nil && c.branch == detached && !l.Detached {
		err = ErrDetached
	}
	if err == nil {
		landed, err = l.settle(ctx, target, c)
	}
	if err != nil {
		return nil, nil, release, err
	}
	if landed != nil {
		if c, err = checkedOut(ctx, l.Repo); err != nil || c.tip == landed.After {
			return nil, landed, release, err
		}
	}
	if err := l.runHooks(ctx, c, target); err != nil {
		if blocks(err) {
			err = errors.Join(err, l.markBlocked(context.WithoutCancel(ctx), err))
		}
		return nil, nil, release, err
	}
	return &turn{Lander: l, c: c, target: target}, nil, release, nil
}

// noteRefusal notes that the session has to resolve what err says, and tells whom it
// concerns.
func (l *Lander) noteRefusal(ctx context.Context, err error) error {
	if err == nil || !blocks(err) {
		return err
	}
	after := context.WithoutCancel(ctx)
	return errors.Join(err, l.markBlocked(after, err), l.notifyConflict(after, err))
}

// follow moves the branch to what has landed, also when ctx has ended.
func (l *Lander) follow(ctx context.Context, c checkout, next string) error {
	return move(context.WithoutCancel(ctx), l.Repo, c, next)
}

// onto is the tip as it would land on base, which is the target's tip before or commits
// upon it: itself if that is base with more on it, base if that has all of it, else the
// rebase of what has not landed. tried are rebases of it that may have landed. settingsOf
// is the work tree whose settings count for that, nil for ours.
func (l *Lander) onto(ctx context.Context, settingsOf *repo.Repo, tip string, tried []string, before, base string, target repo.Target) (string, []merge.Healed, error) {
	if ahead, err := l.ancestor(ctx, base, tip); err != nil || ahead {
		return tip, nil, err
	}
	if behind, err := l.ancestor(ctx, tip, base); err != nil || behind {
		return base, nil, err
	}
	old, _, err := l.lastLanded(ctx, tip, tried, before)
	if err != nil || old == tip {
		return base, nil, err
	}
	b := rebase{tip: tip, after: cmp.Or(old, before), onto: base, target: target, settingsOf: settingsOf, commit: l.commit}
	if err := l.healBy(ctx, &b, before); err != nil {
		return "", nil, err
	}
	if next := l.replay(ctx, &b); next != "" {
		return next, nil, nil
	}
	return b.run(ctx, l.Repo)
}

// healBy gives a rebase what it heals by, given the target's tip as it was fetched.
func (l *Lander) healBy(ctx context.Context, b *rebase, tip string) (err error) {
	if l.Heal != nil {
		if b.heal, err = l.Heal(ctx, tip); err != nil {
			return err
		}
	}
	if l.Regenerate != nil {
		b.regenerate, err = l.Regenerate()
	}
	return err
}

// gained is how many commits the target gains. A new branch gains none that the remote
// is known to have on another.
func (l *Lander) gained(ctx context.Context, landed *Landed) (int, error) {
	if landed.Before != "" {
		return l.countUpon(ctx, landed.Before, landed.After)
	}
	if landed.Target.Remote == "" {
		return l.count(ctx, landed.After)
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
