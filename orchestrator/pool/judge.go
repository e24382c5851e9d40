package pool

import (
	"context"
	"errors"
	"time"

	"github.com/git-swarm/git-swarm/lock/task"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/file"
)

// look does for a session what its state asks for.
func (s *supervisor) look(ctx context.Context, j *job) error {
	switch j.state {
	case running:
		return s.watchOver(ctx, j)
	case ended:
		return s.judge(ctx, j)
	case waits:
		return s.hear(ctx, j)
	}
	return nil
}

// standing is what has become of a job's task.
type standing struct {
	task    *task.Task // nil if there is none any more
	mine    bool       // its session has it, by the grant that the record is of
	session bus.Session
	known   bool // the session is there
}

// waits reports whether the session waits for somebody: an answer or a verdict.
func (s *standing) waits() bool {
	return s.mine && (s.session.Status == bus.Blocked || s.task.State == task.Review)
}

func (s *supervisor) standing(ctx context.Context, j *job) (*standing, error) {
	var at standing
	t, _, err := s.Backlog.Get(ctx, j.rec.Task)
	if err != nil && !errors.As(err, new(*task.UnknownError)) {
		return nil, err
	}
	if err == nil {
		at.task = t
		at.mine = t.State.Held() && t.Holder == j.rec.Session && t.Epoch == j.rec.Epoch
	}
	at.session, err = s.bus().Session(ctx, j.rec.Session)
	at.known = err == nil
	if err != nil && !errors.As(err, new(*bus.UnknownSessionError)) {
		return nil, err
	}
	if clone := s.bus().Store().Clone(); clone != "" && at.session.Host != clone { // its pool chose the same name
		at.known, at.mine = false, false
	}
	s.timeReview(j, at.mine && at.task.State == task.Review)
	return &at, nil
}

// timeReview notes for how long a session waits for a verdict.
func (s *supervisor) timeReview(j *job, waits bool) {
	switch {
	case waits && j.inReview.IsZero():
		j.inReview = s.Now()
	case !waits && !j.inReview.IsZero():
		s.reviewed += s.Now().Sub(j.inReview)
		j.inReview = time.Time{}
	}
}

// watchOver ends a client that goes on although its task is settled.
func (s *supervisor) watchOver(ctx context.Context, j *job) error {
	if s.quitting && !j.ending {
		j.end()
	}
	at, err := s.standing(ctx, j)
	if err != nil {
		return err
	}
	now := s.Now()
	switch {
	case at.mine && !at.waits():
		j.settled = time.Time{}
	case j.settled.IsZero():
		j.settled = now
	case !now.Before(j.settled.Add(s.Grace)) && !j.ending:
		j.end()
	}
	return nil
}

// judge decides what is next for a session whose worker has ended.
func (s *supervisor) judge(ctx context.Context, j *job) error {
	if client, ok := j.noted(clientFile); ok && client.there() && !j.orphaned { // its worker was killed
		j.state, j.orphaned = orphan, true
		go s.endOrphan(ctx, j.rec.Session, client)
		return nil
	}
	at, err := s.standing(ctx, j)
	if err != nil {
		return err
	}
	_, begun := j.noted(pidFile)
	switch t := at.task; {
	case !at.known && !at.mine: // nothing was taken, or all is done but the folder
		s.drop(j)
		return nil
	case t != nil && t.State == task.Landed:
		s.landed(j, at)
		return nil
	case at.waits():
		return s.blocked(ctx, j, at)
	case !at.mine:
		return s.lost(ctx, j, at)
	case !begun: // the supervisor was killed before it had started a client
		j.state = again
		return nil
	}
	return s.failedTry(ctx, j, at)
}

// endOrphan ends a client whose worker was killed, with all that it has started, beside
// what else the supervisor does: some take their time.
func (s *supervisor) endOrphan(ctx context.Context, session string, client process) {
	_ = file.EndGroup(client.pid, client.mark, endWait) // one that stays is in the way of nobody
	select {
	case s.ended <- session:
	case <-ctx.Done():
	}
}
