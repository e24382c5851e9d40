package lock

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
)

// result is how a wait ended, and when.
type result struct {
	granted []Claim
	err     error
	at      time.Time
}

// waiting starts GrantWait as another process would, and returns once it has
// looked for the last time before it waits.
func (s *swarm) waiting(ctx context.Context, by string, r Request, wait time.Duration) <-chan result {
	s.Helper()
	looks, looked := atomic.Int64{}, make(chan struct{})
	b := s.open(refstore.Options{Now: s.clock.Now, Failpoint: func(point string) {
		if point == "queued" && looks.Add(1) == 2 { // the first look, and one with the watch set up
			close(looked)
		}
	}})
	done := make(chan result, 1)
	go func() {
		granted, err := NewClaims(b, staleAfter, false).GrantWait(ctx, by, r, Wait{Timeout: wait})
		done <- result{granted, err, time.Now()}
	}()
	within(s.TB, looked)
	return done
}

// A release wakes a waiter at once, whatever git has done to the refs meanwhile.
func TestGrantWait(t *testing.T) {
	for _, how := range []string{"release", "release all", "packed", "packed while waiting", "through git"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			s := newSwarm(t, "A", "B")
			s.grant("B", "src/x", "y")
			if how == "packed" {
				s.Git("pack-refs", "--all", "--prune")
			}
			done := s.waiting(bg, "A", Request{Paths: []string{"src", "z"}}, time.Minute)
			s.Must(s.Release(bg, "B", []string{"y"})) // which is not what it waits for
			if how == "packed while waiting" {
				s.Git("pack-refs", "--all", "--prune")
			}
			releaser := s.Claims
			if how == "through git" {
				releaser = NewClaims(s.open(refstore.Options{ThroughGit: true}), staleAfter, false)
			}
			var err error
			if how == "release all" {
				_, _, err = releaser.ReleaseAll(bg, "B")
			} else {
				_, err = releaser.Release(bg, "B", []string{"src/x"})
			}
			released := time.Now()
			s.Must(err)
			got := within(t, done)
			s.Must(got.err)
			t.Logf("granted %s after the release", got.at.Sub(released))
			if got.at.Sub(released) > soon/2 {
				t.Errorf("it took %s", got.at.Sub(released))
			}
			s.want("src A#2", "z A#2")
		})
	}
}

func TestGrantWaitRunsOut(t *testing.T) {
	s := newSwarm(t, "A", "B")
	s.grant("B", "x")
	const wait = 200 * time.Millisecond
	start := time.Now()
	_, err := s.GrantWait(bg, "A", Request{Paths: []string{"x"}}, Wait{Timeout: wait})
	var out *TimeoutError
	if !errors.As(err, &out) || out.Waited != wait || out.Held.Claim.Session != "B" || out.Held.Path != "x" {
		t.Errorf("it ends with %#v", err)
	}
	if held, ok := errors.AsType[*HeldError](err); !ok || held != out.Held || !errors.Is(err, refstore.ErrBusy) || err.Error() != held.Error() {
		t.Errorf("it ends with %v, which is no refusal to try again after", err)
	}
	if took := time.Since(start); took < wait || took > soon {
		t.Errorf("it took %s", took)
	}
	// Without a wait it is a plain refusal.
	if _, err := s.GrantWait(bg, "A", Request{Paths: []string{"x"}}, Wait{}); errors.As(err, &out) || errors.Is(err, refstore.ErrBusy) {
		t.Errorf("without a wait it ends with %v", err)
	}
	if granted, err := s.GrantWait(bg, "A", Request{Paths: []string{"free"}}, Wait{Timeout: time.Minute}); err != nil || len(granted) != 1 {
		t.Errorf("what is free gives %v, %v", granted, err)
	}
}

func TestGrantWaitCancelled(t *testing.T) {
	s := newSwarm(t, "A", "B")
	s.grant("B", "x")
	ctx, cancel := context.WithCancel(bg)
	done := s.waiting(ctx, "A", Request{Paths: []string{"x"}}, time.Minute)
	cancel()
	if got := within(t, done); !errors.Is(got.err, context.Canceled) {
		t.Errorf("it ends with %v", got.err)
	}
}

