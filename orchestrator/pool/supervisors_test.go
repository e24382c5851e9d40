package pool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/lock/task"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// TestLimit: at a usage limit no client is started until it has ended. That is no try.
func TestLimit(t *testing.T) {
	t.Parallel()
	s := newSwarm(t)
	s.add("one")
	s.Tries = 1
	s.Command = s.client(`if first; then date +%s >"$notes/reset"; echo "{\"type\":\"result\",\"is_error\":true,\"result\":\"Claude AI usage limit reached|$(($(date +%s) + 3))\"}"; exit 1; fi
work && land; date +%s >"$notes/again"`)
	sum, err := s.Run(t.Context())
	s.Must(err)
	if !sum.Done() || !s.told(Limited, "T1") {
		t.Errorf("%+v, %q", sum, s.events)
	}
	var at [2]int
	for i, name := range []string{"reset", "again"} {
		content, err := os.ReadFile(filepath.Join(s.dir, name))
		s.Must(err)
		_, err = fmt.Sscan(string(content), &at[i])
		s.Must(err)
	}
	if at[1] < at[0]+3 {
		t.Errorf("it went on %d s after the limit was reached, not after 3", at[1]-at[0])
	}
}

// TestLimitOfOther: a usage limit that another supervisor's client has reached holds for
// clients of the same kind alone.
func TestLimitOfOther(t *testing.T) {
	t.Parallel()
	s := newSwarm(t)
	s.Command = s.client(`work && land`)
	f := folderOf(s.Pool.Repo, "T9")
	s.Must(os.MkdirAll(string(f), 0o777))
	other, err := f.own()
	s.Must(err)
	defer other.Close()
	for n, command := range []string{s.Command, "true"} {
		s.add("one")
		until := time.Now().Add(3 * time.Second)
		s.Must(f.save(&Record{Task: 9, Session: "T9", Command: command, Until: until}))
		var begun time.Time
		s.Tell = func(e Event) {
			s.note(e)
			if e.Kind == Begins {
				begun = e.At
			}
		}
		_, err = s.Run(t.Context())
		s.Must(err)
		if begun.IsZero() || begun.Before(until) == (n == 0) {
			t.Errorf("with a limit of %q it began at %s, %s after it", command, begun, begun.Sub(until))
		}
	}
	s.areStates(task.Landed, task.Landed)
}

// TestGivesBack: a client that gives its task back has tried it; one that says that it
// failed is not followed by another one. While it is still at work no other one begins
// the task anew.
func TestGivesBack(t *testing.T) {
	t.Parallel()
	s := newSwarm(t)
	s.add("one")
	s.add("two")
	p, done, err := open(s.Dir)
	s.Must(err)
	defer done()
	s.Tell = func(e Event) { // in the client's place
		s.note(e)
		if e.Kind != Begins {
			return
		}
		if e.Task == 1 {
			_, err = p.Backlog.Give(t.Context(), e.Session, 1, "too hard")
		} else {
			_, err = p.Backlog.Fail(t.Context(), e.Session, 2, "it cannot be done")
		}
		s.Must(errors.Join(err, os.WriteFile(filepath.Join(s.dir, fmt.Sprintf("said-%d-%d", e.Task, e.Try)), nil, 0o666)))
	}
	sum := s.runs(`i=1; first && i=1 || i=2; until [ -e "$notes/said-$GIT_SWARM_TASK-$i" ]; do sleep 0.05; done`)
	s.areStates(task.Failed, task.Failed)
	s.areLeft("T1", "T2")
	failed, _, err := s.Backlog.Get(t.Context(), 1)
	if err != nil || failed.Why != "it was given back: too hard" || sum.Failed != 2 || s.told(Again, "T2") {
		t.Errorf("%+v, %v, %+v, %q", failed, err, sum, s.events)
	}
}

