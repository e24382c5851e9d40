package land

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/lock/queue"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// TestTrainWithdrawn: a push that is broken off while it waits leaves the queue, and
// nothing of it lands.
func TestTrainWithdrawn(t *testing.T) {
	t.Parallel()
	y := newYard(t, 2)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	l, target := y.fields[0].lander(), y.fields[0].target()
	go func() {
		_, err := l.Push(ctx, target, lock.Wait{Timeout: time.Minute})
		done <- err
	}()
	y.await(1)
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	y.await(0)
	if err := y.gate.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	y.fields[1].push()
	y.linear("by b")
	y.settled(nil)
}

// TestTrainPatience: the time to wait does not bound a queue that moves, only one that
// stands still; MaxWait bounds both.
func TestTrainPatience(t *testing.T) {
	t.Parallel()
	y := newYard(t, 2)
	if err := y.gate.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	first := y.fields[0].lander()
	first.Verify = waitFor(dir)
	target := y.fields[0].target()
	done := make(chan error)
	go func() {
		_, err := first.Push(context.Background(), target, lock.Wait{})
		done <- err
	}()
	awaitFile(t, filepath.Join(dir, "begun"))
	second := y.fields[1].lander()
	second.MaxWait = 300 * time.Millisecond
	var held *lock.PushHeldError
	if _, err := second.Push(t.Context(), target, lock.Wait{Timeout: time.Minute}); !errors.As(err, &held) {
		t.Error(err)
	}
	y.await(1)
	second.MaxWait = 0
	var seen []Position
	second.Where = func(p Position) {
		if seen = append(seen, p); p.Waited > 5*time.Second {
			_ = os.WriteFile(filepath.Join(dir, "go"), nil, 0o666)
		}
	}
	if landed, err := second.Push(t.Context(), target, lock.Wait{Timeout: 4 * time.Second}); err != nil || landed.Commits != 1 {
		t.Errorf("%+v, %v", landed, err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if len(seen) == 0 || seen[0].Before != 1 || fmt.Sprint(seen[0].Verifying) != "[a]" || seen[0].Holder != "a" {
		t.Errorf("it stood at %+v", seen)
	}
	y.settled(nil)
}

// TestTrainTargets: while the verify command runs for one target, a push to another lands,
// and the push lock is free.
func TestTrainTargets(t *testing.T) {
	t.Parallel()
	y := newYard(t, 2)
	if err := y.gate.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	slow := y.fields[0].lander()
	slow.Verify = waitFor(dir)
	target := y.fields[0].target()
	done := make(chan error)
	go func() {
		_, err := slow.Push(context.Background(), target, lock.Wait{Timeout: time.Minute})
		done <- err
	}()
	awaitFile(t, filepath.Join(dir, "begun"))
	if holder, err := y.fields[1].lander().Lock.Holder(t.Context()); err != nil || holder != nil {
		t.Errorf("the push lock is held by %+v, %v", holder, err)
	}
	quick := y.fields[1].lander()
	quick.Verify = "true"
	if landed, err := quick.Push(t.Context(), repo.Target{Remote: "origin", Branch: "release"}, lock.Wait{}); err != nil || landed.Before != "" {
		t.Errorf("%+v, %v", landed, err)
	}
	if e, err := queue.Find(t.Context(), y.fields[0].bus(), "a"); err != nil || e == nil || e.Stage != queue.Verifying {
		t.Errorf("the other entry is %+v, %v", e, err)
	}
	touch(t, filepath.Join(dir, "go"))
	if err := <-done; err != nil {
		t.Error(err)
	}
	y.linear("by a")
	y.settled(nil)
}

// TestTrainPushLock: a conductor waits for the push lock as long as it may, and then
// leaves the branch as it was, and lands for nobody.
func TestTrainPushLock(t *testing.T) {
	t.Parallel()
	y := newYard(t, 1)
	if err := y.gate.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	f := y.fields[0]
	lease, _, err := f.lander().Lock.Acquire(t.Context(), "gate", lock.Wait{})
	if err != nil {
		t.Fatal(err)
	}
	var held *lock.PushHeldError
	before := f.state()
	if _, err := f.lander().Push(t.Context(), f.target(), lock.Wait{Timeout: 50 * time.Millisecond}); !errors.As(err, &held) || held.Holder.Session != "gate" || f.state() != before {
		t.Error(err)
	}
	done := make(chan error)
	go func() {
		_, err := f.lander().Push(context.Background(), f.target(), lock.Wait{Timeout: time.Minute})
		done <- err
	}()
	y.await(1)
	if err := lease.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	y.linear("by a")
	y.settled(nil)
}
