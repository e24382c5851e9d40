package refstore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore/internal/redo"
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
	u.again = u.past.made != 0 && u.past.made == u.store.won.Load()
	u.yields = time.Now()
	if end, ok := ctx.Deadline(); ok { // of its patience, or of a hook, which has less
		u.yields = u.yields.Add(time.Until(end) / 4)
	}
	if len(u.sent) > 0 { // along with another's push, of which it is not known whether it arrived
		if done, err := u.settle(ctx, u.told); done || err != nil {
			return err
		}
	} else {
		first := u.past.stale || !u.again && since(u.past.made) < hubYield(time.Duration(u.past.took)*time.Millisecond)
		if done, err := u.ready(ctx, first); done || err != nil {
			return err
		}
	}
	for try := 1; ; try++ {
		staged, err := u.stage(ctx)
		if errors.Is(err, errBehind) {
			if err := u.refresh(ctx); err != nil {
				return err
			}
			continue
		}
		if err != nil || len(staged.moves) == 0 { // refused, or nothing to do: by what is known here
			var away *HubError
			switch {
			case u.fresh, errors.Is(err, ErrBusy), ctx.Err() != nil:
			default:
				failed := u.refresh(ctx)
				if failed == nil {
					continue
				}
				if !errors.As(failed, &away) {
					return failed
				}
				u.store.noteTrouble(failed)
			}
			if err == nil {
				err = u.apply(ctx, staged)
			}
			return err
		}
		u.gather(ctx, staged)
		began := time.Now()
		calls, updates := u.told, staged.updates
		if staged.branch != nil {
			updates = append(slices.Clip(updates), *staged.branch)
		}
		err = u.push(calls, updates)
		var unanswered *HubError
		switch {
		case err == nil:
			now := time.Now()
			u.past.failed, u.past.made, u.past.took = 0, now.UnixMilli(), now.Sub(began).Milliseconds()
			u.past.won(u.past.made)
			u.store.won.Store(u.past.made)
			u.remember()
			return u.land(ctx, staged)
		case errors.As(err, &unanswered):
			_ = u.failed(err)
			if unanswered.Unsent {
				staged.group.end(endFailed)
				if len(u.sent) == 0 {
					return err
				}
			}
			u.sent = append(u.sent, staged)
		case errors.Is(err, ErrStale):
			staged.group.end(endFailed)
		default:
			staged.group.end(endFailed)
			if staged.carries { // what is refused may be another's
				u.alone = true
				continue
			}
			if len(goingTips(staged.updates)) > 0 { // or that a ref is deleted
				u.keeps = true
				continue
			}
			return err
		}
		if calls.Err() != nil && staged.branch != nil { // told to end: what has landed is still to be known
			var cancel context.CancelFunc
			calls, cancel = context.WithTimeout(context.WithoutCancel(calls), askTime)
			defer cancel()
		}
		stale := errors.Is(err, ErrStale)
		behind := stale && staged.branch != nil && mayBeStale(err, staged.branch.Ref)
		lost := stale && !behind && len(u.sent) == 0
		if lost && u.past.lose(time.Now().UnixMilli()) {
			u.ask(ctx, 3*(u.brought+time.Since(began)))
		}
		if lost {
			done, err := u.pause(ctx, hubPause(try, time.Since(began)))
			if errors.Is(err, errPatience) {
				err = fmt.Errorf("%w: other clones were first, %d times", ErrBusy, try)
			}
			if done || err != nil {
				return err
			}
		}
		done, err := u.settle(ctx, calls)
		if done || err != nil {
			return err
		}
		if stale {
			u.past.stale = true
			u.remember()
		}
		if behind {
			return ErrBranchMoved
		}
		if lost {
			if done, err := u.ready(ctx, false); done || err != nil {
				return err
			}
		}
		if ctx.Err() != nil {
			err := fmt.Errorf("%w: other clones were first, %d times", ErrBusy, try)
			if len(u.sent) > 0 { // it may be on its way still
				return &HubError{Err: err, InDoubt: true}
			}
			return err
		}
	}
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

// errPatience says that a command had to wait for others for too long.
var errPatience = errors.New("the time to wait has ended")

