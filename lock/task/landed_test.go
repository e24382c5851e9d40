package task

import (
	"slices"
	"strings"
	"testing"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// TestLandedByPlainGit: a commit on the target that names a task in its trailer lands
// it, however it came there, and makes ready what waits; one that was there before the
// task was, one of another swarm, and one on another branch do not.
func TestLandedByPlainGit(t *testing.T) {
	s := newSwarm(t, "A", "B")
	s.add("one")
	s.add("two", 1)
	s.lands(3) // there is no such task yet
	s.catchUp()
	s.add("three")
	s.areStates(Ready, Open, Ready)
	s.catchUp()
	s.Git("commit", "-q", "--allow-empty", "-m", "foreign", "--trailer", TrailerOf("00000000", 1))
	s.Git("checkout", "-q", "-b", "side")
	id, err := s.ID(bg)
	s.Must(err)
	s.Git("commit", "-q", "--allow-empty", "-m", "there", "--trailer", TrailerOf(id, 1))
	s.catchUp()
	s.areStates(Ready, Open, Ready)
	s.takes("A", 1)
	s.Git("checkout", "-q", "main")
	s.Git("merge", "-q", "side")
	landed, err := s.CatchUp(bg, "B", s.repo, "refs/heads/main")
	if err != nil || len(landed) != 1 || landed[0].Number != 1 {
		t.Errorf("%v, %v", landed, err)
	}
	s.areStates(Landed, Ready, Ready)
	if told := s.inbox("A"); len(told) != 1 || !strings.HasPrefix(told[0], "your task #1 has landed as ") {
		t.Errorf("A was told %q", told)
	}
	before := s.Git("rev-parse", Ref)
	s.catchUp()
	if s.Git("rev-parse", Ref) != before {
		t.Error("the same was written twice")
	}
	if log := s.Git("log", "-1", "--format=%b", Ref); !strings.Contains(log, "#2 is ready: two") {
		t.Errorf("the diary says %q", log)
	}
	s.healthy()
}

// TestRewound: where the target was moved to what has not the commit that was looked at
// last, what is on it still lands.
func TestRewound(t *testing.T) {
	s := newSwarm(t, "A")
	s.add("one")
	s.lands(1)
	tip := s.Git("rev-parse", "main")
	s.Git("reset", "-q", "--hard", "main~1")
	s.Git("commit", "-q", "--allow-empty", "-m", "aside")
	s.Git("cherry-pick", "--allow-empty", tip)
	s.catchUp()
	s.areStates(Landed)
	s.healthy()
}

// TestReverted: a task is reverted when all its commits are, waits for a person then,
// and lands again when the revert is reverted. What comes after it waits; who has such
// a task is told; what has landed stays.
func TestReverted(t *testing.T) {
	s := newSwarm(t, "A", "B")
	for _, n := range []int{0, 1, 1, 1} {
		if n == 0 {
			s.add("one")
		} else {
			s.add("then", n)
		}
	}
	first, second := s.change("a", 1), s.change("b", 1)
	s.catchUp()
	s.change("c", 2)
	s.catchUp()
	s.areStates(Landed, Landed, Ready, Ready)
	s.takes("B", 3)
	s.Git("revert", "--no-edit", first)
	s.catchUp()
	s.areStates(Landed, Landed, Taken, Ready)
	s.Git("revert", "--no-edit", second)
	s.catchUp()
	s.areStates(Reverted, Landed, Taken, Open)
	if told := s.inbox("B"); len(told) != 1 || !strings.HasPrefix(told[0], "task #1, which your #3 comes after, was reverted by ") {
		t.Errorf("B was told %q", told)
	}
	s.Git("revert", "--no-edit", "HEAD")
	s.catchUp()
	s.areStates(Landed, Landed, Taken, Ready)
	s.Git("revert", "--no-edit", "HEAD")
	s.catchUp()
	s.areStates(Reverted, Landed, Taken, Open)
	s.Must(refuse(s.Reopen(bg, bus.Orchestrator, 1)))
	s.takes("A", 1)
	s.change("d", 1)
	s.catchUp()
	s.areStates(Landed, Landed, Taken, Ready)
	s.healthy()
}

// change lands a commit that can be reverted.
func (s *swarm) change(file string, n int) string {
	s.Helper()
	id, err := s.ID(bg)
	s.Must(err)
	s.Write(file, file+"\n")
	s.Commit("change", "--trailer", TrailerOf(id, n))
	return s.Git("rev-parse", "main")
}

// TestPart: what lands of a task that is kept open does not finish it; with the rest it
// lands, or with done.
func TestPart(t *testing.T) {
	s := newSwarm(t, "A")
	s.add("one")
	s.takes("A", 1)
	s.Must(refuse(s.KeepOpen(bg, "A", true)))
	s.lands(1)
	s.catchUp()
	s.areStates(Taken)
	if got := s.task(1); len(got.Commits) != 1 || !got.Part {
		t.Errorf("%+v", got)
	}
	s.healthy()
	_, _, err := s.Done(bg, "A", 0, true)
	s.Must(err)
	s.lands(1)
	s.catchUp()
	s.areStates(Landed)
	if got := s.task(1); len(got.Commits) != 2 || got.Part || got.Holder != "" {
		t.Errorf("%+v", got)
	}
	s.healthy()
}

// TestCloseInTransaction: a landing closes tasks in the transaction of whoever writes
// it down, the one that the session has although no commit names it; but none that it
// had before, and none that another has taken since.
func TestCloseInTransaction(t *testing.T) {
	s := newSwarm(t, "A", "B")
	s.add("one")
	s.add("two", 1)
	s.takes("A", 1)
	id, err := s.ID(bg)
	s.Must(err)
	from := s.Git("rev-parse", "main")
	s.Git("commit", "-q", "--allow-empty", "-m", "no trailer")
	l := Landing{Target: "refs/heads/main", From: from, To: s.Git("rev-parse", "main"), By: "A", Held: 1, Epoch: 1}
	stale := l
	stale.Epoch = 7
	for _, one := range []Landing{stale, l, l} {
		s.Must(s.Bus.Update(bg, "B", func(tx *refstore.Tx, by string) error { return Close(tx, by, []Landing{one}) }))
		want := []State{Landed, Ready}
		if one.Epoch == stale.Epoch {
			want = []State{Taken, Open}
		}
		if got := s.states(); !slices.Equal(got, want) {
			t.Errorf("%+v: %q", one, got)
		}
	}
	if marks, looked, err := Scan(bg, s.repo, IDs{id: 0}, from+"..main"); err != nil || looked != 1 || len(marks) != 0 {
		t.Errorf("%v, %d, %v", marks, looked, err)
	}
	before := s.Git("rev-parse", Ref)
	s.catchUp()
	if s.Git("rev-parse", Ref) != before {
		t.Error("what the landing has written was looked at again")
	}
	s.healthy()
}
