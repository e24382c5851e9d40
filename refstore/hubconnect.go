package refstore

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/object"
)

var (
	// ErrCloneTaken says that another clone has that name on the hub.
	ErrCloneTaken = errors.New("another clone has that name on the hub")

	// ErrOtherSwarm says that this repository has a swarm that is not the hub's.
	ErrOtherSwarm = errors.New("this repository has a swarm of its own, and two are not mixed")

	// ErrNoHub says that what is on the remote is no swarm that was published there.
	ErrNoHub = errors.New("the remote has refs of a swarm that was not published as a hub")
)

// Connect joins the swarm that is on the hub, as the clone that Options name, or
// publishes this repository's where the hub has none; prepare then stages what is
// changed by that. Who may only read joins, too: HubTrouble says so, and the name is taken
// when the clone may push. It can be killed at any point, and be run again.
func (s *Store) Connect(ctx context.Context, by string, prepare func(*Tx) error) (published bool, err error) {
	who, err := s.identity(ctx)
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.opts.HubPatience, ErrBusy)
	defer cancel()
	turn, err := s.hubTurn(ctx)
	if err != nil {
		return false, err
	}
	defer turn.end()
	if err := s.opts.Hub.Fetch(ctx, turn.file); err != nil {
		return false, err
	}
	c := &connecting{hubTurn: turn, by: by, who: who}
	connected, published, err := c.look(ctx)
	if err != nil || connected {
		return published, err
	}
	nonce := strconv.FormatUint(rand.Uint64(), 36)
	if err := file.Replace(s.hubFile("hub-joining"), []byte(s.clone()+" "+nonce), 0o666); err != nil {
		return false, err
	}
	u := &sharedUpdate{hubTurn: turn, by: by, who: who}
	u.build = func(tx *Tx) error {
		if _, err := tx.append(s.fromRef(), Entry{Label: labelJoin, Body: s.clone() + " " + nonce}); err != nil || !published {
			return err
		}
		return c.publish(tx, prepare)
	}
	staged, err := u.stage(ctx)
	if err != nil {
		return false, err
	}
	err = turn.push(ctx, staged.updates)
	var unanswered *HubError
	var refused *RefusedError
	switch {
	case errors.As(err, &refused) && refused.Kind == RefusedWriter && !published:
		s.noteTrouble(err)
		staged.updates = nil // it waits, as what is said here does
		return false, u.apply(ctx, staged)
	case errors.Is(err, ErrStale):
		return false, ErrCloneTaken
	case errors.As(err, &unanswered) && !unanswered.Unsent:
		return published, c.ask(ctx, unanswered)
	case err != nil:
		return false, err
	}
	return published, u.apply(ctx, staged)
}

// ask is nil, and all is done, where the hub has taken the push without an answer.
func (c *connecting) ask(ctx context.Context, unanswered *HubError) error {
	err := c.store.opts.Hub.Fetch(ctx, c.file)
	if err == nil {
		var connected bool
		if connected, _, err = c.look(ctx); connected {
			return err
		}
	}
	return &HubError{Err: cmp.Or[error](err, unanswered.Err), InDoubt: true} // it may be on its way still
}

// connecting is one Connect.
type connecting struct {
	*hubTurn
	by  string
	who person
}

// look compares what the hub has with what is here. It takes over what the hub has
// where this clone is connected already, but for the end of it, or joins.
func (c *connecting) look(ctx context.Context) (connected, publish bool, err error) {
	s := c.store
	tips, err := s.Tips(ctx, TrackingPrefix+hubName(metaRef), metaRef, TrackingPrefix+hubName(s.fromRef()), s.fromRef())
	if err != nil {
		return false, false, err
	}
	if tips[0] == "" {
		theirs, err := s.Refs(ctx, TrackingPrefix)
		for _, r := range theirs {
			if classOf(localName(r.Name)) != localRef {
				return false, false, ErrNoHub
			}
		}
		return false, true, err
	}
	if _, err := s.Entry(ctx, metaRef, tips[0]); err != nil {
		return false, false, err
	}
	ours := tips[2] != "" && tips[3] == ""
	unheard := tips[2] == "" && tips[3] != "" // it could not push yet
	if ours {
		if ours, err = c.begun(ctx, tips[2]); err != nil {
			return false, false, err
		}
	}
	switch {
	case tips[2] != "" && tips[3] == "" && !ours:
		return false, false, ErrCloneTaken
	case tips[1] == tips[0], ours:
	case tips[1] != "":
		return false, false, ErrLeftHub
	default:
		mine, err := s.Refs(ctx, "refs/swarm/")
		if err != nil {
			return false, false, err
		}
		if slices.ContainsFunc(mine, func(r Ref) bool { return classOf(r.Name) != localRef }) {
			return false, false, ErrOtherSwarm
		}
	}
	err = c.integrate(ctx)
	var rewound *HubRewoundError
	if errors.As(err, &rewound) {
		return false, false, ErrOtherSwarm
	}
	return tips[2] != "" || unheard, false, err
}

// begun reports whether a killed Connect of this clone has made the ref on the hub.
func (c *connecting) begun(ctx context.Context, tip object.Hash) (bool, error) {
	content, err := file.Read(c.store.hubFile("hub-joining"), 1024)
	if err != nil {
		return false, nil
	}
	var first *Entry
	_, err = c.store.Walk(ctx, c.store.fromRef(), tip, "", func(e *Entry) bool { first = e; return true })
	return first != nil && first.Label == labelJoin && first.Body == string(content), err
}

