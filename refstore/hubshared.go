package refstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore/internal/refs"
	"github.com/git-swarm/git-swarm/refstore/object"
)

var (
	// errShared says that a transaction has to be made on the hub first.
	errShared = errors.New("the change is made on the hub first")

	// errBehind says that a ref here lacks what was fetched of it: whoever fetched was
	// killed before it was taken over, or could not take it over.
	errBehind = errors.New("what was fetched from the hub is not taken over yet")
)

// shared reports whether the transaction that build has staged, or refused, is one
// for the hub: it changes what all clones share, or has decided by it while what
// this clone knows of it may be old.
func (tx *Tx) mustShare(refused error) bool {
	s := tx.store
	if !s.hasHub() || tx.shared {
		return false
	}
	if tx.branch != nil || slices.ContainsFunc(tx.order, func(c *chain) bool { return classOf(c.ref) == sharedRef }) {
		return true
	}
	return tx.opened && !tx.offline && (refused != nil || s.opts.Later == nil || since(s.hubPast().fetched) > s.opts.HubInterval)
}

// Along has a branch of the hub, by its full name, move from old, "" for one that must
// not exist, to next in the push that makes the transaction: both or neither. The
// transaction has to change what all clones share. Update then returns ErrBranchMoved
// if the branch is not at old, and waits for the push as long as that takes.
//
// The move is not forced: next has to be a descendant of old.
func (tx *Tx) Along(branch string, old, next object.Hash) error {
	if !tx.store.hasHub() || !strings.HasPrefix(branch, "refs/heads/") {
		return fmt.Errorf("%s cannot move along with a transaction", branch)
	}
	tx.branch = &HubUpdate{branch, old, next}
	return nil
}

// stagedShared is what a transaction would change on the hub.
type stagedShared struct {
	at      time.Time
	updates []HubUpdate
	moves   []refs.Update          // of the shared refs here
	pinned  map[string]object.Hash // what all shared refs were when it was staged
	objects []object.Object
	branch  *HubUpdate // that moves along, if any
	chosen  map[string][]string

	publishes bool      // an entry of this clone's own ref is staged
	group     *hubGroup // whose changes go along, nil for none
	carries   bool      // moves and updates are those of all of them
}

// updateShared makes a change on the hub, and then here. It waits for the others of
// this clone, or goes along with their push, and tries again when another clone was
// first; ErrBusy after Options.HubPatience.
func (s *Store) updateShared(ctx context.Context, by string, build func(*Tx) error) error {
	who, err := s.identity(ctx)
	if err != nil {
		return err
	}
	if s.opts.Later != nil && since(s.hubPast().failed) <= downtime { // who must not wait does not try
		return &HubError{Err: errLately, Unsent: true}
	}
	patient, cancel := context.WithTimeoutCause(ctx, s.opts.HubPatience, ErrBusy)
	defer cancel()
	u := &sharedUpdate{hubTurn: &hubTurn{store: s}, by: by, who: who, build: build, told: ctx}
	asked := time.Now().UnixMilli()
	defer func() { u.end() }()
	if done, err := u.arrive(patient); done || err != nil {
		return err
	}
	u.fresh = u.past.fetched > asked // another command of this clone has, meanwhile
	return u.run(patient)
}

type sharedUpdate struct {
	*hubTurn
	by      string
	who     person
	build   func(*Tx) error
	brought time.Duration   // what the last fetch took, with what came of it
	fresh   bool            // what is built upon was fetched since this command asked
	sent    []*stagedShared // pushes without an answer
	alone   bool            // nobody goes along
	keeps   bool            // no ref is deleted: the server may refuse that

	again  bool      // a step more of one command, as a landing has several
	yields time.Time // until when it lets others go first, at most

	// told ends when the command is told to end. Patience says whether another try is
	// begun: a push that is cut short leaves it unknown whether it has arrived.
	told context.Context
}

func (u *sharedUpdate) run(ctx context.Context) error {
	if done, err := u.begin(ctx); done || err != nil {
		return err
	}
	for try := 1; ; try++ {
		staged, err := u.stage(ctx)
		if err != nil || len(staged.moves) == 0 {
			if again, err := u.needless(ctx, staged, err); !again {
				return err
			}
			continue
		}
		u.gather(ctx, staged)
		began := time.Now()
		if err = u.send(staged); err == nil {
			return u.land(ctx, staged)
		}
		again, err := u.answered(staged, err)
		if again {
			continue
		}
		if err != nil && !errors.Is(err, ErrStale) {
			return err
		}
		if done, err := u.after(ctx, staged, err, try, time.Since(began)); done || err != nil {
			return err
		}
	}
}

// begin comes before the first try: done says that the change was made already, along with
// another's push, or is made meanwhile.
func (u *sharedUpdate) begin(ctx context.Context) (done bool, err error) {
	u.again = u.past.made != 0 && u.past.made == u.store.won.Load()
	u.yields = time.Now()
	if end, ok := ctx.Deadline(); ok { // of its patience, or of a hook, which has less
		u.yields = u.yields.Add(time.Until(end) / 4)
	}
	if len(u.sent) > 0 { // along with another's push, of which it is not known whether it arrived
		return u.settle(ctx, u.told)
	}
	first := u.past.stale || !u.again && since(u.past.made) < hubYield(time.Duration(u.past.took)*time.Millisecond)
	return u.ready(ctx, first)
}

