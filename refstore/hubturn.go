package refstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore/file"
)

// hubTurn is this clone's turn at the hub, in the hands of this process: nobody else
// of the clone fetches from it or pushes to it.
type hubTurn struct {
	store *Store
	file  *os.File
	past  hubPast
}

// hubPast is what the clone remembers of the hub between commands. It may be lost.
type hubPast struct {
	fetched int64 // when it was last fetched from, in Unix milliseconds
	failed  int64 // when it was last out of reach; 0 if it was reached since
	stale   bool  // the last push that did not fetch first was refused
	made    int64 // when a push last made a shared change
	took    int64 // how long that push was, in milliseconds
	hubFairness
}

const hubPastLine = "fetched %d failed %d stale %t won %d took %d\n"

func (s *Store) hubFile(name string) string { return filepath.Join(s.repo.CommonDir, "swarm", name) }

func (s *Store) hubPast() (p hubPast) {
	content, err := file.Read(s.hubFile("hub-past"), 1<<16)
	first, rest, _ := strings.Cut(string(content), "\n")
	if err == nil {
		_, err = fmt.Sscanf(first+"\n", hubPastLine, &p.fetched, &p.failed, &p.stale, &p.made, &p.took)
	}
	if err != nil {
		return hubPast{}
	}
	p.hubFairness = decodeFairness(rest)
	return p
}

// since is how long ago that moment was, by the clock of this machine. A moment that
// is still to come, or 0, was long ago.
func since(ms int64) time.Duration {
	d := time.Since(time.UnixMilli(ms))
	if d < 0 {
		return time.Since(time.UnixMilli(0))
	}
	return d
}

// HubAway reports whether the hub was out of reach a moment ago.
func (s *Store) HubAway() bool { return s.hasHub() && since(s.hubPast().failed) <= downtime }

// hubTurn waits for the turn.
func (s *Store) hubTurn(ctx context.Context) (*hubTurn, error) {
	q, err := s.askTurn()
	if err != nil {
		return nil, err
	}
	defer q.leave()
	if t, err := q.try(ctx); t != nil || err != nil {
		return t, err
	}
	select {
	case err := <-q.got:
		return q.turn(ctx, err)
	case <-ctx.Done():
		return nil, errTurn
	}
}

var errTurn = fmt.Errorf("%w: another command of this clone is at the hub", ErrBusy)

// queuedTurn is a place in the kernel's queue for the turn.
type queuedTurn struct {
	store *Store
	file  *os.File
	got   chan error // nil until it waits
	taken bool
}

// askTurn opens what the turn is the lock of.
func (s *Store) askTurn() (*queuedTurn, error) {
	if err := file.MkdirAll(filepath.Dir(s.hubFile("hub"))); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(s.hubFile("hub"), os.O_RDWR|os.O_CREATE, 0o666)
	return &queuedTurn{store: s, file: f}, err
}

// try is the turn if it is free, else nil: then it waits in the queue, until got says.
func (q *queuedTurn) try(ctx context.Context) (*hubTurn, error) {
	err := file.TryLock(q.file)
	if !errors.Is(err, file.ErrLocked) {
		return q.turn(ctx, err)
	}
	q.got = make(chan error, 1)
	go func() { q.got <- file.Lock(context.Background(), q.file) }()
	return nil, nil
}

// turn is the turn that the queue has given.
func (q *queuedTurn) turn(ctx context.Context, err error) (*hubTurn, error) {
	q.taken = true
	if err != nil {
		_ = q.file.Close()
		return nil, err
	}
	v, err := q.store.reader.View(ctx)
	if err == nil {
		err = q.store.followName(ctx, v)
	}
	if err != nil {
		file.Unlock(q.file)
		return nil, err
	}
	return &hubTurn{store: q.store, file: q.file, past: q.store.hubPast()}, nil
}

// leave gives up the place, unless the turn has come.
func (q *queuedTurn) leave() {
	switch {
	case q.taken:
	case q.got == nil:
		_ = q.file.Close()
	default: // a wait in the kernel cannot be interrupted
		go func() { <-q.got; file.Unlock(q.file) }()
	}
}

// end gives the turn up, if it is there.
func (t *hubTurn) end() {
	if t.file != nil {
		file.Unlock(t.file)
		t.file = nil
	}
}

func (t *hubTurn) remember() {
	p := t.past
	line := fmt.Sprintf(hubPastLine, p.fetched, p.failed, p.stale, p.made, p.took)
	_ = file.Replace(t.store.hubFile("hub-past"), []byte(line+p.encode()), 0o666)
}

// failed notes that the hub was out of reach, if that is what err says.
func (t *hubTurn) failed(err error) error {
	if err != nil {
		t.past.failed = time.Now().UnixMilli()
		t.remember()
	}
	return err
}

// fetch brings what the hub has, and takes it into the refs of this clone.
func (t *hubTurn) fetch(ctx context.Context) error {
	began := time.Now()
	if err := t.store.opts.Hub.Fetch(ctx, t.file); err != nil {
		if errors.Is(context.Cause(ctx), ErrBusy) { // cut short by our own patience: that tells nothing of the hub
			return fmt.Errorf("%w: other clones were first", ErrBusy)
		}
		return t.failed(err)
	}
	t.past.fetched, t.past.failed, t.past.stale = began.UnixMilli(), 0, false
	t.remember()
	err := t.integrate(ctx)
	var copied *copiedError
	if errors.As(err, &copied) {
		if err = t.rename(ctx); err == nil {
			err = t.integrate(ctx)
		}
	}
	return err
}

// push is Hub.Push. That the tips did not move in between is the leases' to say.
func (t *hubTurn) push(ctx context.Context, updates []HubUpdate) error {
	t.store.opts.Failpoint("push")
	err := t.store.opts.Hub.Push(ctx, t.file, updates)
	t.store.opts.Failpoint("pushed")
	return err
}
