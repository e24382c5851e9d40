package pool

import (
	"context"
	"regexp"
	"time"

	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// isLimit reports whether a client's text says that a usage limit was reached.
func isLimit(text string) bool {
	return regexp.MustCompile(`(?i)(usage|session|weekly|hour|rate|request|token|quota)[a-z -]{0,30}(limit|exceed)|limit (was |is )?reached|hit your [a-z -]{0,30}limit`).MatchString(text)
}

// limitUnknown is how long is waited where the client did not say until when.
const limitUnknown = 15 * time.Minute

// limited reports whether a usage limit has ended the client, and until when it lasts.
func (s *supervisor) limited(j *job, e *Exit, what said, at *standing) (until time.Time, yes bool) {
	now := s.Now()
	text := what.failure
	if text == "" && e.Code != 0 {
		text = what.last
	}
	switch {
	case at.session.Status == bus.Parked:
		until = at.session.Until
	case !isLimit(text):
		return until, false
	default:
		until = agents.ResetsAt(text, now)
	}
	if !until.After(now) {
		until = now.Add(limitUnknown)
	}
	return until, true
}

// park has no client started until a usage limit has ended. Its session goes on then.
func (s *supervisor) park(ctx context.Context, j *job, until time.Time) error {
	parked, note := bus.Parked, "usage limit"
	if err := s.bus().SetStatus(ctx, j.rec.Session, j.rec.Session, bus.Change{Status: &parked, Until: until, Note: &note}, nil); err != nil {
		return err
	}
	j.rec.Until, j.rec.Limit = until, true
	if err := j.remove(pidFile); err != nil {
		return err
	}
	if err := j.save(j.rec); err != nil {
		return err
	}
	j.state = again
	if until.After(s.limit) {
		s.limit = until
	}
	s.tell(j, Event{Kind: Limited, Until: until})
	return nil
}
