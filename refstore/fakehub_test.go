package refstore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// fakeHub is a hub in memory. What happens to a push on its way is drawn from rand,
// where faults is set.
type fakeHub struct {
	sync.Mutex
	refs    map[string]object.Hash
	objects map[object.Hash]object.Object
	late    []func() // pushes that are still on their way
	rand    *rand.Rand
	faults  bool
	fate    int                    // of the next push, where faults is not set
	half    bool                   // a fetch may see some refs moved by a push, and others not
	away    bool                   // out of reach
	slow    time.Duration          // what a push takes that nobody cuts short
	beaten  func([]HubUpdate) bool // whether another clone is first
	slower  time.Duration          // what a fetch takes

	forbidden string // no push is taken that brings a commit with that in its message

	keeps bool // no push is taken that deletes a ref

	readers bool // nobody may push

	throughGit bool // the clones ask git for everything

	fetches, pushes, refused int
	last                     []HubUpdate
	hidden                   map[string]object.Hash // what is not seen to have moved yet
	by                       *fakeClone             // whose push has moved it
}

// What becomes of a push.
const (
	isLost               = iota // on the way
	isUnanswered                // it arrives, and the answer is lost
	isLate                      // it is thought lost, and arrives after all
	isTwice                     // it arrives twice
	isUnansweredThenAway        // it arrives, and the hub is out of reach from then on
	arrives
)

func newFakeHub(seed uint64) *fakeHub {
	return &fakeHub{refs: map[string]object.Hash{}, objects: map[object.Hash]object.Object{}, fate: arrives, rand: rand.New(rand.NewPCG(seed, 1))}
}

// fakeClone is one clone's way to the fakeHub.
type fakeClone struct {
	hub   *fakeHub
	store *Store
}

// clone is a store of a new repository that has joined, or published, as name.
func (h *fakeHub) clone(t testing.TB, name string) (*gitRepo, *Store) {
	t.Helper()
	r := newRepo(t, "--bare")
	r.Git("config", "user.name", name)
	r.Git("config", "user.email", name+"@example.com")
	s := h.open(t, r, name, Options{})
	if _, err := s.Connect(bg, "orchestrator", func(*Tx) error { return nil }); err != nil {
		t.Fatal(err)
	}
	return r, s
}

// open is a process of the clone.
func (h *fakeHub) open(t testing.TB, r *gitRepo, name string, opts Options) *Store {
	t.Helper()
	c := &fakeClone{hub: h}
	opts.Hub, opts.Clone, opts.ThroughGit = c, name, h.throughGit
	c.store = r.open(opts)
	return c.store
}

var errCut = errors.New("the connection was cut")

func (c *fakeClone) Fetch(ctx context.Context, _ *os.File) error {
	if c.hub.slower > 0 {
		select {
		case <-time.After(c.hub.slower):
		case <-ctx.Done():
			return &HubError{Err: errCut}
		}
	}
	c.hub.Lock()
	defer c.hub.Unlock()
	c.hub.fetches++
	c.hub.deliverLate()
	if c.hub.away || c.hub.faults && c.hub.rand.IntN(8) == 0 {
		return &HubError{Err: errCut}
	}
	if err := c.store.chooseWriter(); err != nil {
		return err
	}
	seen := c.hub.seen(c)
	for _, tip := range seen {
		if err := c.bring(ctx, tip); err != nil {
			return err
		}
	}
	return c.track(seen)
}

// hide has the refs of a push that has arrived be seen by others one after the other, as
// while the server moves them.
func (h *fakeHub) hide(by *fakeClone, updates []HubUpdate) {
	h.hidden, h.by = map[string]object.Hash{}, by
	for _, u := range updates {
		if h.half && u.Old != "" {
			h.hidden[u.Ref] = u.Old
		}
	}
}

// seen is what the hub shows the clone. Who has pushed has its answer when all is moved.
func (h *fakeHub) seen(by *fakeClone) map[string]object.Hash {
	seen := maps.Clone(h.refs)
	if h.by == by {
		h.hidden = nil
	}
	for _, ref := range slices.Sorted(maps.Keys(h.hidden)) {
		if h.rand.IntN(2) == 0 {
			delete(h.hidden, ref)
		}
	}
	maps.Copy(seen, h.hidden)
	return seen
}

// bring writes the object here, and all that it leads to.
func (c *fakeClone) bring(ctx context.Context, id object.Hash) error {
	var missing []object.Object
	for queue := []object.Hash{id}; len(queue) > 0; queue = queue[1:] {
		o := c.hub.objects[queue[0]]
		if _, err := c.store.reader.Read(ctx, queue[0]); err == nil {
			continue
		}
		missing = append(missing, o)
		queue = append(queue, leadsTo(c.store.repo, o)...)
	}
	return c.store.writer.Write(ctx, missing)
}

// leadsTo are the ids in an object.
func leadsTo(r *repo.Repo, o object.Object) (ids []object.Hash) {
	switch o.Kind {
	case object.Commit:
		if data, err := r.Algo.DecodeCommit(o.Content); err == nil {
			ids = append(data.Parents, data.Tree)
		}
	case object.Tree:
		entries, _ := r.Algo.DecodeTree(o.Content)
		for _, e := range entries {
			ids = append(ids, e.ID)
		}
	}
	return ids
}

