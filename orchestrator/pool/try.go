package pool

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/git-swarm/git-swarm/lock/task"
	"github.com/git-swarm/git-swarm/orchestrator/attention"
)

// failedTry decides what is next after a client that has landed nothing.
func (s *supervisor) failedTry(ctx context.Context, j *job, at *standing) error {
	exit, err := j.exit()
	if err != nil {
		return err
	}
	what, err := lastClient(s.Repo, j.rec.Task)
	if err != nil {
		return err
	}
	switch {
	case s.quitting:
		return s.giveBack(ctx, j, at, "the pool was ended")
	case exit.NoClient:
		s.stopping = true
		s.missing = strings.TrimSpace(j.rec.Agent + j.rec.Command)
		return s.giveBack(ctx, j, at, "its client is not there")
	}
	if until, limited := s.limited(j, exit, what, at); limited {
		return s.park(ctx, j, until)
	}
	return s.tryAgain(ctx, j, reason(exit, what))
}

// exit is how the client ended, as far as that was recorded.
func (f folder) exit() (*Exit, error) {
	var e Exit
	err := f.read(exitFile, &e)
	if errors.Is(err, fs.ErrNotExist) {
		return &Exit{Signal: "its worker was killed, too", Code: -1}, nil
	}
	return &e, err
}

// reason is why a client has landed nothing, for the next one and for people.
func reason(e *Exit, what said) string {
	why := "it " + e.String()
	if e.Code == 0 && e.Error == "" && !e.Timeout && !e.Stopped {
		why = "it ended without landing anything"
	}
	if last := firstLine(what.failure); last != "" {
		return why + "; it said: " + last
	}
	if last := firstLine(what.last); last != "" {
		return why + "; it said last: " + last
	}
	return why + "; it said nothing"
}

// tryAgain has another client go on, or says that the task has failed.
func (s *supervisor) tryAgain(ctx context.Context, j *job, why string) error {
	r := j.rec
	r.Why = why
	if r.Try >= s.Tries {
		return s.fail(ctx, j)
	}
	r.Try++
	if err := j.remove(pidFile); err != nil { // the client is to be started yet
		return err
	}
	if err := j.save(r); err != nil {
		return err
	}
	j.state = again
	s.tell(j, Event{Kind: Again, Text: why})
	return nil
}

// fail says that a task was tried in vain. The worktree stays.
func (s *supervisor) fail(ctx context.Context, j *job) error {
	r := j.rec
	_, err := s.Backlog.Fail(ctx, r.Session, r.Task, r.Why)
	if err != nil && !errors.As(err, new(*task.NotHolderError)) {
		return err
	}
	if err := s.close(ctx, j, fmt.Sprintf("task #%d failed: %s", r.Task, r.Why)); err != nil {
		return err
	}
	if err := s.Teller.Tell(ctx, r.Session, attention.Event{Kind: attention.TaskFailed, Session: r.Session, Text: fmt.Sprintf("#%d: %s", r.Task, r.Why)}); err != nil {
		return err
	}
	s.tell(j, Event{Kind: Failed, Text: r.Why, Kept: "failed"})
	s.drop(j)
	return nil
}

// giveBack gives the task back, and keeps what was done for it.
func (s *supervisor) giveBack(ctx context.Context, j *job, at *standing, why string) error {
	_, err := s.Backlog.Give(ctx, j.rec.Session, j.rec.Task, why)
	if err != nil && !errors.As(err, new(*task.NotHolderError)) {
		return err
	}
	kept, err := s.retire(ctx, j, at)
	if err != nil {
		return err
	}
	s.tell(j, Event{Kind: GivenBack, Text: why, Kept: kept})
	s.drop(j)
	return nil
}
