package land

import (
	"context"
	"errors"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/bus"
)

// blockedPrefix begins the note of a session that a push left blocked: only such a
// note is cleared by the next push that succeeds.
const blockedPrefix = "push: "

// blocks reports whether a failure needs the session to do something, so that the
// same push would fail again.
func blocks(err error) bool {
	var conflict *ConflictError
	var rejected *RejectedError
	var gate *GateError
	var verify *VerifyError
	var hook *HookError
	var claimed *ClaimedError
	var most *DeletionsError
	var refused *RefusedError
	return errors.As(err, &conflict) || errors.As(err, &rejected) || errors.As(err, &gate) || errors.As(err, &verify) ||
		errors.As(err, &hook) || errors.As(err, &claimed) || errors.As(err, &most) || errors.As(err, &refused)
}

func (l *Lander) markBlocked(ctx context.Context, why error) error {
	status, note := bus.Blocked, strings.ToValidUTF8(blockedPrefix+why.Error(), "\ufffd")
	return l.Bus.SetStatus(ctx, l.Session, l.Session, bus.Change{Status: &status, Note: &note}, nil)
}

func (l *Lander) unmarkBlocked(ctx context.Context) error {
	s, err := l.Bus.Session(ctx, l.Session)
	if err != nil || s.Status != bus.Blocked || !strings.HasPrefix(s.Note, blockedPrefix) {
		return err
	}
	status, note := bus.Running, ""
	return l.Bus.SetStatus(ctx, l.Session, l.Session, bus.Change{Status: &status, Note: &note}, nil)
}
