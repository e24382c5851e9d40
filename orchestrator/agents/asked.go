package agents

import (
	"context"
	"time"
)

// NoteAsked records that the session has asked another one something, at that time,
// and so may wait for an answer.
func (a Agents) NoteAsked(ctx context.Context, session, whom string, at time.Time) error {
	all := a.of(session, at)
	if len(all) == 0 {
		return nil
	}
	unlock, err := a.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	for _, k := range all {
		if r := a.Load(k.name); r != nil && !r.Over() {
			r.Asked, r.AskedAt = whom, at.Unix()
			if err := a.save(k.name, r); err != nil {
				return err
			}
		}
	}
	return nil
}
