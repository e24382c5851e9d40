package bus

import (
	"context"
	"testing"
	"time"
)

// TestSyncWait: who waits is shown what is said once it has looked, and nothing when the
// time is over; what is said by others to others does not end the wait.
func TestSyncWait(t *testing.T) {
	s := newSwarm(t, "A", "B", "C")
	began := time.Now()
	err := s.SyncWait(bg, "A", 20*time.Millisecond, func(n *News) error { t.Errorf("news: %q", n.lines()); return nil })
	if err != nil || time.Since(began) < 20*time.Millisecond {
		t.Errorf("nothing was new: %v after %s", err, time.Since(began))
	}
	other := s.open()
	looked := other.Store().Watch(SeenRef("B"))
	defer looked.Close()
	ctx, cancel := context.WithCancel(bg)
	defer cancel()
	shown, ended := make(chan []string, 1), make(chan error, 1)
	go func() {
		ended <- s.SyncWait(ctx, "b", time.Minute, func(n *News) error { shown <- n.lines(); return nil })
	}()
	if err := looked.Wait(bg); err != nil { // its first look is over
		t.Fatal(err)
	}
	s.send("A", "C", "for C")
	s.send("A", "B", "for B")
	if got := <-shown; len(got) != 1 {
		t.Errorf("B is shown %q", got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	cancel()
	if err := s.SyncWait(ctx, "B", time.Minute, func(*News) error { return nil }); err == nil {
		t.Error("who is told to end waits on")
	}
}
