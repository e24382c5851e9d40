package pool

import (
	"context"
	"errors"
	"os/exec"
	"time"

	"github.com/git-swarm/git-swarm/lock/task"
	"github.com/git-swarm/git-swarm/orchestrator/attention"
	"github.com/git-swarm/git-swarm/orchestrator/retire"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Pool is what a supervisor works with. It is for one goroutine; any number of
// processes may work through one backlog.
type Pool struct {
	Repo    *repo.Repo
	Backlog *task.Backlog
	Retire  *retire.Swarm
	Teller  *attention.Teller
	Now     func() time.Time

	Sessions int           // how many clients are at work at once
	Tries    int           // how many clients a task is given before it has failed
	MaxTasks int           // how many tasks are begun, 0 for any number
	Until    time.Time     // after which none is begun, zero for never
	Timeout  time.Duration // of one client
	Grace    time.Duration // for which a client may go on once its task is settled

	Agent    string   // as launch has it
	Command  string   // a shell command in its place
	Trust    bool     // as launch has it
	Allow    []string // as launch has it
	Commands []string // as launch has it
	LandsOn  string   // the branch on which work lands
	Review   bool     // nothing lands without review

	// Target is the ref on which work lands, as this clone knows it.
	Target func(ctx context.Context) (string, error)
	// Fetch brings that ref up to date.
	Fetch func(ctx context.Context) error
	// Worker is the command that runs a [Worker] for the session of that folder.
	Worker func(dir string) *exec.Cmd
	// Tell shows an event.
	Tell func(Event)
	// Stop tells the supervisor to begin nothing more; told again, to end the clients and
	// to give their tasks back.
	Stop <-chan struct{}
}

// ErrNoClient says that the client's program is not there. Its task was given back.
var ErrNoClient = errors.New("the client is not there")

// lookAgain is how often is looked for what no event tells: that a session of somebody
// else is gone.
const lookAgain = 5 * time.Second

// Run works through the backlog, until nothing is left that could be begun and no
// client is at work, or it was stopped. If ctx ends, or with an error, the clients go
// on without it.
func (p *Pool) Run(ctx context.Context) (*Summary, error) {
	ctx, cancel := context.WithCancel(ctx)
	s := &supervisor{
		Pool: p, jobs: map[string]*job{}, others: map[string]bool{}, worked: map[int]bool{},
		ended: make(chan string), freed: make(chan string), woken: make(chan struct{}, 1),
	}
	defer s.release() // after the waits have ended
	defer cancel()
	s.began = p.Now()
	var err error
	if s.from, err = s.tip(ctx); err != nil {
		return nil, err
	}
	for {
		err := s.step(ctx)
		if err != nil && !errors.Is(err, refstore.ErrBusy) {
			return nil, err
		}
		if err == nil && s.over {
			break
		}
		if err := s.wait(ctx, err != nil); err != nil {
			return nil, err
		}
	}
	sum, err := s.summary(ctx)
	if err == nil && s.missing != "" {
		err = ErrNoClient
	}
	return sum, err
}

// supervisor is one Run.
type supervisor struct {
	*Pool
	jobs   map[string]*job // that this supervisor owns, by session
	others map[string]bool // the sessions whose owner another supervisor is, and which is waited for
	worked map[int]bool    // the tasks that it had a part in
	watch  *watch

	ended chan string   // the sessions whose worker has ended
	freed chan string   // those whose owner has gone
	woken chan struct{} // a ref has moved

	began    time.Time
	from     string               // the target's tip then
	begun    int                  // how many tasks it took
	limit    time.Time            // until when no client is started
	stopping bool                 // nothing more is begun
	quitting bool                 // the clients are ended
	reviewed time.Duration        // for how long sessions have waited for verdicts that they were given
	missing  string               // the client's program, where it is not there
	none     *task.NoneReadyError // why nothing more is begun, where that is why
	idle     bool                 // it waits for what others do
	over     bool
}

func (s *supervisor) bus() *bus.Bus { return s.Backlog.Bus }

// release gives up what the supervisor owns: others, or the next one, go on with it.
func (s *supervisor) release() {
	s.watch.close()
	for _, j := range s.jobs {
		_ = j.owner.Close()
	}
}

// step does all that can be done now.
func (s *supervisor) step(ctx context.Context) error {
	if err := s.find(ctx); err != nil {
		return err
	}
	// What a client has landed by plain git, before it was found to have ended, is to be
	// known when it is judged.
	if err := s.catchUp(ctx); err != nil {
		return err
	}
	for _, j := range s.byAge() {
		if err := s.look(ctx, j); err != nil {
			return err
		}
	}
	for {
		if err := s.fill(ctx); err != nil {
			return err
		}
		if more, err := s.leave(ctx); err != nil || !more {
			return err
		}
	}
}

// tip is where the target is, "" where there is none yet.
func (s *supervisor) tip(ctx context.Context) (string, error) {
	ref, err := s.Target(ctx)
	if err != nil {
		return "", err
	}
	tip, err := s.bus().Store().Tip(ctx, ref)
	return string(tip), err
}

// catchUp closes what has landed by plain git.
func (s *supervisor) catchUp(ctx context.Context) error {
	moved, err := s.Backlog.Moved(ctx)
	if err != nil || !moved {
		return err
	}
	ref, err := s.Target(ctx)
	if err != nil {
		return err
	}
	_, err = s.Backlog.CatchUp(ctx, bus.Orchestrator, s.Repo, ref)
	return err
}

// fill starts clients until there are enough, or nothing is to be done.
func (s *supervisor) fill(ctx context.Context) error {
	s.over, s.idle, s.none = false, false, nil
	for {
		now := s.Now()
		if s.atWork() >= s.Sessions {
			return nil
		}
		if now.Before(s.limit) && !s.stopping {
			return nil
		}
		if j := s.next(); j != nil && !s.stopping {
			if err := s.launch(ctx, j); err != nil {
				return err
			}
			continue
		}
		if s.oneEnds(now) {
			return nil
		}
		if !s.mayBegin(now) {
			s.over = s.atWork() == 0
			return nil
		}
		took, err := s.take(ctx)
		var none *task.NoneReadyError
		switch {
		case errors.As(err, &none):
			return s.rest(ctx, none)
		case err != nil:
			return err
		case took != nil:
			if err := s.launch(ctx, took); err != nil {
				return err
			}
		}
	}
}

// oneEnds reports whether a client is about to end, for its task was settled a moment ago:
// that the task has landed is said before what it has made ready begins.
func (s *supervisor) oneEnds(now time.Time) bool {
	for _, j := range s.jobs {
		if j.state == running && now.Before(j.settled.Add(endsSoon)) {
			return true
		}
	}
	return false
}

// endsSoon is how long is waited for a client whose task is settled before another one is
// begun beside it.
const endsSoon = 200 * time.Millisecond

func (s *supervisor) mayBegin(now time.Time) bool {
	return !s.stopping && (s.MaxTasks == 0 || s.begun < s.MaxTasks) && (s.Until.IsZero() || now.Before(s.Until))
}

// rest decides, with no task ready, whether one can still become so by what is under way.
func (s *supervisor) rest(ctx context.Context, none *task.NoneReadyError) error {
	if s.atWork() > 0 {
		return nil
	}
	if none.Except > 0 { // another supervisor looks after it
		s.idle = true
		return nil
	}
	s.over, s.none = true, none
	if !none.Waits {
		return nil
	}
	all, err := s.Backlog.List(ctx)
	if err != nil {
		return err
	}
	for _, t := range all {
		if !t.State.Held() || s.jobs[t.Holder] != nil {
			continue
		}
		at, err := s.bus().Session(ctx, t.Holder)
		if errors.As(err, new(*bus.UnknownSessionError)) {
			continue
		}
		if err != nil {
			return err
		}
		if at.Status == bus.Running && t.State == task.Taken {
			s.over, s.idle, s.none = false, true, nil
			return nil
		}
	}
	return nil
}

// wait returns when something has happened.
func (s *supervisor) wait(ctx context.Context, busy bool) error {
	if s.watchAnew() {
		return nil // what has happened before is looked at once more
	}
	var timer <-chan time.Time
	if at := s.alarm(busy); !at.IsZero() {
		t := time.NewTimer(max(at.Sub(s.Now()), 0))
		defer t.Stop()
		timer = t.C
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-s.woken:
	case <-timer:
	case session := <-s.ended:
		if j := s.jobs[session]; j != nil {
			j.state = ended
		}
	case session := <-s.freed:
		delete(s.others, session)
	case <-s.Stop:
		s.quitting = s.stopping
		s.stopping = true
		s.Tell(Event{Kind: Stopping, At: s.Now(), Ends: s.quitting, AtWork: s.atWork()})
		if s.quitting {
			s.endAll()
		}
	}
	return nil
}

// alarm is when is looked again although nothing has happened; zero for never.
func (s *supervisor) alarm(busy bool) (at time.Time) {
	sooner := func(t time.Time) {
		if at.IsZero() || t.Before(at) {
			at = t
		}
	}
	now := s.Now()
	if busy || s.idle {
		sooner(now.Add(lookAgain))
	}
	if now.Before(s.limit) {
		sooner(s.limit)
	}
	for _, j := range s.jobs {
		switch {
		case j.state != running || j.ending:
		case s.quitting: // its worker has not said yet which process it is
			sooner(now.Add(endAgain))
		case now.Before(j.settled.Add(endsSoon)):
			sooner(j.settled.Add(endsSoon))
		case !j.settled.IsZero():
			sooner(later(j.settled.Add(s.Grace), now.Add(endAgain)))
		}
	}
	return at
}

// endAgain is how soon a client is told to end once more that could not be told.
const endAgain = 100 * time.Millisecond

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
