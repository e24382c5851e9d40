package bus

import (
	"errors"
	"testing"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// readers are what reads each kind of ref, and what writes on top of it. A fault
// that a reader leaves out is given as its error.
var readers = map[string]func(s *swarm) error{
	"Sync A":     func(s *swarm) error { return s.Sync(bg, "A", func(*News) error { return nil }) },
	"Sync B":     func(s *swarm) error { return s.Sync(bg, "B", func(*News) error { return nil }) },
	"Inbox B":    func(s *swarm) error { return refstoretest.Err(s.Inbox(bg, "B", true)) },
	"Sessions":   func(s *swarm) error { return refstoretest.Err(s.Sessions(bg)) },
	"Session A":  func(s *swarm) error { return refstoretest.Err(s.Session(bg, "A")) },
	"Context":    func(s *swarm) error { return s.Context(bg, func(Context) bool { return true }) },
	"AddContext": func(s *swarm) error { return refstoretest.Err(s.AddContext(bg, "B", "decision", "x")) },
	"Send B":     func(s *swarm) error { return refstoretest.Err(s.Send(bg, "A", "B", "x")) },
	"Reply B 3":  func(s *swarm) error { return refstoretest.Err(s.Reply(bg, "B", 3, "x")) },
	"SetStatus": func(s *swarm) error {
		running := Running
		return s.SetStatus(bg, "A", "A", Change{Status: &running}, nil)
	},
}

func TestDamageIsTold(t *testing.T) {
	cases := []struct {
		fault   fault
		readers []string
	}{
		{sessionFaults[0], []string{"Sessions", "Session A", "SetStatus"}},
		{sessionFaults[5], []string{"Sessions", "Session A", "SetStatus"}},
		{chainFaults[0], []string{"Sync A", "Context", "AddContext"}},
		{chainFaults[1], []string{"Sync A", "Context", "AddContext"}},
		{chainFaults[2], []string{"Sync B", "Context"}},
		{chainFaults[5], []string{"Context"}},
		{chainFaults[7], []string{"Sync A", "Context"}},
		{chainFaults[10], []string{"Sync A", "Context", "AddContext"}},
		{chainFaults[12], []string{"Sync A", "Context", "AddContext"}},
		{inboxFaults[0], []string{"Sync B", "Inbox B"}},
		{inboxFaults[2], []string{"Sync B", "Inbox B"}},
		{cursorFaults[1], []string{"Sync A", "Sessions", "Session A", "SetStatus", "Send B"}},
		{cursorFaults[4], []string{"Sync A", "Sessions", "Session A", "SetStatus", "Send B"}},
	}
	for _, c := range cases {
		t.Run(c.fault.name, func(t *testing.T) {
			t.Parallel()
			s := lived(t)
			c.fault.plant(s)
			tip, _ := tryTip(s, c.fault.ref)
			for _, name := range c.readers {
				var damaged *refstore.DamagedError
				if err := leftOut(s, readers[name]); !errors.As(err, &damaged) || damaged.Ref != c.fault.ref || damaged.Path != c.fault.path {
					t.Errorf("%s gives %v", name, err)
				}
			}
			if now, _ := tryTip(s, c.fault.ref); now != tip {
				t.Error("something was written on top of the damage")
			}
		})
	}
}

// TestGarbageSessions: where the table of sessions holds something else, a session that
// was registered is not called unknown.
func TestGarbageSessions(t *testing.T) {
	t.Parallel()
	s := newSwarm(t, "B", "A")
	folder := s.Feed("100644 blob "+s.blob("x")+"\tx\n", "mktree")
	for what, tree := range map[string]string{
		"folders": "040000 tree " + folder + "\t10\n", "garbage": "100644 blob " + s.blob("x") + "\t10\n",
	} {
		was := s.Git("rev-parse", SessionsRef)
		s.plantSessions(tree)
		for name, err := range map[string]error{"Resolve": refstoretest.Err(s.open().Resolve(bg, "A")), "Send": refstoretest.Err(s.open().Send(bg, "A", "B", "x"))} {
			var damaged *refstore.DamagedError
			if !errors.As(err, &damaged) || damaged.Ref != SessionsRef {
				t.Errorf("%s: %s gives %v", what, name, err)
			}
		}
		s.Git("update-ref", SessionsRef, was)
	}
}

// leftOut is the reader's error, or the first thing that it left out.
func leftOut(s *swarm, read func(*swarm) error) error {
	err := read(s)
	if left := s.Store().SetAside(); err == nil && len(left) > 0 {
		return left[0]
	}
	return err
}

func tryTip(s *swarm, ref string) (string, error) {
	tip, err := s.open().Store().Tip(bg, ref)
	return string(tip), err
}

// A later version is told as such: the way out is to upgrade.
func TestLaterVersion(t *testing.T) {
	s := lived(t)
	sessionFaults[7].plant(s)
	if _, err := s.Sessions(bg); !errors.Is(err, refstore.ErrVersion) {
		t.Errorf("Sessions gives %v", err)
	}
	chainFaults[12].plant(s)
	if err := s.Sync(bg, "A", func(*News) error { return nil }); !errors.Is(err, refstore.ErrVersion) {
		t.Errorf("Sync gives %v", err)
	}
}
