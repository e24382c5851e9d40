package refstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// together has changes that wait go along with one another's push however slow the machine is.
var together = Options{HubGather: 10 * time.Minute, HubPatience: 10 * time.Minute}

// group has as many commands of the clone take something while another has the turn, and
// returns what each was told. begun is called when all of them wait.
func group(t *testing.T, h *fakeHub, r *gitRepo, n int, begun func(), do func(i int, s *Store) error) (told []error) {
	t.Helper()
	first := h.open(t, r, "desk", Options{})
	turn, err := first.hubTurn(bg)
	if err != nil {
		t.Fatal(err)
	}
	told = make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			s := h.open(t, r, "desk", together)
			told[i] = do(i, s)
		})
	}
	allWait(first, n)
	begun()
	turn.end()
	all.Wait()
	return told
}

// allWait returns when that many commands of the clone wait for the turn.
func allWait(s *Store, n int) {
	for len(s.hubWaiters()) < n {
		time.Sleep(time.Millisecond)
	}
}

// Changes that wait for the turn in one clone go in one push, each upon those before it;
// what is refused has its own answer, by what it would have been made upon.
func TestHubGroup(t *testing.T) {
	h := newFakeHub(11)
	h.slow = 100 * time.Millisecond
	r, s := h.clone(t, "desk")
	_, other := h.clone(t, "lap")
	h.pushes, h.fetches = 0, 0
	const n = 6
	errTaken := errors.New("somebody else has it")
	before := make([]string, n)
	told := group(t, h, r, n, func() {}, func(i int, s *Store) (err error) {
		if i%3 == 2 { // two that want the same
			return s.Update(bg, "A", func(tx *Tx) error {
				table, err := tx.Table("refs/swarm/locks")
				if err != nil {
					return err
				}
				if _, err := table.Get("one"); err == nil {
					return errTaken
				}
				if err := table.Put("one", fmt.Append(nil, i)); err != nil {
					return err
				}
				_, err = tx.Record("refs/swarm/locks", Entry{Body: "one"})
				return err
			})
		}
		before[i], err = take(s, "A", "push", fmt.Sprintf("w%d", i), "B")
		return err
	})
	granted := 0
	for i, err := range told {
		switch {
		case err == nil && i%3 == 2:
			granted++
		case err != nil && !errors.Is(err, errTaken):
			t.Errorf("%d: %v", i, err)
		}
	}
	if granted != 1 {
		t.Errorf("%d have what one can have", granted)
	}
	if h.pushes != 1 || h.fetches > 3 {
		t.Errorf("%d pushes, %d fetches for %d changes", h.pushes, h.fetches, n)
	}
	mustRefresh(t, s, other)
	var history []string
	for _, word := range bodies(t, s, "refs/swarm/locks") {
		if word != "one" {
			history = append(history, word)
		}
	}
	for i, err := range told {
		at := slices.Index(history, fmt.Sprintf("w%d", i))
		if err == nil && i%3 != 2 && (at < 0 || before[i] != strings.Join(history[:at], " ")) {
			t.Errorf("w%d was made upon %q: %q", i, before[i], history)
		}
	}
	told2, want := bodies(t, other, "refs/swarm/inbox/B"), slices.Clone(history)
	if !slices.Equal(told2, want) || !slices.Equal(bodies(t, s, "refs/swarm/inbox/B"), want) {
		t.Errorf("B was told of %q, not %q", told2, want)
	}
	checkWhole(t, s)
	checkWhole(t, other)
	if all, err := os.ReadDir(s.hubFile(waitingDir)); err != nil || len(all) > 0 {
		t.Errorf("of those who waited are left %v, %v", all, err)
	}
}

// What comes while a group is being pushed goes together, too, in the next one.
func TestHubGroupNext(t *testing.T) {
	h := newFakeHub(15)
	h.slow = 100 * time.Millisecond
	r, s := h.clone(t, "desk")
	h.pushes = 0
	const n = 3
	var once sync.Once
	var later sync.WaitGroup
	word := func(s *Store, word string) {
		if _, err := take(s, "A", "push", word, ""); err != nil {
			t.Errorf("%s: %v", word, err)
		}
	}
	group(t, h, r, n, func() {}, func(i int, s *Store) error {
		s.opts.Failpoint = func(p string) {
			if p != "push" {
				return
			}
			once.Do(func() {
				for j := range n {
					later.Go(func() { word(h.open(t, r, "desk", together), fmt.Sprintf("later %d", j)) })
				}
				allWait(s, n)
			})
		}
		word(s, fmt.Sprintf("w%d", i))
		return nil
	})
	later.Wait()
	if got := bodies(t, s, "refs/swarm/locks"); len(got) != 2*n || h.pushes != 2 {
		t.Errorf("%d pushes for %q", h.pushes, got)
	}
}