// pause gives the turn up for so long: meanwhile others of this clone deliver what they
// have published. It comes before a fetch, not after it, for what is fetched gets old. done
// says that another's push has carried the change meanwhile; errPatience, that ctx has ended.
func (u *sharedUpdate) pause(ctx context.Context, d time.Duration) (done bool, err error) {
	u.past.stale = true // others write, too: the next one fetches first
	u.remember()
	u.end()
	select {
	case <-time.After(d):
	case <-ctx.Done():
		return false, errPatience
	}
	done, err = u.arrive(ctx)
	var away *HubError
	if !done && err != nil && ctx.Err() != nil && !errors.As(err, &away) {
		err = errPatience
	}
	return done, err
}

// hubYield is for how long after a change whose push took so long the next one of the
// same clone, by another command, fetches first, as those have to who lost to it. They would never win against
// a clone that makes one change after the other without.
func hubYield(push time.Duration) time.Duration { return 3 * push }

// hubPause is how long who has lost that many races in a row, the last by a push that
// took so long, waits before it fetches and pushes again: those who lost to one all begin
// at once otherwise.
func hubPause(lost int, push time.Duration) time.Duration {
	return rand.N(push/2*time.Duration(min(lost, 4)) + 1)
}

// askTime bounds the question to the hub whether a landing has arrived, where the
// command was told to end.
const askTime = 10 * time.Second

