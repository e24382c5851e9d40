package bus

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/git-swarm/git-swarm/refstore"
)

// lockInbox leaves the lock of a killed git on the session's inbox.
func (s *swarm) lockInbox(id string) (remove func()) {
	s.Helper()
	path := filepath.Join(s.Dir, ".git", InboxRef(id)+".lock")
	s.Must(os.MkdirAll(filepath.Dir(path), 0o777))
	s.Must(os.WriteFile(path, nil, 0o666))
	return func() { s.Must(os.Remove(path)) }
}

// A notice that cannot be written is kept, and the next command that can sends
// it: once, from the session that it is from, whoever's command that is.
func TestTellKeeps(t *testing.T) {
	for name, next := range map[string]func(s *swarm){
		"update": func(s *swarm) { s.say("C", "something") },
		"sync":   func(s *swarm) { s.sync("C") },
		"itself": func(s *swarm) { s.sync("B") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSwarm(t, "A", "B", "C")
			remove := s.lockInbox("B")
			notices := []Notice{{"A", "B", "one"}, {"A", "gone", "to nobody"}, {"A", "C", "two"}}
			err := s.Tell(bg, notices, false)
			kept, ok := errors.AsType[*KeptError](err)
			if !ok || !errors.Is(err, refstore.ErrBusy) || !slices.Equal(kept.To, []string{"B", "gone", "C"}) {
				t.Fatalf("%v", err)
			}
			next(s)
			if got := s.Git("for-each-ref", InboxRef("B")); got != "" {
				t.Fatalf("written beside a lock: %s", got)
			}
			remove()
			next(s)
			s.open().sendKept(bg)
			for id, want := range map[string]string{"B": "one", "C": "two"} {
				all, err := s.Inbox(bg, id, true)
				if err != nil || len(all) != 1 || all[0].Body != want || all[0].From != "A" {
					t.Errorf("%s has %+v, %v", id, all, err)
				}
			}
			if _, err := os.Stat(s.KeptDir()); err == nil {
				t.Error("something is still kept")
			}
		})
	}
}

// A notice is sent once, also where the process that sent it was killed before it
// could remove it, and what is no notice is not sent.
func TestTellOnce(t *testing.T) {
	s := newSwarm(t, "A", "B")
	n := Notice{"A", "B", "one"}
	s.Must(s.Tell(bg, []Notice{n}, false))
	s.Must(s.keep(n))
	s.Must(s.keep(Notice{"A", "B", ""}))
	s.Must(s.keep(Notice{"A", "B", "two"}))
	s.Must(os.WriteFile(filepath.Join(s.KeptDir(), "0.json"), []byte("{"), 0o666))
	s.say("B", "something")
	s.Must(s.Tell(bg, []Notice{n, {"A", "B", "three"}}, true))
	all, err := s.Inbox(bg, "B", true)
	s.Must(err)
	var bodies []string
	for _, m := range all {
		bodies = append(bodies, m.Body)
	}
	if !slices.Equal(bodies, []string{"one", "two", "three"}) {
		t.Errorf("B has %q", bodies)
	}
}