// needless is about a change that is refused, with err, or is none: by what is known here,
// which may be old. again says that it is to be built upon what was fetched just now.
func (u *sharedUpdate) needless(ctx context.Context, staged *stagedShared, err error) (again bool, _ error) {
	var away *HubError
	switch {
	case errors.Is(err, errBehind):
		err = u.refresh(ctx)
		return err == nil, err
	case u.fresh, errors.Is(err, ErrBusy), ctx.Err() != nil:
	default:
		failed := u.refresh(ctx)
		if failed == nil {
			return true, nil
		}
		if !errors.As(failed, &away) {
			return false, failed
		}
		u.store.noteTrouble(failed)
	}
	if err == nil {
		err = u.apply(ctx, staged)
	}
	return false, err
}

// send pushes what is staged, and remembers that it was taken.
func (u *sharedUpdate) send(staged *stagedShared) error {
	updates := staged.updates
	if staged.branch != nil {
		updates = append(slices.Clip(updates), *staged.branch)
	}
	began := time.Now()
	if err := u.push(u.told, updates); err != nil {
		return err
	}
	now := time.Now()
	u.past.failed, u.past.made, u.past.took = 0, now.UnixMilli(), now.Sub(began).Milliseconds()
	u.past.won(u.past.made)
	u.store.won.Store(u.past.made)
	u.remember()
	return nil
}

// answered takes up what a push has failed with: again says that it is made anew at once.
// No error says that no answer came, which is to be asked for.
func (u *sharedUpdate) answered(staged *stagedShared, err error) (again bool, _ error) {
	var unanswered *HubError
	if errors.As(err, &unanswered) {
		_ = u.failed(err)
		if unanswered.Unsent {
			staged.group.end(endFailed)
			if len(u.sent) == 0 {
				return false, err
			}
		}
		u.sent = append(u.sent, staged)
		return false, nil
	}
	staged.group.end(endFailed)
	switch {
	case errors.Is(err, ErrStale):
	case staged.carries: // what is refused may be another's
		u.alone = true
		return true, nil
	case len(goingTips(staged.updates)) > 0: // or that a ref is deleted
		u.keeps = true
		return true, nil
	}
	return false, err
}

// after asks the hub, after a try which took so long and was too late, as err says, or had
// no answer, what is so by now. done says that the change is made.
func (u *sharedUpdate) after(ctx context.Context, staged *stagedShared, err error, try int, took time.Duration) (done bool, _ error) {
	stale := err != nil
	behind := stale && staged.branch != nil && mayBeStale(err, staged.branch.Ref)
	lost := stale && !behind && len(u.sent) == 0
	if lost {
		if done, err := u.lose(ctx, err, try, took); done || err != nil {
			return done, err
		}
	}
	calls := u.told
	if calls.Err() != nil && staged.branch != nil { // told to end: what has landed is still to be known
		var cancel context.CancelFunc
		calls, cancel = context.WithTimeout(context.WithoutCancel(calls), askTime)
		defer cancel()
	}
	if done, err := u.settle(ctx, calls); done || err != nil {
		return done, err
	}
	if stale {
		u.past.stale = true
		u.remember()
	}
	if behind {
		return false, ErrBranchMoved
	}
	if lost {
		if done, err := u.ready(ctx, false); done || err != nil {
			return done, err
		}
	}
	if ctx.Err() == nil {
		return false, nil
	}
	err = lostRaces(err, try)
	if len(u.sent) > 0 { // it may be on its way still
		err = &HubError{Err: err, InDoubt: true}
	}
	return false, err
}

// land makes here what the hub has taken, of this command and of those that went along.
func (u *sharedUpdate) land(ctx context.Context, staged *stagedShared) error {
	err := u.apply(ctx, staged)
	if err == nil {
		staged.group.end(endLanded)
		u.endTips(context.WithoutCancel(ctx), staged)
	}
	return err
}

// settle fetches, and makes here what has arrived of the pushes without an answer.
func (u *sharedUpdate) settle(ctx, calls context.Context) (done bool, err error) {
	if err := u.refresh(calls); err != nil {
		if len(u.sent) > 0 {
			err = &HubError{Err: err, InDoubt: true}
		}
		return false, err
	}
	staged, err := u.arrived(context.WithoutCancel(ctx))
	if staged == nil || err != nil {
		return false, err
	}
	return true, u.land(ctx, staged)
}

// askTime bounds the question to the hub whether a landing has arrived, where the
// command was told to end.
const askTime = 10 * time.Second

// mayBeStale reports whether err, an ErrStale, may be about the ref.
func mayBeStale(err error, ref string) bool {
	var known *StaleError
	return !errors.As(err, &known) || len(known.Refs) == 0 || slices.Contains(known.Refs, ref)
}

func (u *sharedUpdate) refresh(ctx context.Context) error {
	began := time.Now()
	err := u.fetch(ctx)
	u.brought = time.Since(began)
	u.fresh = u.fresh || err == nil
	return err
}

// arrived is the push without an answer that the hub has made after all.
func (u *sharedUpdate) arrived(ctx context.Context) (*stagedShared, error) {
	for _, staged := range u.sent {
		move := staged.moves[0]
		tip, err := u.store.Tip(ctx, TrackingPrefix+hubName(move.Ref))
		if err != nil {
			return nil, err
		}
		has, err := u.store.has(ctx, move.Ref, tip, move.Next)
		if err != nil || has {
			return staged, err
		}
	}
	return nil, nil
}