// Where another clone is first, or the hub refuses what goes along, everybody's change is
// built anew; where no answer comes, everybody asks the hub.
func TestHubGroupFails(t *testing.T) {
	t.Run("stale", func(t *testing.T) {
		h := newFakeHub(12)
		h.slow = 50 * time.Millisecond
		r, s := h.clone(t, "desk")
		_, other := h.clone(t, "lap")
		told := group(t, h, r, 4, func() {
			if _, err := take(other, "B", "push", "first", ""); err != nil {
				t.Error(err)
			}
		}, func(i int, s *Store) error {
			_, err := take(s, "A", "push", fmt.Sprintf("w%d", i), "")
			return err
		})
		if err := errors.Join(told...); err != nil {
			t.Error(err)
		}
		if got := bodies(t, s, "refs/swarm/locks"); len(got) != 5 || got[0] != "first" {
			t.Errorf("%q", got)
		}
		checkWhole(t, s)
	})
	t.Run("refused", func(t *testing.T) {
		h := newFakeHub(13)
		h.slow = 50 * time.Millisecond
		h.forbidden = "not this"
		r, s := h.clone(t, "desk")
		told := group(t, h, r, 4, func() {}, func(i int, s *Store) error {
			word := fmt.Sprintf("w%d", i)
			if i == 1 {
				word = h.forbidden
			}
			_, err := take(s, "A", "push", word, "")
			return err
		})
		for i, err := range told {
			if refused := errors.As(err, new(*RefusedError)); refused != (i == 1) || !refused && err != nil {
				t.Errorf("%d: %v", i, err)
			}
		}
		if got := bodies(t, s, "refs/swarm/locks"); len(got) != 3 {
			t.Errorf("%q", got)
		}
	})
	t.Run("no answer", func(t *testing.T) {
		h := newFakeHub(16)
		h.slow = 50 * time.Millisecond
		r, s := h.clone(t, "desk")
		var sent [4]bool
		told := group(t, h, r, len(sent), func() { // a change was made a moment ago: the next command fetches first
			turn := &hubTurn{store: s, past: hubPast{made: time.Now().UnixMilli(), took: time.Hour.Milliseconds()}}
			turn.remember()
		}, func(i int, s *Store) error {
			s.opts.Failpoint = func(p string) {
				sent[i] = sent[i] || p == "joined" || p == "push"
				if p == "push" {
					h.Lock()
					defer h.Unlock()
					h.away = true
				}
			}
			_, err := take(s, "A", "push", fmt.Sprintf("w%d", i), "")
			return err
		})
		for i, err := range told {
			var away *HubError
			if !errors.As(err, &away) || away.InDoubt != sent[i] {
				t.Errorf("w%d was sent: %t, and was told: %v", i, sent[i], err)
			}
		}
	})
}