// publish stages the swarm's id, and what was said here so far as entries of this
// clone, with their authors and times. The other refs go to the hub as they are.
func (c *connecting) publish(tx *Tx, prepare func(*Tx) error) error {
	id := strconv.FormatUint(rand.Uint64(), 36) + strconv.FormatUint(rand.Uint64(), 36)
	if _, err := tx.append(metaRef, Entry{Label: labelHub, Body: "a swarm of several clones", Fields: []Field{{fieldSwarm, id}}}); err != nil {
		return err
	}
	if err := c.publishSaid(tx, func(id string) string { return id }); err != nil {
		return err
	}
	return prepare(tx)
}

// publishSaid stages what was said here so far as entries of this clone, with their
// authors and times; rename is what a session is called from now on.
func (c *connecting) publishSaid(tx *Tx, rename func(id string) string) error {
	said, err := c.said(tx)
	if err != nil {
		return err
	}
	from, err := tx.chain(c.store.fromRef())
	if err != nil {
		return err
	}
	numbers := map[string]int{} // on from/<clone>, by the number in an inbox
	for _, old := range said {
		e := *old.entry
		e.Number, e.Clone, e.Origin, e.Author = from.last.Number+1, c.store.clone(), "", rename(old.entry.Author)
		numbers[old.ref+" "+strconv.Itoa(old.entry.Number)] = e.Number
		e.Fields = []Field{{fieldTo, hubName(renamedView(old.ref, rename))}}
		if e.Label == "reply" {
			if n := numbers[inboxPrefix+old.entry.Author+" "+old.entry.Field(fieldReply)]; n > 0 {
				e.Fields = append(e.Fields, Field{fieldReply, originOf(c.store.clone(), false, n)})
			} else {
				e.Label = "message"
			}
		}
		data := *old.data
		data.Author.Name = e.Author
		data.Parents, data.Message = []object.Hash{from.tip}, e.message()
		commit := tx.store.repo.Algo.NewObject(object.Commit, data.Encode())
		tx.objects = append(tx.objects, commit)
		e.ID = commit.ID
		from.tip, from.last = commit.ID, &e
	}
	return nil
}

// renamedView is the journal that the entries of ref are in when sessions are called
// otherwise.
func renamedView(ref string, rename func(id string) string) string {
	if id, ok := strings.CutPrefix(ref, inboxPrefix); ok {
		return inboxPrefix + rename(id)
	}
	return ref
}

// saidEntry is an entry of the context or of an inbox.
type saidEntry struct {
	ref   string
	entry *Entry
	data  *object.CommitData
}

// said are all of them, in the order of their times, but never against the order of a
// journal.
func (c *connecting) said(tx *Tx) (all []saidEntry, err error) {
	here, err := tx.view.List("refs/swarm/")
	if err != nil {
		return nil, err
	}
	var queues [][]saidEntry
	for _, r := range here {
		if classOf(r.Name) != viewRef {
			continue
		}
		entries, err := c.store.journal(tx.ctx, r.Name, r.Tip)
		if err != nil {
			return nil, err
		}
		queues = append(queues, entries)
	}
	for {
		next := -1
		for i, q := range queues {
			if len(q) > 0 && (next < 0 || q[0].entry.At.Before(queues[next][0].entry.At)) {
				next = i
			}
		}
		if next < 0 {
			return all, nil
		}
		all = append(all, queues[next][0])
		queues[next] = queues[next][1:]
	}
}

// journal are the entries of a journal, oldest first, without repair records.
func (s *Store) journal(ctx context.Context, ref string, tip object.Hash) (entries []saidEntry, err error) {
	var failed error
	_, err = s.Walk(ctx, ref, tip, "", func(e *Entry) bool {
		if e.Repair() {
			return true
		}
		var data *object.CommitData
		data, _, failed = s.commit(ctx, ref, e.ID)
		entries = append(entries, saidEntry{ref, e, data})
		return failed == nil
	})
	slices.Reverse(entries)
	return entries, cmp.Or(err, failed)
}

// Origin is the name for all clones of an entry of the context or of an inbox; "" if
// it has none. Of one that is older than the hub, the clone that published it knows.
func (s *Store) Origin(ctx context.Context, ref string, e *Entry) (string, error) {
	if e.Origin != "" || !s.hasHub() {
		return e.Origin, nil
	}
	tip, err := s.Tip(ctx, s.fromRef())
	if err != nil {
		return "", err
	}
	origin := ""
	_, err = s.Walk(ctx, s.fromRef(), tip, "", func(p *Entry) bool {
		if p.At.Equal(e.At) && p.Author == e.Author && p.Body == e.Body && p.Field(fieldTo) == hubName(ref) {
			origin = originOf(s.clone(), false, p.Number)
		}
		return origin == ""
	})
	return origin, err
}

// ClonesOf are the clones that have ever joined the swarm, sorted, as of the last fetch.
func (s *Store) Clones(ctx context.Context) (clones []string, err error) {
	theirs, err := s.Refs(ctx, TrackingPrefix+"from/")
	for _, r := range theirs {
		clones = append(clones, strings.TrimPrefix(r.Name, TrackingPrefix+"from/"))
	}
	return clones, err
}
