package pool

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/lock/task"
	"github.com/git-swarm/git-swarm/orchestrator/attention"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/review"
)

// drop forgets a session.
func (s *supervisor) drop(j *job) {
	j.drop()
	delete(s.jobs, j.rec.Session)
}

// landed says that a task has landed. Its session is retired once the next ones are at
// work: nobody has to wait for that.
func (s *supervisor) landed(j *job, at *standing) {
	e := Event{Kind: Landed, Took: s.Now().Sub(j.rec.Begun)}
	if n := len(at.task.Commits); n > 0 {
		e.Commit = at.task.Commits[n-1].ID
	}
	s.tell(j, e)
	j.state = leaving
}

// leave removes the sessions whose tasks have landed, or says why they stay. It reports
// whether there were any: what they had claimed is free then.
func (s *supervisor) leave(ctx context.Context) (any bool, err error) {
	for _, j := range s.byAge() {
		if j.state != leaving {
			continue
		}
		at, err := s.standing(ctx, j)
		if err != nil {
			return any, err
		}
		kept, err := s.retire(ctx, j, at)
		if err != nil {
			return any, err
		}
		if kept != "" {
			s.tell(j, Event{Kind: Kept, Kept: kept})
		}
		s.drop(j)
		any = true
	}
	return any, nil
}

// retire takes the session away, unless something in its worktree is nowhere else: then
// it is done, and kept says what.
func (s *supervisor) retire(ctx context.Context, j *job, at *standing) (kept string, err error) {
	if !at.known {
		return "", nil
	}
	one, err := s.Retire.Find(ctx, j.rec.Session)
	if err != nil {
		return "", err
	}
	if one.Check(false) != nil && s.Fetch(ctx) == nil { // what has landed may be known on the remote alone
		if one, err = s.Retire.Find(ctx, j.rec.Session); err != nil {
			return "", err
		}
	}
	if one.Check(false) == nil {
		if _, err := one.EndClients(ctx); err != nil {
			return "", err
		}
	}
	if one.Check(false) == nil {
		return "", one.Retire(ctx, asked(j.rec.Session))
	}
	var why []string
	for _, o := range one.Obstacles {
		why = append(why, strings.TrimSpace(string(o.Kind)+" "+strings.Join(o.Items, ", ")))
	}
	kept = strings.Join(why, "; ")
	return kept, s.close(ctx, j, fmt.Sprintf("task #%d: kept for %s", j.rec.Task, firstLine(kept)))
}

// asked is what the author of a review is told that waits for a session which is retired.
func asked(session string) func(*review.Review) string {
	return func(r *review.Review) string {
		return fmt.Sprintf("review #%d waits for %s, which is retired", r.Number, session)
	}
}

// close says that a session that stays is done, and releases what it claims.
func (s *supervisor) close(ctx context.Context, j *job, note string) error {
	done := bus.Done
	return s.bus().SetStatus(ctx, j.rec.Session, j.rec.Session, bus.Change{Status: &done, Note: &note}, func(tx *refstore.Tx) error {
		_, err := lock.ReleaseAllIn(tx, j.rec.Session)
		return err
	})
}

// lost ends a session whose task is not its own any more: it said itself that it failed,
// it gave the task back, or somebody else took or dropped it.
func (s *supervisor) lost(ctx context.Context, j *job, at *standing) error {
	t := at.task
	if t != nil && t.State == task.Ready && t.Epoch == j.rec.Epoch && !s.quitting {
		why := "it was given back"
		if t.Why != "" {
			why += ": " + t.Why
		}
		return s.retake(ctx, j, at, why)
	}
	e := Event{Kind: Lost}
	switch {
	case t == nil:
		e.Text = "there is no such task any more"
	case t.State == task.Failed:
		e.Kind, e.Text = Failed, t.Why
		if err := s.Teller.Tell(ctx, j.rec.Session, attention.Event{Kind: attention.TaskFailed, Session: j.rec.Session, Text: fmt.Sprintf("#%d: %s", t.Number, t.Why)}); err != nil {
			return err
		}
	case t.Holder != "":
		e.Text = t.Holder + " has it now"
	default:
		e.Text = "it is " + string(t.State)
	}
	if at.known {
		var err error
		if e.Kind == Failed {
			e.Kept = "failed"
			err = s.close(ctx, j, fmt.Sprintf("task #%d failed: %s", j.rec.Task, e.Text))
		} else {
			e.Kept, err = s.retire(ctx, j, at)
		}
		if err != nil {
			return err
		}
	}
	s.tell(j, e)
	s.drop(j)
	return nil
}

// retake goes on with a task that its client gave back: that counts as a try.
func (s *supervisor) retake(ctx context.Context, j *job, at *standing, why string) error {
	given, err := s.Backlog.Take(ctx, j.rec.Session, j.rec.Task, s.Agent)
	var state *task.StateError
	var overlap *task.OverlapError
	switch {
	case errors.As(err, &state), errors.As(err, &overlap): // somebody was faster
		kept, err := s.retire(ctx, j, at)
		if err != nil {
			return err
		}
		s.tell(j, Event{Kind: Lost, Text: why, Kept: kept})
		s.drop(j)
		return nil
	case err != nil:
		return err
	}
	j.rec.Epoch = given.Task.Epoch
	return s.tryAgain(ctx, j, why)
}
