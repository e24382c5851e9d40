package lock

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// push is the push lock as another process would open it.
func (s *swarm) push(lease time.Duration) *PushLock {
	return NewPushLock(s.open(refstore.Options{Now: s.clock.Now}), lease)
}

// acquire takes the lock, which must be free or freed in time.
func acquire(t *testing.T, p *PushLock, by string) (*Lease, context.Context) {
	t.Helper()
	g, held, err := p.Acquire(bg, by, Wait{Timeout: 2 * soon})
	if err != nil {
		t.Fatal(err)
	}
	return g, held
}

func release(t *testing.T, g *Lease) {
	t.Helper()
	if err := g.Release(bg); err != nil {
		t.Fatal(err)
	}
}

// plant puts a state of the lock into the ref, as the process that it names
// would have done.
func (p *PushLock) plant(t *testing.T, s pushState) {
	t.Helper()
	err := p.bus.Update(bg, s.Session, func(tx *refstore.Tx, by string) error {
		s.Version, s.Since, s.Expires = refstore.FormatVersion, tx.At().UTC(), tx.At().UTC().Add(p.leaseTime)
		content, err := refstore.EncodeState(&s)
		if err != nil {
			return err
		}
		table, err := tx.Table(LocksRef)
		if err != nil {
			return err
		}
		if err := table.Put(pushPath, content); err != nil {
			return err
		}
		_, err = tx.Record(LocksRef, refstore.Entry{Body: "push lock: held by " + by})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// elsewhere is a holder of which nothing can be known from here.
func elsewhere(epoch int) pushState {
	return pushState{State: stateHeld, Session: "B", Host: "elsewhere", PID: 1, Process: "other-boot/1 1", Epoch: epoch, Nonce: "n"}
}

func TestPushLock(t *testing.T) {
	s := newSwarm(t, "A", "B")
	p, other := s.push(LeaseTime), s.push(LeaseTime)
	if h, err := p.Holder(bg); h != nil || err != nil {
		t.Errorf("before all, the holder is %+v, %v", h, err)
	}
	g, held := acquire(t, p, "a")
	h, err := other.Holder(bg)
	s.Must(err)
	host, _ := os.Hostname()
	now := s.clock.Now()
	if want := (PushHolder{Session: "A", Host: host, PID: os.Getpid(), Since: now, Expires: now.Add(LeaseTime), Epoch: 1}); *h != want {
		t.Errorf("the holder is %+v, want %+v", *h, want)
	}
	for _, by := range []string{"B", "A"} {
		var no *PushHeldError
		if _, _, err := other.Acquire(bg, by, Wait{}); !errors.As(err, &no) || no.Holder != *h {
			t.Errorf("%s gets %v", by, err)
		}
	}
	s.clock.Advance(time.Hour) // the clock of the wall decides nothing
	if _, _, err := other.Acquire(bg, "B", Wait{Timeout: time.Millisecond}); err == nil {
		t.Error("a lock was taken because of the time of day")
	}
	release(t, g)
	if h, err := p.Holder(bg); h != nil || err != nil {
		t.Errorf("after the release, the holder is %+v, %v", h, err)
	}
	if held.Err() != nil {
		t.Errorf("the context ended with %v", context.Cause(held))
	}
	release(t, g) // once more changes nothing
	g2, _ := acquire(t, other, "B")
	if h, err := p.Holder(bg); err != nil || h.Session != "B" || h.Epoch != 2 {
		t.Errorf("the holder is %+v, %v", h, err)
	}
	release(t, g) // nor does it when another has the lock
	if h, err := p.Holder(bg); err != nil || h == nil || h.Session != "B" {
		t.Errorf("the holder is %+v, %v", h, err)
	}
	release(t, g2)
	want := "B: push lock: released by B\nB: push lock: held by B\nA: push lock: released by A\nA: push lock: held by A"
	if got := s.Git("log", "--format=%an: %s", LocksRef); got != want {
		t.Errorf("the log says %q", got)
	}
	s.healthy()
}

func TestPushLockUnknownSession(t *testing.T) {
	s := newSwarm(t, "A")
	var unknown *bus.UnknownSessionError
	if _, _, err := s.push(LeaseTime).Acquire(bg, "Z", Wait{Timeout: soon}); !errors.As(err, &unknown) {
		t.Errorf("an unknown session gets %v", err)
	}
}

// A waiter gets the lock when it is released, and not before.
func TestPushLockWaiters(t *testing.T) {
	s := newSwarm(t, "A", "B", "C", "D")
	g, _ := acquire(t, s.push(LeaseTime), "A")
	got, waits := make(chan *Lease), make(chan string, 100)
	for _, by := range []string{"B", "C", "D"} {
		p := s.push(LeaseTime)
		go func() {
			g, _, err := p.Acquire(bg, by, Wait{Timeout: time.Minute, Waiting: func(string, time.Duration) { waits <- by }})
			if err != nil {
				t.Error(err)
			}
			got <- g
		}()
	}
	for waiting := map[string]bool{}; len(waiting) < 3; {
		waiting[within(t, waits)] = true
	}
	for range 3 {
		select {
		case g := <-got:
			t.Fatalf("%s got the lock beside %s", g.by, "its holder")
		default:
		}
		release(t, g)
		if g = within(t, got); g == nil {
			t.FailNow()
		}
	}
	release(t, g)
	if n := strings.Count(s.Git("log", "--format=%s", LocksRef), "taken over"); n > 0 {
		t.Errorf("%d of them did not wait", n)
	}
}

func TestPushLockWaitRunsOut(t *testing.T) {
	s := newSwarm(t, "A", "B")
	g, _ := acquire(t, s.push(LeaseTime), "A")
	defer release(t, g)
	const wait = 300 * time.Millisecond
	start := time.Now()
	_, _, err := s.push(LeaseTime).Acquire(bg, "B", Wait{Timeout: wait})
	var no *PushHeldError
	if !errors.As(err, &no) || no.Waited != wait || no.Holder.Session != "A" {
		t.Errorf("after the wait: %#v", err)
	}
	if took := time.Since(start); took < wait || took > soon {
		t.Errorf("it waited %s", took)
	}
	ctx, cancel := context.WithCancel(bg)
	ended := make(chan error)
	go func() {
		_, _, err := s.push(LeaseTime).Acquire(ctx, "B", Wait{Timeout: time.Minute, Waiting: func(string, time.Duration) { cancel() }})
		ended <- err
	}()
	if err := within(t, ended); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled, it ends with %v", err)
	}
}

// The holder renews the lock while it holds it: same grant, another state.
func TestPushLockRenewal(t *testing.T) {
	s := newSwarm(t, "A")
	p := s.push(time.Second)
	g, held := acquire(t, p, "A")
	first, _, err := p.read(bg)
	s.Must(err)
	watch := p.bus.Store().Watch(LocksRef)
	defer watch.Close()
	s.clock.Advance(time.Minute)
	nonces := map[string]bool{first.Nonce: true}
	for limit := time.Now().Add(2 * soon); len(nonces) < 4 && time.Now().Before(limit); {
		ctx, cancel := context.WithTimeout(bg, soon)
		s.Must(watch.Wait(ctx))
		cancel()
		now, _, err := p.read(bg)
		s.Must(err)
		if now.State != stateHeld || now.Epoch != 1 || !now.Since.Equal(first.Since) {
			t.Fatalf("renewed to %+v", now)
		}
		if !nonces[now.Nonce] && !now.Expires.Equal(s.clock.Now().Add(time.Second)) {
			t.Errorf("it expires at %s", now.Expires)
		}
		nonces[now.Nonce] = true
	}
	if len(nonces) < 4 || held.Err() != nil {
		t.Errorf("%d states, %v", len(nonces), context.Cause(held))
	}
	release(t, g)
	s.healthy()
}

// A holder of which nothing can be known keeps the lock for as long as it gives
// a sign within its lease, by the waiter's own clock.
func TestWaitersClock(t *testing.T) {
	w := &waiter{lock: &PushLock{leaseTime: time.Hour}}
	state := elsewhere(1)
	for round := range 3 {
		state.Nonce = strconv.Itoa(round)
		for range 2 {
			if w.dead(&state) {
				t.Fatalf("round %d: given up at first sight", round)
			}
		}
		w.since = w.since.Add(-59 * time.Minute)
		if w.dead(&state) {
			t.Fatalf("round %d: given up within its lease", round)
		}
	}
	w.since = w.since.Add(-2 * time.Minute)
	if !w.dead(&state) {
		t.Error("not given up after its lease")
	}
}

func TestPushLockOfAnotherHost(t *testing.T) {
	for what, state := range map[string]pushState{
		"another host": elsewhere(7),
		"no mark":      {State: stateHeld, Session: "B", Host: "here", PID: os.Getpid(), Epoch: 7, Nonce: "n"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := newSwarm(t, "A", "B")
			const lease = 700 * time.Millisecond
			p := s.push(lease)
			p.plant(t, state)
			var no *PushHeldError
			if _, _, err := p.Acquire(bg, "A", Wait{}); !errors.As(err, &no) {
				t.Fatalf("without a wait it gets %v", err)
			}
			if _, _, err := p.Acquire(bg, "A", Wait{Timeout: lease / 3}); !errors.As(err, &no) || no.Holder.Epoch != 7 {
				t.Fatalf("within the lease it gets %v", err)
			}
			start := time.Now()
			g, _ := acquire(t, p, "A")
			if took := time.Since(start); took < lease {
				t.Errorf("taken over after %s of %s", took, lease)
			}
			if h, err := p.Holder(bg); err != nil || h.Session != "A" || h.Epoch != 8 {
				t.Errorf("the holder is %+v, %v", h, err)
			}
			release(t, g)
			if got := s.Git("log", "--format=%s", LocksRef); !strings.Contains(got, "push lock: held by A, taken over from B\n") {
				t.Errorf("the log says %q", got)
			}
		})
	}
}
