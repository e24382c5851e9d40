package lock

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// A holder from which the lock was taken learns of it, and leaves the new holder alone.
func TestPushLockLost(t *testing.T) {
	t.Parallel()
	s := newSwarm(t, "A", "B")
	const lease = 6 * time.Second
	p := s.push(lease)
	g, held := acquire(t, p, "A")
	start := time.Now()
	p.plant(t, elsewhere(2))
	if err := g.Renew(bg); !errors.Is(err, ErrLost) {
		t.Errorf("Renew gives %v", err)
	}
	within(t, held.Done())
	if took := time.Since(start); took >= lease {
		t.Errorf("it took %s to learn of it", took)
	}
	if cause := context.Cause(held); !errors.Is(cause, ErrLost) {
		t.Errorf("the context ended with %v", cause)
	}
	release(t, g)
	if h, err := p.Holder(bg); err != nil || h == nil || h.Session != "B" || h.Epoch != 2 {
		t.Errorf("the holder is %+v, %v", h, err)
	}
	if err := g.Renew(bg); !errors.Is(err, ErrLost) {
		t.Errorf("Renew gives %v after the release", err)
	}
	s.healthy()
}

// So does one whose lock was taken and released since.
func TestPushLockLostAndFree(t *testing.T) {
	s := newSwarm(t, "A", "B")
	p := s.push(LeaseTime)
	g, _ := acquire(t, p, "A")
	free := elsewhere(2)
	free.State = stateFree
	p.plant(t, free)
	if err := g.Renew(bg); !errors.Is(err, ErrLost) {
		t.Errorf("Renew gives %v", err)
	}
	release(t, g)
	if g, _ := acquire(t, p, "A"); g.epoch != 3 {
		t.Errorf("the next epoch is %d", g.epoch)
	}
}

// A holder that cannot renew the lock for a whole lease must take it for lost.
func TestPushLockCannotRenew(t *testing.T) {
	s := newSwarm(t, "A")
	g, held := acquire(t, s.push(time.Second), "A")
	queue, err := os.OpenFile(filepath.Join(s.Dir, ".git", "swarm", "redo"), os.O_RDWR, 0)
	s.Must(err)
	s.Must(syscall.Flock(int(queue.Fd()), syscall.LOCK_EX))
	start := time.Now()
	within(t, held.Done())
	if cause := context.Cause(held); !errors.Is(cause, ErrLost) {
		t.Errorf("the context ended with %v", cause)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it believed in a lock of one second for %s", took)
	}
	queue.Close()
	release(t, g) // nobody took it
	if h, err := g.lock.Holder(bg); h != nil || err != nil {
		t.Errorf("the holder is %+v, %v", h, err)
	}
}

// The process of a holder on this machine was killed: the lock is free at once,
// however long its lease, for those who wait already too.
func TestPushLockOfKilled(t *testing.T) {
	for _, how := range []string{"gone", "zombie", "while waiting"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			s := newSwarm(t, "A", "B")
			p := s.push(time.Hour)
			h := s.holder("A")
			var no *PushHeldError
			if _, _, err := p.Acquire(bg, "B", Wait{}); !errors.As(err, &no) || no.Holder.PID != h.Process.Pid {
				t.Fatalf("beside its holder one gets %v", err)
			}
			got := make(chan *Lease, 1)
			waits := make(chan struct{})
			var once sync.Once
			wait := func() {
				g, _, err := p.Acquire(bg, "B", Wait{Timeout: time.Minute, Waiting: func(string, time.Duration) { once.Do(func() { close(waits) }) }})
				if err != nil {
					t.Error(err)
				}
				got <- g
			}
			switch how {
			case "while waiting":
				go wait()
				within(t, waits)
				s.Must(h.Process.Kill())
				_ = h.Wait()
			case "zombie":
				refstoretest.Zombie(t, h.Process)
				wait()
			case "gone":
				s.Must(h.Process.Kill())
				_ = h.Wait()
				wait()
			}
			g := within(t, got)
			if g == nil {
				t.FailNow()
			}
			if g.epoch != 2 {
				t.Errorf("the epoch is %d", g.epoch)
			}
			release(t, g)
			if got := s.Git("log", "-1", "--skip=1", "--format=%s", LocksRef); got != "push lock: held by B, taken over from A" {
				t.Errorf("the log says %q", got)
			}
			s.healthy()
		})
	}
}

// A lock whose pid is another process's by now is free.
func TestPushLockOfReusedPID(t *testing.T) {
	s := newSwarm(t, "A", "B")
	p := s.push(time.Hour)
	state := elsewhere(1)
	mark := file.ProcessMark(os.Getpid())
	if mark == "" {
		t.Skip("no /proc here")
	}
	space, _, _ := strings.Cut(mark, " ")
	state.PID, state.Process = os.Getpid(), space+" 1"
	p.plant(t, state)
	g, _, err := p.Acquire(bg, "A", Wait{})
	s.Must(err)
	release(t, g)
}