// Who waits to take over needs no sign: it looks again when the holder has been
// silent for long enough.
func TestGrantWaitTakesOver(t *testing.T) {
	s := newSwarm(t, "A", "B")
	c := NewClaims(s.open(refstore.Options{}), time.Second, false) // by the real clock
	_, err := c.Grant(bg, "B", Request{Paths: []string{"x"}})
	s.Must(err)
	start := time.Now()
	granted, err := c.GrantWait(bg, "A", Request{Paths: []string{"x"}, Takeover: true}, Wait{Timeout: time.Minute})
	if err != nil || len(granted) != 1 || time.Since(start) > soon {
		t.Errorf("granted %v, %v after %s", granted, err, time.Since(start))
	}
}

// A holder that is silent, but there, is looked at now and then until it ends.
func TestGrantWaitTakesOverWhenItEnds(t *testing.T) {
	s := newSwarm(t, "A", "B")
	s.grant("B", "x")
	s.clock.Advance(2 * staleAfter)
	looks := 0
	s.Present = func(string) bool { looks++; return looks < 4 }
	start := time.Now()
	if _, err := s.GrantWait(bg, "A", Request{Paths: []string{"x"}, Takeover: true}, Wait{Timeout: time.Minute}); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); looks != 4 || took < lookAgain {
		t.Errorf("it looked %d times in %s", looks, took)
	}
}

// While the clock stands still the waiter does not look again and again.
func TestGrantWaitIsQuiet(t *testing.T) {
	s := newSwarm(t, "A", "B")
	s.grant("B", "x")
	var looks atomic.Int64
	b := s.open(refstore.Options{Now: s.clock.Now, Failpoint: func(string) { looks.Add(1) }})
	_, err := NewClaims(b, time.Hour, false).GrantWait(bg, "A", Request{Paths: []string{"x"}, Takeover: true}, Wait{Timeout: 300 * time.Millisecond})
	if !errors.Is(err, refstore.ErrBusy) {
		t.Errorf("it ends with %v", err)
	}
	if n := looks.Load(); n > 5 {
		t.Errorf("it looked %d times", n)
	}
}

// A wait reports at once whom it waits for, then at most once a second, and says
// nothing once it is over.
func TestWaiting(t *testing.T) {
	for _, what := range []string{"claim", "claim taken over", "push lock"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := newSwarm(t, "A", "B")
			s.grant("B", "x")
			lease, _ := acquire(t, s.push(LeaseTime), "B")
			var told []time.Duration
			wait := Wait{Timeout: time.Minute, Waiting: func(holder string, waited time.Duration) {
				told = append(told, waited)
				if holder != "B" {
					t.Errorf("it waits for %q", holder)
				}
				if len(told) == 2 {
					s.Must(s.Release(bg, "B", []string{"x"}))
					release(t, lease)
				}
			}}
			start := time.Now()
			var err error
			if what == "push lock" {
				var l *Lease
				if l, _, err = s.push(LeaseTime).Acquire(bg, "A", wait); err == nil {
					defer release(t, l)
				}
			} else {
				_, err = s.GrantWait(bg, "A", Request{Paths: []string{"x"}, Takeover: what == "claim taken over"}, wait)
			}
			took := time.Since(start)
			s.Must(err)
			for i := range told {
				if i > 0 && told[i].Truncate(time.Second) <= told[i-1].Truncate(time.Second) {
					t.Errorf("told after %s", told)
				}
			}
			if len(told) < 2 || told[0] > soon || took < time.Second || told[len(told)-1] > took {
				t.Errorf("told after %s; it took %s", told, took)
			}
		})
	}
}

// What is free is had without a word.
func TestWaitingForNothing(t *testing.T) {
	s := newSwarm(t, "A", "B")
	silent := Wait{Timeout: time.Minute, Waiting: func(holder string, _ time.Duration) { t.Errorf("it waits for %s", holder) }}
	if _, err := s.GrantWait(bg, "A", Request{Paths: []string{"x"}}, silent); err != nil {
		t.Error(err)
	}
	l, _, err := s.push(LeaseTime).Acquire(bg, "A", silent)
	s.Must(err)
	release(t, l)
	if _, err := s.GrantWait(bg, "B", Request{Paths: []string{"x"}}, Wait{Waiting: silent.Waiting}); err == nil {
		t.Error("granted twice")
	}
}
