package refstore

import (
	"context"
	"errors"
	"testing"
	"time"
)

// With a pace what is published waits its time, and goes along with what must be
// granted; one process of the clone waits, and delivers what all have published.
func TestHubPace(t *testing.T) {
	h := newFakeHub(3)
	r, _ := h.clone(t, "desk")
	asked := 0
	open := func(pace time.Duration) *Store {
		return h.open(t, r, "desk", Options{HubPace: pace, Paced: func() { asked++ }})
	}
	s := open(time.Hour)
	h.pushes = 0
	for _, word := range []string{"one", "two", "three"} {
		if err := say(s, "A", word); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Refresh(bg, false); err != nil {
		t.Fatal(err)
	}
	if h.pushes != 1 || asked != 2 || s.HubTrouble() != nil {
		t.Errorf("%d pushes; %d waits were begun; %v", h.pushes, asked, s.HubTrouble())
	}
	if waiting, err := s.waiting(bg); err != nil || len(waiting) != 2 {
		t.Errorf("%d wait, %v", len(waiting), err)
	}
	if _, err := take(s, "A", "push", "x", "B"); err != nil {
		t.Fatal(err)
	}
	if waiting, err := s.waiting(bg); err != nil || len(waiting) != 0 || h.pushes != 2 {
		t.Errorf("%d wait, %v, after %d pushes", len(waiting), err, h.pushes)
	}

	waits := make(chan error, 1)
	ctx, cancel := context.WithCancelCause(bg)
	go func() {
		for { // while the other one is first
			if _, err := s.AwaitPace(ctx); err != nil {
				waits <- err
				return
			}
		}
	}()
	for waited := true; waited; { // until the other one waits, and this one need not
		brief, done := context.WithTimeout(bg, time.Millisecond)
		_, err := s.AwaitPace(brief)
		waited = err != nil
		done()
	}
	stop := errors.New("stop")
	cancel(stop)
	if err := <-waits; !errors.Is(err, stop) {
		t.Error(err)
	}

	s = open(20 * time.Millisecond)
	if err := say(s, "A", "four"); err != nil {
		t.Fatal(err)
	}
	if first, err := s.AwaitPace(bg); !first || err != nil || s.paceLeft() > 0 {
		t.Errorf("%t %v, and %s to wait", first, err, s.paceLeft())
	}
	if err := s.Refresh(bg, true); err != nil {
		t.Fatal(err)
	}
	if waiting, err := s.waiting(bg); err != nil || len(waiting) != 0 {
		t.Errorf("%d wait, %v", len(waiting), err)
	}
}
