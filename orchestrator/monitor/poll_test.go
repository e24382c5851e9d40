package monitor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// soon is more than any notification takes.
const soon = 30 * time.Second

// polled is a Poller at work, and what it finds.
type polled struct {
	*swarm
	events chan string
	ended  chan error
	end    context.CancelFunc
}

// poll starts a Poller that looks only when something moves.
func (s *swarm) poll(prepare func(context.Context) error, again func(error) (time.Duration, bool)) *polled {
	ctx, cancel := context.WithCancel(s.Context())
	p := &polled{s, make(chan string, 100), make(chan error, 1), cancel}
	poller := Poller{
		Monitor: s.m, Interval: time.Hour, Prepare: prepare, Again: again,
		Show: func(ctx context.Context, _ *Snapshot) error {
			_, events, err := s.m.Tick(ctx)
			for _, e := range events {
				p.events <- strings.TrimSpace(e.Kind + " " + e.Session)
			}
			return err
		},
	}
	go func() { p.ended <- poller.Run(ctx) }()
	s.Cleanup(func() { cancel(); <-p.ended })
	return p
}

// sees waits for just these events, in this order.
func (p *polled) sees(want ...string) {
	p.Helper()
	var got []string
	timeout := time.After(soon)
	for len(got) < len(want) {
		select {
		case e := <-p.events:
			got = append(got, e)
		case err := <-p.ended:
			p.ended <- err
			p.Fatalf("the poll ended with %v after %q, waiting for %q", err, got, want)
		case <-timeout:
			p.Fatalf("saw %q, not %q", got, want)
		}
	}
	if !slices.Equal(got, want) {
		p.Fatalf("saw %q, not %q", got, want)
	}
}

func never(error) (time.Duration, bool) { return 0, false }

// TestPoll: each change is seen when it happens, long before the interval is over,
// whichever ref it moves and whoever moves it.
func TestPoll(t *testing.T) {
	s, ctx := newSwarm(t, 2), t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	p := s.poll(s.m.Beat, never)
	p.sees("joined S000", "joined S001")

	note := "on B"
	blocked := bus.Blocked
	must(s.m.Bus.SetStatus(ctx, "S000", "S000", bus.Change{Status: &blocked, Note: &note}, nil))
	p.sees("blocked S000")
	_, err := s.m.Bus.Send(ctx, "S001", bus.Orchestrator, "help")
	must(err)
	p.sees("message S001")
	s.git("pack-refs", "--all")
	_, err = s.m.Bus.Send(ctx, "S000", bus.Orchestrator, "packed")
	must(err)
	p.sees("message S000")

	lease, _, err := s.m.Push.Acquire(ctx, "S001", lock.Wait{})
	must(err)
	p.sees("lock S001")
	must(lease.Release(ctx))

	s.branch(0, "a.txt", "1\n2\n3\nfour\n5\n6\n7\n8\n9\n")
	s.branch(1, "a.txt", "1\n2\n3\nvier\n5\n6\n7\n8\n9\n")
	p.sees("collision S000")
	s.branch(1, "b.txt", "elsewhere\n")
	p.sees("clear S000")

	_, err = s.m.Bus.Register(ctx, []bus.Registration{{ID: "late", Workstream: "late"}})
	must(err)
	p.sees("joined late")
	p.end()
	if err := <-p.ended; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
	p.ended <- nil
}

// TestPollNothingLost: what changes while the last look is being shown is seen.
func TestPollNothingLost(t *testing.T) {
	s := newSwarm(t, 1)
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	looks := 0
	poller := Poller{Monitor: s.m, Interval: time.Hour, Again: never, Show: func(_ context.Context, now *Snapshot) error {
		if looks++; len(now.Messages) == 3 {
			cancel()
			return nil
		}
		_, err := s.m.Bus.Send(ctx, "S000", bus.Orchestrator, fmt.Sprint("look ", looks))
		return err
	}}
	if err := poller.Run(ctx); !errors.Is(err, context.Canceled) || looks != 4 {
		t.Errorf("%d looks, then %v", looks, err)
	}
}

// TestPollFails: after a passing failure it looks again; another one ends it, also
// one of Prepare.
func TestPollFails(t *testing.T) {
	s := newSwarm(t, 1)
	busy, broken := errors.New("busy"), errors.New("broken")
	errs := []error{busy, busy, nil}
	p := s.poll(func(context.Context) error {
		if len(errs) == 0 {
			return broken
		}
		err := errs[0]
		errs = errs[1:]
		return err
	}, func(err error) (time.Duration, bool) { return 0, errors.Is(err, busy) })
	p.sees("joined S000")
	if _, err := s.m.Bus.Send(t.Context(), "S000", bus.Orchestrator, "wake up"); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-p.ended:
		if !errors.Is(err, broken) {
			t.Errorf("ended with %v", err)
		}
		p.ended <- err
	case <-time.After(soon):
		t.Fatal("goes on after a failure that does not pass")
	}
}

// TestPollInterval: silence moves no ref, and is seen at the interval.
func TestPollInterval(t *testing.T) {
	s := newSwarm(t, 1)
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	var stale []string
	poller := Poller{Monitor: s.m, Interval: 10 * time.Millisecond, Again: never, Show: func(_ context.Context, now *Snapshot) error {
		if s.now = s.now.Add(10 * time.Minute); len(now.Stale) > 0 {
			stale = now.Stale
			cancel()
		}
		return nil
	}}
	if err := poller.Run(ctx); !errors.Is(err, context.Canceled) || !slices.Equal(stale, []string{"S000"}) {
		t.Errorf("stale: %q, %v", stale, err)
	}
}
