package refstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore/internal/refs"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// integrate takes what the hub had when it was last fetched into this clone's refs,
// in one transaction: the shared refs follow, and what other clones have published
// since goes into the context, the inboxes and the cursors here. A ref that is not
// as git swarm writes it stays what it was, and is what the error is about.
func (t *hubTurn) integrate(ctx context.Context) error {
	s := t.store
	in, err := s.incoming(ctx)
	if err != nil || len(in.follow)+len(in.applied) == 0 {
		return errors.Join(err, in.fault)
	}
	t.notice(in)
	who, err := s.identity(ctx)
	if err != nil {
		return err
	}
	err = s.retry(ctx, func(ctx context.Context) error {
		err := s.transact(ctx, "", who, in.stage)
		if errors.Is(err, refs.ErrChanged) { // what a killed command has left was completed meanwhile
			now, failed := s.incoming(ctx)
			if failed != nil {
				return failed
			}
			in = now
		}
		return err
	})
	return errors.Join(err, in.fault)
}

// notice notes which clones have asked to yield, and which have made changes.
func (t *hubTurn) notice(in *incoming) {
	delete(in.changed, t.store.clone())
	if len(in.yields)+len(in.changed) == 0 {
		return
	}
	now := time.Now().UnixMilli()
	for clone, needs := range in.yields {
		t.past.hear(clone, needs, now)
	}
	for clone := range in.changed {
		t.past.goes(clone, now)
	}
	t.remember()
}

// stage stages that the refs here follow.
func (in *incoming) stage(tx *Tx) error {
	for _, u := range append(in.follow[:len(in.follow):len(in.follow)], in.applied...) {
		if tip, err := tx.view.Tip(u.Ref); err != nil || tip != u.Prev {
			return cmp.Or(err, refs.ErrChanged)
		}
		tx.order = append(tx.order, &chain{ref: u.Ref, prev: u.Prev, tip: u.Next})
	}
	for _, e := range in.entries {
		if err := tx.take(e); err != nil && !errors.Is(err, errSkip) {
			return err
		}
	}
	for id, heard := range in.heard {
		if err := tx.heard(id, heard); err != nil {
			return err
		}
	}
	return in.started(tx)
}

