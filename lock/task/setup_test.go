package task

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

var bg = context.Background()

const staleAfter = 15 * time.Minute

// swarm is a repository with sessions registered, and its backlog.
type swarm struct {
	*refstoretest.Repo
	*Backlog
	repo  *repo.Repo
	clock *refstoretest.Clock
}

func newSwarm(t testing.TB, ids ...string) *swarm {
	t.Helper()
	s := &swarm{Repo: refstoretest.NewRepo(t), clock: refstoretest.NewClock()}
	s.Git("commit", "-q", "--allow-empty", "-m", "start")
	var err error
	s.Backlog, s.repo, err = open(s.Dir, refstore.Options{Now: s.clock.Now})
	s.Must(err)
	t.Cleanup(func() { s.Bus.Store().Close() })
	s.Must(register(s.Bus, ids))
	return s
}

func register(b *bus.Bus, ids []string) error {
	var sessions []bus.Registration
	for _, id := range ids {
		sessions = append(sessions, bus.Registration{ID: id, Workstream: strings.ToLower(id)})
	}
	_, err := b.Register(bg, sessions)
	return err
}

func open(dir string, opts refstore.Options) (*Backlog, *repo.Repo, error) {
	found, err := repo.Discover(repo.Env(os.Environ()), dir)
	if err != nil {
		return nil, nil, err
	}
	b := bus.New(refstore.Open(found, opts))
	return &Backlog{b, lock.NewClaims(b, staleAfter, false)}, found, nil
}

// main is the target, as it is now.
func (s *swarm) main() Branch {
	s.Helper()
	return Branch{"refs/heads/main", s.Git("rev-parse", "main")}
}

func (s *swarm) add(title string, after ...int) *Task {
	s.Helper()
	return s.addNew(New{Title: title, Priority: DefaultPriority, After: after})
}

func (s *swarm) addNew(n New) *Task {
	s.Helper()
	added, err := s.Add(bg, bus.Orchestrator, []New{n}, s.main())
	s.Must(err)
	return added[0]
}

// takes has the session take whatever it is given, and expects that it is n.
func (s *swarm) takes(by string, n int) *Given {
	s.Helper()
	g, err := s.Take(bg, by, 0, "")
	if err != nil {
		s.Fatalf("%s is given nothing, not #%d: %v", by, n, err)
	}
	if g.Task.Number != n || g.Task.Holder != by {
		s.Fatalf("%s is given #%d, not #%d", by, g.Task.Number, n)
	}
	return g
}

// nothing has the session ask for a task in vain.
func (s *swarm) nothing(by string) *NoneReadyError {
	s.Helper()
	before := s.Git("for-each-ref", Ref)
	g, err := s.Take(bg, by, 0, "")
	none, ok := errors.AsType[*NoneReadyError](err)
	if !ok {
		s.Fatalf("%s is given %v, %v", by, g, err)
	}
	if now := s.Git("for-each-ref", Ref); now != before {
		s.Errorf("%s, then %s", before, now)
	}
	return none
}

func (s *swarm) task(n int) *Task {
	s.Helper()
	t, _, err := s.Get(bg, n)
	s.Must(err)
	return t
}

// states are those of the tasks from #1 on.
func (s *swarm) states() (all []State) {
	s.Helper()
	tasks, err := s.List(bg)
	s.Must(err)
	for _, t := range tasks {
		all = append(all, t.State)
	}
	return all
}

func (s *swarm) areStates(want ...State) {
	s.Helper()
	if got := s.states(); !slices.Equal(got, want) {
		s.Errorf("the tasks are %q, not %q", got, want)
	}
}

// lands puts a commit that names the tasks on main, by plain git.
func (s *swarm) lands(numbers ...int) string {
	s.Helper()
	id, err := s.ID(bg)
	s.Must(err)
	args := []string{"commit", "-q", "--allow-empty", "-m", "change"}
	for _, n := range numbers {
		args = append(args, "--trailer", TrailerOf(id, n))
	}
	s.Git(args...)
	return s.Git("rev-parse", "main")
}

func (s *swarm) catchUp() {
	s.Helper()
	_, err := s.CatchUp(bg, bus.Orchestrator, s.repo, "refs/heads/main")
	s.Must(err)
}

func (s *swarm) finish(by string) []*Task {
	s.Helper()
	_, ready, err := s.Done(bg, by, 0, false)
	s.Must(err)
	return ready
}

func (s *swarm) inbox(id string) (bodies []string) {
	s.Helper()
	messages, err := s.Bus.Inbox(bg, id, true)
	s.Must(err)
	for _, m := range messages {
		bodies = append(bodies, m.Body)
	}
	return bodies
}

func (s *swarm) healthy() {
	s.Helper()
	if faults, _, err := Fsck(bg, s.Bus); len(faults) > 0 || err != nil {
		s.Errorf("fsck: %v, %v", faults, err)
	}
	if r, err := Repair(bg, s.Bus, bus.Orchestrator, false); r != nil || err != nil {
		s.Errorf("there is something to repair: %+v, %v", r, err)
	}
	if faults, _, err := s.Bus.Fsck(bg); len(faults) > 0 || err != nil {
		s.Errorf("the bus: %v, %v", faults, err)
	}
	if err := s.Bus.Store().CheckTips(bg, "refs/swarm/"); err != nil || len(s.Bus.Store().SetAside()) > 0 {
		s.Errorf("a tip is damaged: %v", err)
	}
	s.GitFsck()
}
