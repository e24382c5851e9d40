package refstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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
	won     int64 // when a push last made a shared change
	took    int64 // how long that push was, in milliseconds
}

const hubPastLine = "fetched %d failed %d stale %t won %d took %d\n"

func (s *Store) hubFile(name string) string { return filepath.Join(s.repo.CommonDir, "swarm", name) }

func (s *Store) hubPast() (p hubPast) {
	content, err := file.Read(s.hubFile("hub-past"), 1024)
	if err == nil {
		_, err = fmt.Sscanf(string(content), hubPastLine, &p.fetched, &p.failed, &p.stale, &p.won, &p.took)
	}
	if err != nil {
		return hubPast{}
	}
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
	if err := file.MkdirAll(filepath.Dir(s.hubFile("hub"))); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(s.hubFile("hub"), os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	if err := file.Lock(ctx, f); err != nil {
		return nil, fmt.Errorf("%w: another command of this clone is at the hub", ErrBusy)
	}
	v, err := s.reader.View(ctx)
	if err == nil {
		err = s.followName(ctx, v)
	}
	if err != nil {
		file.Unlock(f)
		return nil, err
	}
	return &hubTurn{store: s, file: f, past: s.hubPast()}, nil
}

// end gives the turn up.
func (t *hubTurn) end() { file.Unlock(t.file) }

func (t *hubTurn) remember() {
	p := t.past
	_ = file.Replace(t.store.hubFile("hub-past"), fmt.Appendf(nil, hubPastLine, p.fetched, p.failed, p.stale, p.won, p.took), 0o666)
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