// started has the sessions of other clones that have done something, and of which nothing
// was heard yet, be heard of now.
func (in *incoming) started(tx *Tx) error {
	var sessions *Table
	for _, id := range slices.Sorted(maps.Keys(in.acted)) {
		c, err := tx.chain("refs/swarm/seen/" + id)
		if err == nil && (c.bad != nil || c.last != nil) {
			continue
		}
		if err == nil && sessions == nil {
			sessions, err = in.sessions(tx)
		}
		if err == nil {
			_, err = sessions.Get(id)
		}
		if errors.Is(err, ErrNotExist) { // it is retired
			continue
		}
		if err == nil {
			err = tx.heard(id, tx.at)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// sessions is the table of sessions as the transaction leaves it.
func (in *incoming) sessions(tx *Tx) (*Table, error) {
	const ref = "refs/swarm/sessions"
	for _, u := range in.follow {
		if u.Ref == ref {
			return tx.store.TableAt(tx.ctx, ref, u.Next)
		}
	}
	return tx.ReadTable(ref)
}

// incoming is what is new of what the hub had.
type incoming struct {
	follow  []refs.Update // shared refs
	applied []refs.Update // how far the clones' own refs are applied
	entries []*incomingEntry
	heard   map[string]time.Time // sessions of other clones
	acted   map[string]bool      // those that have changed something
	fault   error                // what is left out because of it

	changed map[string]bool  // clones that have made shared changes
	yields  map[string]int64 // for how many milliseconds clones ask the others to yield
}

type incomingEntry struct {
	entry  *Entry
	data   *object.CommitData
	origin string
}

// incoming compares the refs of the hub with those here. They move only while this
// process has the turn.
func (s *Store) incoming(ctx context.Context) (*incoming, error) {
	in := &incoming{heard: map[string]time.Time{}, acted: map[string]bool{}, changed: map[string]bool{}, yields: map[string]int64{}}
	theirs, err := s.Refs(ctx, TrackingPrefix)
	if err != nil {
		return in, err
	}
	there := map[string]bool{}
	var queues [][]*incomingEntry
	for _, r := range theirs {
		ref := localName(r.Name)
		there[ref] = true
		var fault error
		switch {
		case ref == s.fromRef():
			fault = s.checkOwn(ctx, in, r.Tip)
		case s.sharedHere(ref):
			fault = s.follow(ctx, in, ref, r.Tip)
		}
		if clone, told := cloneOf(ref); clone != "" && (told || ref != s.fromRef()) && fault == nil {
			var queue []*incomingEntry
			if queue, fault = s.unapplied(ctx, in, ref, r.Tip, clone, told); fault == nil {
				queues = append(queues, queue)
			}
		}
		var damaged *DamagedError
		var sound refs.NoDamage
		var rewound *HubRewoundError
		var copied *copiedError
		switch {
		case fault == nil:
		case errors.As(fault, &damaged) && !errors.As(fault, &sound):
			in.fault = errors.Join(in.fault, &HubDamagedError{hubName(ref), damaged})
		case errors.As(fault, &damaged), errors.As(fault, &rewound), errors.As(fault, &copied):
			in.fault = errors.Join(in.fault, fault)
		default:
			return in, fault
		}
	}
	here, err := s.Refs(ctx, "refs/swarm/")
	for _, r := range here {
		if s.sharedHere(r.Name) && !there[r.Name] {
			in.fault = errors.Join(in.fault, &HubRewoundError{hubName(r.Name)})
		}
	}
	in.merge(queues, s.Now())
	return in, err
}

// HubOwner is the clone that alone writes that ref of the hub, "" if all do.
func HubOwner(ref string) string {
	clone, _ := cloneOf(localName(TrackingPrefix + ref))
	return clone
}

// cloneOf is the clone whose own ref that is, "" for another ref.
func cloneOf(ref string) (clone string, told bool) {
	if clone, ok := strings.CutPrefix(ref, fromPrefix); ok {
		return clone, false
	}
	clone, _ = strings.CutPrefix(ref, toldPrefix)
	if clone == ref {
		clone = ""
	}
	return clone, true
}

// follow has a shared ref follow the hub's, if that is a sound chain on top of it.
func (s *Store) follow(ctx context.Context, in *incoming, ref string, tip object.Hash) error {
	mine, err := s.Tip(ctx, ref)
	if err != nil || mine == tip {
		return err
	}
	sound := func(*DamagedError) bool { return false }
	found, err := s.walk(ctx, ref, tip, mine, sound, func(e *Entry) bool {
		in.changed[e.Clone] = true
		in.acts(e, e.Clone, s.clone())
		return true
	})
	switch {
	case err != nil:
		return err
	case mine != "" && !found:
		return &HubRewoundError{hubName(ref)}
	}
	in.follow = append(in.follow, refs.Update{Ref: ref, Prev: mine, Next: tip})
	return nil
}

// acts notes whose entry, written in that clone, it is.
func (in *incoming) acts(e *Entry, clone, own string) {
	if clone != own && IsSessionID(e.Author) && !e.Repair() && e.Label != labelBeat && e.Label != labelJoin {
		in.acted[e.Author] = true
	}
}

// checkOwn compares the ref that only this clone writes with what the hub has of it.
func (s *Store) checkOwn(ctx context.Context, in *incoming, tip object.Hash) error {
	mine, err := s.Tip(ctx, s.fromRef())
	switch {
	case err != nil || mine == tip:
		return err
	case mine == "": // the command that made it was killed
		in.follow = append(in.follow, refs.Update{Ref: s.fromRef(), Next: tip})
		return nil
	}
	behind, err := s.has(ctx, s.fromRef(), mine, tip)
	if err == nil && !behind {
		err = &copiedError{s.clone()}
	}
	return err
}

// unapplied are the entries of a clone that are not applied here, oldest first.
func (s *Store) unapplied(ctx context.Context, in *incoming, ref string, tip object.Hash, clone string, told bool) (queue []*incomingEntry, err error) {
	mark := appliedPrefix + hubName(ref)
	at, err := s.Tip(ctx, mark)
	if err != nil || at == tip {
		return nil, err
	}
	found, err := s.walk(ctx, ref, tip, at, func(*DamagedError) bool { return false }, func(e *Entry) bool {
		queue = append(queue, &incomingEntry{entry: e, origin: originOf(clone, told, e.Number)})
		in.acts(e, clone, s.clone())
		return true
	})
	if err == nil && at != "" && !found {
		err = &HubRewoundError{hubName(ref)}
	}
	if err != nil {
		return nil, err
	}
	for _, e := range queue {
		if e.data, _, err = s.commit(ctx, ref, e.entry.ID); err != nil {
			return nil, err
		}
	}
	slices.Reverse(queue)
	in.applied = append(in.applied, refs.Update{Ref: mark, Prev: at, Next: tip})
	return queue, nil
}

// merge puts what several clones have published into one order: by time, but never
// against the order in which a clone did.
func (in *incoming) merge(queues [][]*incomingEntry, now time.Time) {
	for {
		next := -1
		for i, q := range queues {
			if len(q) > 0 && (next < 0 || q[0].entry.At.Before(queues[next][0].entry.At)) {
				next = i
			}
		}
		if next < 0 {
			return
		}
		e := queues[next][0]
		queues[next] = queues[next][1:]
		switch e.entry.Label {
		case labelBeat:
			in.beat(e, now)
		case labelJoin:
		default:
			in.entries = append(in.entries, e)
		}
	}
}

// beat reads the lines "<id> <seconds>" of a beat: how long ago a clone has heard of
// its sessions, by its own clock. This clone counts from when it reads that. A line may
// also ask to yield.
func (in *incoming) beat(e *incomingEntry, now time.Time) {
	for line := range strings.Lines(e.entry.Body) {
		if needs, ok := yielding(line); ok {
			clone, _, _ := strings.Cut(e.origin, ".")
			in.yields[clone] = needs
			continue
		}
		id, age, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if seconds, err := ParseNumber(age); err == nil && IsSessionID(id) && seconds < 1<<31 {
			in.heard[id] = now.Add(-time.Duration(seconds) * time.Second)
		}
	}
}

// errSkip says that an entry of another clone is left out, for it is none that git
// swarm writes; [Store.SetAside] tells.
var errSkip = errors.New("left out")

// take puts an entry of another clone into the journal here that it belongs in: what
// it says, who said it and when are as they were.
func (tx *Tx) take(in *incomingEntry) error {
	ref := "refs/swarm/" + in.entry.Field(fieldTo)
	if id, inbox := strings.CutPrefix(ref, "refs/swarm/inbox/"); classOf(ref) != viewRef || inbox && !IsSessionID(id) {
		tx.store.aside(&DamagedError{Ref: ref, ID: in.entry.ID, Err: errors.New("it is to go where no entry belongs")})
		return errSkip
	}
	c, err := tx.chain(ref)
	if err == nil {
		err = c.bad
	}
	if err != nil {
		return err
	}
	e := Entry{
		Author: in.entry.Author, At: in.entry.At, Label: in.entry.Label, Body: in.entry.Body, Number: 1,
		Fields: in.entry.Fields[1:], Origin: in.origin,
	}
	if c.last != nil {
		e.Number = c.last.Number + 1
	}
	if err := errors.Join(e.check(), checkVocabulary(ref, &e)); err != nil {
		tx.store.aside(&DamagedError{Ref: ref, ID: in.entry.ID, Err: fmt.Errorf("%s: %w", in.origin, err)})
		return errSkip
	}
	algo := tx.store.repo.Algo
	if c.tip == "" {
		tx.objects = append(tx.objects, algo.NewObject(object.Tree, nil))
	}
	if c.tip == c.prev {
		tx.order = append(tx.order, c)
	}
	data := *in.data
	data.Tree, data.Parents, data.Message = algo.EmptyTree(), nil, e.message()
	if c.tip != "" {
		data.Parents = []object.Hash{c.tip}
	}
	commit := algo.NewObject(object.Commit, data.Encode())
	tx.objects = append(tx.objects, commit)
	e.ID = commit.ID
	c.tip, c.tree, c.last = commit.ID, data.Tree, &e
	return nil
}

// heard has the cursor of another clone's session say that it was heard of then.
func (tx *Tx) heard(id string, at time.Time) error {
	ref := "refs/swarm/seen/" + id
	c, err := tx.chain(ref)
	if err != nil || c.bad != nil || c.last != nil && !c.last.At.Before(at) {
		return err
	}
	e := Entry{Body: "seen", Fields: []Field{{"Context", "none"}, {"Inbox", "0"}, {"Read", "none"}}}
	if c.last != nil {
		e.Fields = c.last.Fields
	}
	return tx.ReplaceAt(ref, id, at.Truncate(time.Second), e)
}
