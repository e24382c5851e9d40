package lock

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// yesHub takes everything: its clones share one repository here.
type yesHub struct{}

func (yesHub) Fetch(context.Context, *os.File) error                      { return nil }
func (yesHub) Push(context.Context, *os.File, []refstore.HubUpdate) error { return nil }

// inClone is the swarm as that clone has it, which is home to that session.
func (s *swarm) inClone(name, session string) *bus.Bus {
	store := refstore.Open(s.bus.Store().Repo(), refstore.Options{Hub: yesHub{}, Clone: name})
	s.Cleanup(func() { store.Close() })
	b := bus.New(store)
	if _, err := b.Register(bg, []bus.Registration{{ID: session, Workstream: session}}); err != nil {
		s.Fatal(err)
	}
	return b
}

// Who entered the line first takes the lock first; a place is kept by entering again, and
// ends with the lock; a clone that does not come is passed over, and so is one whose
// process has ended.
func TestTurns(t *testing.T) {
	s := newSwarm(t)
	desk, lap, web := s.inClone("desk", "A"), s.inClone("lap", "B"), s.inClone("web", "C")
	candidate := func(b *bus.Bus, by string) *Candidate {
		c := PushLockOf(b).Verifier("origin/main").Candidate(by)
		t.Cleanup(c.Close)
		return c
	}
	a, b, c := candidate(desk, "A"), candidate(lap, "B"), candidate(web, "C")
	do := func(b *bus.Bus, by string, stage func(*refstore.Tx, string) error) error {
		return b.Update(bg, by, stage)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	release := func(c *Candidate) {
		t.Helper()
		lease, _ := c.Hold(bg)
		must(lease.Release(bg))
	}
	refused := func(err error, by string, next bool) {
		t.Helper()
		var held *PushHeldError
		if !errors.As(err, &held) || held.Holder.Session != by || held.Next != next {
			t.Errorf("%v, not because of %s", err, by)
		}
	}
	first := func(c *Candidate, who string, n int) {
		t.Helper()
		holder, before, err := c.First(bg)
		if err != nil || before != n || (holder == nil) != (who == "") || holder != nil && holder.Session != who {
			t.Errorf("%+v is first, %d before, %v: not %q and %d", holder, before, err, who, n)
		}
	}

	must(do(desk, "A", a.TakeInTurn))
	locks := s.Git("rev-parse", LocksRef)
	must(do(lap, "B", b.EnterIn))
	if s.Git("rev-parse", LocksRef) == locks {
		t.Error("the locks have not moved: a landing that was prepared before would not see who waits")
	}
	must(do(web, "C", c.EnterIn))
	must(do(lap, "B", b.EnterIn)) // it keeps its place
	all, err := Turns(bg, desk)
	if must(err); len(all) != 2 || all[0].Clone != "lap" || all[0].Session != "B" || all[1].Clone != "web" || all[0].Target != "origin/main" {
		t.Errorf("in line: %+v", all)
	}
	refused(do(web, "C", c.TakeInTurn), "A", false)
	release(a)
	refused(do(web, "C", c.TakeInTurn), "B", true)
	refused(do(desk, "A", func(tx *refstore.Tx, _ string) error { return a.AwaitInTurn(tx) }), "B", true)
	first(c, "B", 1)
	first(a, "B", 2)
	must(do(lap, "B", b.TakeInTurn))
	first(c, "", 0)
	release(b)
	refused(do(lap, "B", b.TakeInTurn), "C", true)

	// C does not come.
	last, err := lap.Store().Table(bg, TurnsRef)
	must(err)
	turns, err := b.turns(last)
	if err != nil || len(turns) != 1 {
		t.Fatalf("%+v wait, %v", turns, err)
	}
	b.free = map[int]time.Time{turns[0].Number: time.Now().Add(-turnTime - time.Second)}
	first(b, "", 0)
	must(do(lap, "B", b.TakeInTurn))
	if content := s.Git("ls-tree", "-r", TurnsRef); content != "" {
		t.Errorf("who was passed over still waits:\n%s", content)
	}
	release(b)

	// A damaged turn keeps nobody from landing, and is mended.
	must(do(web, "C", func(tx *refstore.Tx, _ string) error {
		table, err := tx.Table(TurnsRef)
		if err != nil {
			return err
		}
		if err := table.Put("origin%2Fmain/web", []byte("nonsense\n")); err != nil {
			return err
		}
		_, err = tx.Record(TurnsRef, refstore.Entry{Body: "nonsense"})
		return err
	}))
	if faults, _, err := Fsck(bg, desk); err != nil || len(faults) != 1 {
		t.Errorf("fsck: %v, %v", faults, err)
	}
	must(do(desk, "A", a.TakeInTurn))
	release(a)
	if _, err := Repair(bg, desk, "A", true); err != nil {
		t.Fatal(err)
	}
	if faults, _, err := Fsck(bg, desk); err != nil || len(faults) != 0 {
		t.Errorf("fsck: %v, %v", faults, err)
	}
	must(do(lap, "B", b.EnterIn))
	must(do(lap, "B", func(tx *refstore.Tx, _ string) error { return b.LeaveIn(tx) }))
	first(c, "", 0)
}