// track makes the tracking refs what the hub shows.
func (c *fakeClone) track(seen map[string]object.Hash) error {
	top := filepath.Join(c.store.repo.CommonDir, filepath.FromSlash(TrackingPrefix))
	if err := os.RemoveAll(top); err != nil {
		return err
	}
	for name, tip := range seen {
		path := filepath.Join(top, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte(tip+"\n"), 0o666)); err != nil {
			return err
		}
	}
	return nil
}

func (c *fakeClone) Push(ctx context.Context, _ *os.File, updates []HubUpdate) error {
	objects := map[object.Hash]object.Object{}
	for _, u := range updates {
		for queue := []object.Hash{u.New}; len(queue) > 0 && u.New != ""; queue = queue[1:] {
			c.hub.Lock()
			_, known := c.hub.objects[queue[0]]
			c.hub.Unlock()
			if _, seen := objects[queue[0]]; known || seen {
				continue
			}
			o, err := c.store.reader.Read(ctx, queue[0])
			if err != nil {
				return fmt.Errorf("push what is not there: %w", err)
			}
			objects[o.ID] = o
			queue = append(queue, leadsTo(c.store.repo, o)...)
		}
	}
	h := c.hub
	if h.slow > 0 {
		select {
		case <-time.After(h.slow):
		case <-ctx.Done():
			return &HubError{Err: errCut}
		}
	}
	h.Lock()
	defer h.Unlock()
	h.pushes++
	h.last = updates
	if h.away {
		return &HubError{Err: errCut}
	}
	if h.readers {
		return &RefusedError{Why: "read-only", Kind: RefusedWriter}
	}
	for _, o := range objects {
		if h.forbidden != "" && o.Kind == object.Commit && strings.Contains(string(o.Content), h.forbidden) {
			return &RefusedError{Why: "remote rejected"}
		}
	}
	if h.keeps && len(goingTips(updates)) > 0 {
		h.refused++
		return &RefusedError{Why: "deletion prohibited"}
	}
	if h.beaten != nil && h.beaten(updates) {
		h.refused++
		return ErrStale
	}
	fate := h.fate
	if h.faults {
		if fate = h.rand.IntN(12); fate > isTwice {
			fate = arrives
		}
	}
	h.fate, h.hidden = arrives, nil
	switch fate {
	case isLost:
		return &HubError{Err: errCut}
	case isUnanswered:
		_ = h.accept(updates, objects)
		return &HubError{Err: errCut}
	case isUnansweredThenAway:
		_ = h.accept(updates, objects)
		h.away = true
		return &HubError{Err: errCut}
	case isLate:
		h.late = append(h.late, func() { _ = h.accept(updates, objects) })
		return &HubError{Err: errCut}
	case isTwice:
		err := h.accept(updates, objects)
		_ = h.accept(updates, objects)
		return err
	}
	err := h.accept(updates, objects)
	if errors.Is(err, ErrStale) {
		h.refused++
	}
	if err == nil {
		h.hide(c, updates)
	}
	return err
}

func (h *fakeHub) accept(updates []HubUpdate, objects map[object.Hash]object.Object) error {
	var stale []string
	for _, u := range updates {
		if h.refs[u.Ref] != u.Old {
			stale = append(stale, u.Ref)
		}
	}
	if stale != nil {
		return &StaleError{Refs: stale}
	}
	for id, o := range objects {
		h.objects[id] = o
	}
	for _, u := range updates {
		if h.refs[u.Ref] = u.New; u.New == "" {
			delete(h.refs, u.Ref)
		}
	}
	return nil
}

// deliverLate lets some of the pushes arrive that are still on their way.
func (h *fakeHub) deliverLate() {
	for len(h.late) > 0 && (!h.faults || h.rand.IntN(2) == 0) {
		i := h.rand.IntN(len(h.late))
		h.late[i]()
		h.late = append(h.late[:i], h.late[i+1:]...)
	}
}

// say publishes one entry of the context.
func say(s *Store, by, body string) error {
	return s.Update(bg, by, func(tx *Tx) error {
		_, err := tx.Append("refs/swarm/context", Entry{Label: "decision", Body: body})
		return err
	})
}

// take adds a word to the blob at path of a shared table, and notifies a session.
func take(s *Store, by, path, word, notify string) (before string, err error) {
	const ref = "refs/swarm/locks"
	err = s.Update(bg, by, func(tx *Tx) error {
		table, err := tx.Table(ref)
		if err != nil {
			return err
		}
		was, err := table.Get(path)
		if err != nil && !errors.Is(err, ErrNotExist) {
			return err
		}
		before = string(was)
		if err := table.Put(path, []byte(strings.TrimSpace(before+" "+word))); err != nil {
			return err
		}
		if _, err := tx.Record(ref, Entry{Body: word}); err != nil || notify == "" {
			return err
		}
		_, err = tx.Append("refs/swarm/inbox/"+notify, Entry{Label: "message", Body: word})
		return err
	})
	return before, err
}
