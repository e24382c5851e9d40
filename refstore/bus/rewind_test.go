package bus

import (
	"errors"
	"testing"

	"github.com/git-swarm/git-swarm/refstore"
)

// told is what the store has left out, and whether that is all a rewind.
func (s *swarm) told() (faults []string, rewound bool) {
	for _, fault := range s.Store().SetAside() {
		faults, rewound = append(faults, fault.Error()), errors.Is(fault, refstore.ErrRewound)
	}
	return faults, rewound
}

// A fetch that forces a ref back, as a mirror's does: what comes in the place of
// what was shown is shown, and not taken for it by its number.
func TestSyncAfterRewind(t *testing.T) {
	s := newSwarm(t, "A", "B")
	add := func(body string) {
		t.Helper()
		_, err := s.AddContext(bg, "A", "warning", body)
		s.Must(err)
	}
	for _, body := range []string{"1", "2", "3"} {
		add(body)
	}
	there := s.Git("rev-parse", ContextRef)
	for _, body := range []string{"4", "5", "6"} {
		add(body)
	}
	s.send("A", "B", "hello")
	s.send("A", "B", "hello again")
	s.sync("B")
	s.Must(s.MarkRead(bg, "B", 1, 2))
	s.Git("update-ref", ContextRef, there)
	s.Git("update-ref", InboxRef("B"), InboxRef("B")+"~1")
	for _, body := range []string{"new 4", "new 5", "new 6"} {
		add(body)
	}
	s.send("A", "B", "another")
	news := s.sync("B")
	if len(news.Context) != 3 || news.Context[0].Body != "new 4" || news.Context[2].Number != 6 {
		t.Errorf("context %+v", news.Context)
	}
	if len(news.Messages) != 1 || news.Messages[0].Body != "another" || news.Messages[0].Read {
		t.Errorf("messages %+v", news.Messages)
	}
	if faults, rewound := s.told(); len(faults) != 2 || !rewound {
		t.Errorf("told: %q", faults)
	}
	if news := s.sync("B"); news != nil {
		t.Errorf("shown again: %+v", news)
	}
	if faults, _ := s.told(); faults != nil {
		t.Errorf("told again: %q", faults)
	}
	if all, err := s.Inbox(bg, "B", false); err != nil || len(all) != 1 || all[0].Body != "another" {
		t.Errorf("unread: %+v, %v", all, err)
	}
	s.healthy()
}

// A ref that was moved back and has nothing new, or is gone.
func TestSyncAfterCut(t *testing.T) {
	for _, cut := range []string{ContextRef + "~1", ""} {
		s := newSwarm(t, "A", "B")
		for _, body := range []string{"1", "2"} {
			_, err := s.AddContext(bg, "A", "warning", body)
			s.Must(err)
		}
		s.sync("B")
		if cut == "" {
			s.Git("update-ref", "-d", ContextRef)
		} else {
			s.Git("update-ref", ContextRef, cut)
		}
		if news := s.sync("B"); news != nil {
			t.Errorf("%q: shown %+v", cut, news)
		}
		if faults, rewound := s.told(); len(faults) != 1 || !rewound {
			t.Errorf("%q: told %q", cut, faults)
		}
		_, err := s.AddContext(bg, "A", "warning", "next")
		s.Must(err)
		if news := s.sync("B"); news == nil || len(news.Context) != 1 || news.Context[0].Body != "next" {
			t.Errorf("%q: then %+v", cut, news)
		}
		s.healthy()
	}
}

// What was shown is gone altogether: the newest are shown, none is skipped.
func TestSyncAfterLoss(t *testing.T) {
	s := newSwarm(t, "A", "B")
	_, err := s.AddContext(bg, "A", "warning", "old")
	s.Must(err)
	s.sync("B")
	s.Git("update-ref", "-d", ContextRef)
	s.Git("gc", "-q", "--prune=now")
	for _, body := range []string{"1", "2"} {
		_, err := s.AddContext(bg, "A", "warning", body)
		s.Must(err)
	}
	if news := s.sync("B"); news == nil || len(news.Context) != 2 {
		t.Errorf("%+v", news)
	}
	s.healthy()
}
