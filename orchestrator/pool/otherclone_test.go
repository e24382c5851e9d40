package pool

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/git-swarm/git-swarm/lock/task"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// TestOtherClone: the pools of two clones call their sessions by the same names. A session
// that is another clone's is not taken for one's own, and is not retired, whatever this
// clone has under its name.
func TestOtherClone(t *testing.T) {
	t.Parallel()
	s := newSwarm(t)
	s.add("one")
	s.Tries = 1
	elsewhere, done, err := openAs(s.Dir, refstore.Options{Hub: away{}, Clone: "desk"}) // the session's is this machine
	s.Must(err)
	t.Cleanup(done)
	here, there := &supervisor{Pool: s.Pool}, &supervisor{Pool: elsewhere}

	begins := make(chan struct{})
	s.Tell = func(e Event) {
		s.note(e)
		if e.Kind == Begins {
			close(begins)
		}
	}
	ran := make(chan struct{})
	go func() {
		defer close(ran)
		s.runs(`until [ -e "$notes/seen" ]; do sleep 0.05; done; exit 1`)
	}()
	<-begins
	taken, _, err := s.Backlog.Get(t.Context(), 1)
	s.Must(err)
	given := &job{rec: &Record{Task: 1, Session: "T1", Epoch: taken.Epoch}}
	if at, err := here.standing(t.Context(), given); err != nil || !at.known || !at.mine {
		t.Errorf("the clone whose session it is says %+v, %v", at, err)
	}
	if at, err := there.standing(t.Context(), given); err != nil || at.known || at.mine {
		t.Errorf("another clone says %+v, %v", at, err)
	}
	s.Must(os.WriteFile(s.dir+"/seen", nil, 0o666))
	<-ran

	_, err = s.Backlog.Reopen(t.Context(), bus.Orchestrator, 1)
	s.Must(err)
	s.areStates(task.Ready)
	s.Must(there.sweep(t.Context(), nil))
	s.areLeft("T1")
	s.Must(here.sweep(t.Context(), nil))
	s.areLeft()
}

// away is a hub that is never there.
type away struct{}

func (away) Fetch(context.Context, *os.File) error {
	return &refstore.HubError{Err: errors.New("it is away")}
}

func (away) Push(context.Context, *os.File, []refstore.HubUpdate) error {
	return &refstore.HubError{Err: errors.New("it is away"), Unsent: true}
}
