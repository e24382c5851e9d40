package pool

import (
	"context"
	"os"
	"strings"

	"github.com/git-swarm/git-swarm/lock/task"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// blocked has a session wait, without a client, until somebody answers.
func (s *supervisor) blocked(ctx context.Context, j *job, at *standing) error {
	r := j.rec
	r.Asked, r.AskedAt, r.Answer = at.session.Note, at.session.Updated, ""
	if at.task.State == task.Review {
		r.Asked = "a review"
	}
	if err := j.save(r); err != nil {
		return err
	}
	f, err := os.Create(j.path(agents.PoolWaits))
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		return err
	}
	j.state = waits
	s.tell(j, Event{Kind: Blocked, Text: r.Asked})
	return s.hear(ctx, j)
}

// hear has a session go on that was answered.
func (s *supervisor) hear(ctx context.Context, j *job) error {
	at, err := s.standing(ctx, j)
	if err != nil {
		return err
	}
	if !at.mine {
		j.state = ended
		return s.judge(ctx, j)
	}
	answer, err := s.answer(ctx, j)
	if err != nil || answer == "" && at.waits() {
		return err
	}
	if answer == "" {
		answer = "go on"
	}
	running, none := bus.Running, ""
	if err := s.bus().SetStatus(ctx, bus.Orchestrator, j.rec.Session, bus.Change{Status: &running, Note: &none}, nil); err != nil {
		return err
	}
	j.rec.Answer = answer
	if err := j.remove(pidFile); err != nil {
		return err
	}
	if err := j.save(j.rec); err != nil {
		return err
	}
	if err := j.remove(agents.PoolWaits); err != nil {
		return err
	}
	j.state = again
	s.tell(j, Event{Kind: Answered, Text: answer})
	return nil
}

// answer is what was written to the session since it asked: all that is a reply, or
// that is from no other session of the pool, whose pushes write notices.
func (s *supervisor) answer(ctx context.Context, j *job) (string, error) {
	all, err := s.bus().Inbox(ctx, j.rec.Session, true)
	if err != nil {
		return "", err
	}
	var texts []string
	for _, m := range all {
		if m.At.Before(j.rec.AskedAt) {
			continue
		}
		_, pooled := os.Stat(string(folderOf(s.Repo, m.From)))
		notice := strings.HasPrefix(m.Body, "my push to ") || pooled == nil
		if reply := m.InReplyTo != 0 || m.Answered != ""; reply || !notice {
			texts = append(texts, m.From+": "+m.Body)
		}
	}
	return strings.Join(texts, "\n"), nil
}