// TestStop: stopped once, a supervisor begins nothing more and waits; stopped twice, it
// ends the clients and gives their tasks back.
func TestStop(t *testing.T) {
	t.Parallel()
	for times := 1; times <= 2; times++ {
		s := newSwarm(t)
		s.add("one")
		s.add("two")
		s.Sessions = 1
		stop := make(chan struct{})
		s.Stop = stop
		begun := make(chan struct{})
		s.Tell = func(e Event) {
			s.note(e)
			if e.Kind == Begins {
				close(begun)
			}
		}
		go func() {
			<-begun
			for range times {
				stop <- struct{}{}
			}
			_ = os.WriteFile(filepath.Join(s.dir, "go"), nil, 0o666)
		}()
		wait := `until [ -e "$notes/go" ]; do sleep 0.05; done; work && land`
		if times == 2 {
			wait = `work; exec sleep 300`
		}
		sum := s.runs(wait)
		if times == 1 {
			s.areStates(task.Landed, task.Ready)
			s.areLeft()
		} else if s.areStates(task.Ready, task.Ready); !s.told(GivenBack, "T1") || sum.Left != 2 {
			t.Errorf("%+v, %q", sum, s.events)
		}
	}
}

// TestTwoSupervisors: they share the backlog; one that goes leaves its clients to the
// other.
func TestTwoSupervisors(t *testing.T) {
	t.Parallel()
	s := newSwarm(t)
	for i := range 6 {
		s.add(fmt.Sprint(i))
	}
	s.Command = s.client(`work && land`)
	other, done, err := open(s.Dir)
	s.Must(err)
	defer done()
	other.Command, other.Tell = s.Command, s.note
	gone := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithCancel(t.Context())
		other.Tell = func(e Event) {
			s.note(e)
			if e.Kind == Landed {
				cancel()
			}
		}
		_, err := other.Run(ctx)
		gone <- err
	}()
	sum := s.runs(`work && land`)
	if err := <-gone; err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if !sum.Done() {
		t.Errorf("%+v", sum)
	}
	s.landedOnce(1, 2, 3, 4, 5, 6)
	s.areLeft()
}

// unlooked waits until no supervisor looks after a session: a git that a killed one was
// about to start keeps its locks until it has begun.
func (s *swarm) unlooked() {
	s.Helper()
	owners, err := filepath.Glob(filepath.Join(agents.PoolDir(s.Pool.Repo), "*", agents.PoolOwner))
	s.Must(err)
	for _, owner := range owners {
		for deadline := time.Now().Add(time.Minute); file.Locked(owner); time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				s.Fatal("a supervisor is there that was killed")
			}
		}
	}
}

// TestSupervisorKilled: a supervisor that is killed, at whatever moment, costs no task a
// try; the next one, or one beside it, goes on with what it finds. SWARM_KILLS says how
// many are killed.
func TestSupervisorKilled(t *testing.T) {
	t.Parallel()
	s := newSwarm(t)
	kills := 4
	if n, err := strconv.Atoi(os.Getenv("SWARM_KILLS")); err == nil {
		kills = n
	}
	var numbers []int
	for n := 1; n <= kills+2; n++ {
		numbers = append(numbers, n)
		if n > 2 {
			s.add(fmt.Sprint(n), n-2)
		} else {
			s.add(fmt.Sprint(n))
		}
	}
	s.Command, s.Tries = s.client(`work && land`), 1
	for round := 0; round < kills; round += 2 {
		var beside []*refstoretest.Worker
		for range 2 {
			beside = append(beside, refstoretest.Start(t, "pool", s.Dir, s.Command, "3s"))
		}
		for _, one := range beside {
			acks, killed := one.Ended(t)
			t.Logf("killed: %v, after %d events", killed, len(acks))
		}
	}
	s.unlooked()
	if sum := s.runs(`work && land`); !sum.Done() {
		t.Errorf("%+v", sum)
		all, _ := s.Backlog.List(t.Context())
		for _, one := range all {
			said, _ := os.ReadFile(LogPath(s.Pool.Repo, one.Number))
			t.Logf("#%d %s %s: %s", one.Number, one.State, one.Why, said)
		}
	}
	s.landedOnce(numbers...)
	s.areLeft()
	if entries, err := os.ReadDir(agents.PoolDir(s.Pool.Repo)); err != nil || len(entries) != len(numbers) {
		t.Errorf("%v, %v", entries, err)
	}
	if faults, _, err := task.Fsck(t.Context(), s.Backlog.Bus); err != nil || len(faults) > 0 {
		t.Errorf("%v, %v", faults, err)
	}
}