// Whichever command is killed, and wherever: what the others were told is so, and what was
// not acknowledged is there once or not at all.
func TestHubGroupKilled(t *testing.T) {
	for _, point := range []string{"gathered", "push", "pushed", "logged", "written", "renamed", "joined"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			h := newFakeHub(14)
			h.slow = 50 * time.Millisecond
			r, s := h.clone(t, "desk")
			_, other := h.clone(t, "lap")
			var one sync.Once
			const n = 5
			told := group(t, h, r, n, func() {}, func(i int, s *Store) (err error) {
				doomed := h.open(t, r, "desk", Options{})
				doomed.opts.Failpoint = func(p string) {
					if p == point {
						one.Do(func() { panic("killed") })
					}
				}
				defer func() {
					if recover() != nil { // the kernel gives up its locks; here the process lives on
						_ = doomed.Close()
						err = context.Canceled
					}
				}()
				_, err = take(doomed, "A", "push", fmt.Sprintf("w%d", i), "B")
				return err
			})
			mustRefresh(t, s, other)
			mustRefresh(t, s, other)
			history := bodies(t, s, "refs/swarm/locks")
			killed := 0
			for i, err := range told {
				count := 0
				for _, word := range history {
					if word == fmt.Sprintf("w%d", i) {
						count++
					}
				}
				switch {
				case errors.Is(err, context.Canceled):
					killed++
				case err != nil:
					t.Errorf("w%d: %v", i, err)
				}
				if count > 1 || err == nil && count == 0 {
					t.Errorf("w%d (%v) is %d times in %q", i, err, count, history)
				}
			}
			if killed != 1 {
				t.Errorf("%d were killed: %v", killed, told)
			}
			if theirs := bodies(t, other, "refs/swarm/locks"); !slices.Equal(theirs, history) || r.tip("refs/swarm/locks") != h.refs["locks"] {
				t.Errorf("here are %q, there %q", history, theirs)
			}
			if got := bodies(t, other, "refs/swarm/inbox/B"); !slices.Equal(got, history) {
				t.Errorf("B was told of %q, not %q", got, history)
			}
			checkWhole(t, s)
			checkWhole(t, other)
		})
	}
}

// A command that goes along with the push of another one, which is stopped in it, ends when
// its patience does. It does not know what became of its change.
func TestHubGroupStopped(t *testing.T) {
	t.Parallel()
	for try := 1; ; try++ {
		h := newFakeHub(23)
		r, _ := h.clone(t, "desk")
		stopped, goes := make(chan struct{}), make(chan struct{})
		var joined bool
		told := make(chan error, 2)
		turn, err := h.open(t, r, "desk", Options{}).hubTurn(bg)
		if err != nil {
			t.Fatal(err)
		}
		for range cap(told) {
			s := h.open(t, r, "desk", Options{HubPatience: 3 * time.Second, HubGather: together.HubGather})
			s.opts.Failpoint = func(p string) {
				switch p {
				case "joined":
					joined = true
				case "push":
					close(stopped)
					<-goes
				}
			}
			go func() {
				_, err := take(s, "A", "push", "w", "")
				told <- err
			}()
		}
		allWait(turn.store, cap(told))
		turn.end()
		<-stopped
		select {
		case err = <-told:
		case <-time.After(time.Minute):
			t.Fatal("who goes along still waits")
		}
		close(goes)
		if first := <-told; first != nil {
			t.Errorf("who was stopped: %v", first)
		}
		var away *HubError
		switch {
		case joined:
			if !errors.As(err, &away) || !away.InDoubt || !errors.Is(err, ErrBusy) {
				t.Errorf("who went along was told: %v", err)
			}
			if got := bodies(t, turn.store, "refs/swarm/locks"); len(got) != 2 {
				t.Errorf("%q", got)
			}
			return
		case !errors.Is(err, ErrBusy) || errors.As(err, &away):
			t.Errorf("who did not go along was told: %v", err)
		case try == 5:
			t.Fatal("nobody went along")
		}
	}
}

// Who waits for the turn and never answers holds up nobody for long, and its change is not
// made; a landing, which moves a branch, takes nobody along.
func TestHubGroupSilent(t *testing.T) {
	h := newFakeHub(24)
	r, s := h.clone(t, "desk")
	silent := s.announce()
	defer silent.answered()
	if _, err := take(s, "A", "push", "w", ""); err != nil {
		t.Error(err)
	}
	var joined atomic.Int32
	h.pushes = 0
	told := group(t, h, r, 3, func() {}, func(i int, s *Store) error {
		s.opts.Failpoint = func(p string) {
			if p == "joined" {
				joined.Add(1)
			}
		}
		return s.Update(bg, "A", func(tx *Tx) error {
			if _, err := tx.Record("refs/swarm/locks", Entry{Body: fmt.Sprintf("w%d", i)}); err != nil {
				return err
			}
			return tx.Along(fmt.Sprintf("refs/heads/b%d", i), "", s.repo.Algo.EmptyTree())
		})
	})
	if err := errors.Join(told...); err != nil || joined.Load() > 0 || h.pushes != 3 {
		t.Errorf("%d pushes, %d went along: %v", h.pushes, joined.Load(), err)
	}
}