// mayBeStale reports whether err, an ErrStale, may be about the ref.
func mayBeStale(err error, ref string) bool {
	var known *StaleError
	return !errors.As(err, &known) || slices.Contains(known.Refs, ref)
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

// has reports whether the commit is in the chain that ends at tip.
func (s *Store) has(ctx context.Context, ref string, tip, commit object.Hash) (bool, error) {
	if tip == "" || tip == commit {
		return tip == commit, nil
	}
	e, err := s.Entry(ctx, ref, commit)
	if err != nil {
		return false, err
	}
	return s.Walk(ctx, ref, tip, commit, func(above *Entry) bool { return above.Number > e.Number })
}

// mayFollow is errBehind unless tip, which is what the ref is here, has all that was
// fetched of it: on the hub the ref is never moved back.
func (s *Store) mayFollow(ctx context.Context, ref string, tip object.Hash) error {
	fetched, err := s.Tip(ctx, TrackingPrefix+hubName(ref))
	if err != nil || fetched == "" {
		return err
	}
	has, err := s.has(ctx, ref, tip, fetched)
	var damaged *DamagedError
	if err == nil && !has || errors.As(err, &damaged) {
		return errBehind
	}
	return err
}

// stage runs build on what is known here of the shared refs, and writes the objects
// that it makes, so that they can be pushed.
func (u *sharedUpdate) stage(ctx context.Context) (*stagedShared, error) {
	var staged *stagedShared
	err := u.store.retry(ctx, func(ctx context.Context) error {
		_, unlock, err := u.store.begin(ctx)
		if err != nil {
			return err
		}
		defer unlock()
		if staged, err = u.stageUpon(ctx, nil); err != nil {
			return err
		}
		return u.store.writer.Write(ctx, staged.objects)
	})
	return staged, err
}

// stageUpon runs build on what the shared refs will be once upon is on the hub. What it
// has staged includes that.
func (u *sharedUpdate) stageUpon(ctx context.Context, upon []HubUpdate) (*stagedShared, error) {
	tx, err := u.store.newTx(ctx, u.by, u.who)
	if err != nil {
		return nil, err
	}
	now, waiting := tx.view, map[string]object.Hash{}
	for _, p := range upon {
		if ref := localName(TrackingPrefix + p.Ref); classOf(ref) == sharedRef {
			waiting[ref] = p.New
		}
	}
	tx.view, tx.shared = pinnedView{now, waiting}, true
	if err := u.build(tx); err != nil {
		return nil, err
	}
	return u.collect(ctx, tx, now, upon)
}

// collect is what tx has staged for the hub, with all that is now here and not yet there,
// and with what it was staged upon.
func (u *sharedUpdate) collect(ctx context.Context, tx *Tx, now refs.View, upon []HubUpdate) (*stagedShared, error) {
	staged := &stagedShared{at: tx.at, objects: tx.objects, pinned: map[string]object.Hash{}, branch: tx.branch, chosen: tx.chosen}
	next := map[string]object.Hash{}   // by local name
	before := map[string]object.Hash{} // what they were
	here, err := now.List("refs/swarm/")
	if err != nil {
		return nil, err
	}
	for _, r := range here {
		if shared := u.store.sharedHere(r.Name); shared || r.Name == u.store.fromRef() {
			next[r.Name], before[r.Name] = r.Tip, r.Tip
			if shared {
				staged.pinned[r.Name] = r.Tip
			}
		}
	}
	tips := map[string]object.Hash{} // by the name on the hub
	for _, p := range upon {
		tips[p.Ref] = p.New
		if ref := localName(TrackingPrefix + p.Ref); classOf(ref) == sharedRef {
			next[ref], staged.pinned[ref] = p.New, p.New
		}
	}
	maps.Copy(tips, tx.carried)
	for _, c := range tx.order {
		if name, ok := tipsOf(c.ref); ok {
			tips[name] = c.tip
		}
		if class := classOf(c.ref); class == sharedRef || class == publishedRef {
			staged.publishes = staged.publishes || class == publishedRef
			next[c.ref] = c.tip
			staged.pinned[c.ref] = c.prev
			staged.moves = append(staged.moves, refs.Update{Ref: c.ref, Prev: c.prev, Next: c.tip, Reflog: refs.ReflogLine(u.who.name, u.who.email, tx.at)})
		}
	}
	for ref, tip := range next {
		tips[hubName(ref)] = tip
		if err := u.store.mayFollow(ctx, ref, before[ref]); err != nil {
			return nil, err
		}
	}
	connected := before[metaRef] != "" // a swarm that is being published is new to the hub
	for name, tip := range tips {
		old, err := now.Tip(TrackingPrefix + name)
		if err != nil {
			return nil, err
		}
		if was := before[localName(TrackingPrefix+name)]; was != "" && was != old && connected && name != hubName(u.store.fromRef()) {
			return nil, &HubRewoundError{name} // it is here, and the hub has less: who moved it back decides
		}
		if old != tip && (tip != "" || !u.keepsTips()) {
			staged.updates = append(staged.updates, HubUpdate{name, old, tip})
		}
	}
	slices.SortFunc(staged.updates, func(a, b HubUpdate) int { return strings.Compare(a.Ref, b.Ref) })
	return staged, nil
}

// apply makes here the change that the hub has made. What build stages of this
// clone's own refs is staged anew, for they may have moved since; of the shared ones
// it sees what it saw then, and what it staged then counts.
func (u *sharedUpdate) apply(ctx context.Context, staged *stagedShared) error {
	ctx = context.WithoutCancel(ctx)
	var refused error
	err := u.store.retry(ctx, func(ctx context.Context) error {
		log, unlock, err := u.store.begin(ctx)
		if err != nil {
			return err
		}
		defer unlock()
		tx, err := u.store.newTx(ctx, u.by, u.who)
		if err != nil {
			return err
		}
		now := tx.view
		tx.view, tx.at, tx.shared, tx.chosen = pinnedView{now, staged.pinned}, staged.at, true, staged.chosen
		r := &redo.Record{Objects: staged.objects}
		if refused = u.build(tx); refused == nil {
			r.Objects = append(r.Objects[:len(r.Objects):len(r.Objects)], tx.objects...)
		}
		if r.Updates, err = u.moved(ctx, now, staged); err != nil {
			return err
		}
		for _, c := range tx.order {
			if class := classOf(c.ref); refused == nil && class != sharedRef && class != publishedRef {
				r.Updates = append(r.Updates, c.update(tx))
			}
		}
		if len(r.Updates) == 0 {
			return nil
		}
		if err := u.store.apply(ctx, log, r); err != nil {
			return err
		}
		u.store.maintain(tx)
		return nil
	})
	if err != nil || refused != nil || len(staged.moves) == 0 {
		return errors.Join(err, refused)
	}
	return u.integrate(ctx) // what this clone itself has told its sessions
}

// moved are the moves of the shared refs here, and of the refs in which is kept what
// the hub has, so far as a fetch has not made them already.
func (u *sharedUpdate) moved(ctx context.Context, now refs.View, staged *stagedShared) (moves []refs.Update, err error) {
	for _, m := range staged.moves {
		tip, err := now.Tip(m.Ref)
		if err != nil {
			return nil, err
		}
		if tip == m.Prev {
			moves = append(moves, m)
		}
	}
	for _, p := range staged.updates {
		ref := TrackingPrefix + p.Ref
		tip, err := now.Tip(ref)
		if err != nil {
			return nil, err
		}
		if tip == p.Old && p.New != "" && len(staged.moves) > 0 {
			moves = append(moves, refs.Update{Ref: ref, Prev: tip, Next: p.New})
		}
	}
	return moves, nil
}
