package refstore

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"
)

// A transaction that nothing stands in the way of runs no timer; one that waits does.
func TestPatienceArmedLate(t *testing.T) {
	const ref = "refs/swarm/a"
	r := plain(t)
	armed := func(opts Options) bool {
		var used *patience
		err := r.open(opts).Update(bg, "A", func(tx *Tx) error {
			used = tx.ctx.(*patience)
			_, err := tx.Append(ref, Entry{Body: "x"})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return used.timed != nil
	}
	if armed(Options{}) {
		t.Error("a timer runs though nothing was waited for")
	}
	attempts := 0
	r.write(ref+".lock", "another's")
	if !armed(Options{Timeout: time.Minute, Failpoint: func(point string) {
		if point == "queued" {
			if attempts++; attempts == 2 {
				os.Remove(r.path(ref + ".lock"))
			}
		}
	}}) {
		t.Error("no timer runs though a lock was waited for")
	}
	r.clean()
}

// It ends as the context of context.WithTimeoutCause would.
func TestPatience(t *testing.T) {
	s := plain(t).open(Options{Timeout: time.Millisecond})
	ends := func(name string, ctx context.Context, want, cause error) {
		t.Helper()
		<-ctx.Done()
		if err := ctx.Err(); !errors.Is(err, want) || !errors.Is(context.Cause(ctx), cause) {
			t.Errorf("%s: %v, by %v", name, err, context.Cause(ctx))
		}
	}
	ctx, cancel := s.patient(bg)
	defer cancel()
	ends("waited for", ctx, context.DeadlineExceeded, ErrBusy)
	ctx, cancel = s.patient(bg)
	defer cancel()
	for ctx.Err() == nil {
		time.Sleep(time.Millisecond)
	}
	ends("looked at", ctx, context.DeadlineExceeded, ErrBusy)

	s = plain(t).open(Options{Timeout: time.Hour})
	called, off := context.WithCancelCause(bg)
	ctx, cancel = s.patient(called)
	defer cancel()
	child, done := context.WithCancel(ctx)
	defer done()
	fault := errors.New("called off")
	off(fault)
	ends("called off", ctx, context.Canceled, fault)
	ends("what came of it", child, context.Canceled, fault)

	soon, done := context.WithTimeout(bg, time.Millisecond)
	defer done()
	ctx, cancel = s.patient(soon)
	defer cancel()
	if at, ok := ctx.Deadline(); !ok || time.Until(at) > time.Minute {
		t.Errorf("it ends %v from now: %v", time.Until(at), ok)
	}
	ends("the caller's end", ctx, context.DeadlineExceeded, context.DeadlineExceeded)
}
