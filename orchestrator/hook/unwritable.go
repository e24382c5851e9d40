package hook

import (
	"context"
	"errors"
	"io/fs"
	"syscall"

	"github.com/git-swarm/git-swarm/orchestrator/agents"
)

// cannotWrite reports whether the error says that the git dir cannot be written to, as
// in a sandbox that keeps it read-only, or on a disk that is full.
func cannotWrite(err error) bool {
	return errors.Is(err, syscall.EROFS) || errors.Is(err, fs.ErrPermission) || diskFull(err)
}

func diskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// onlyLook is handle where nothing can be written: nobody joins and nothing is claimed,
// but what others hold is refused all the same, and the agent is told at its start why
// the rest does not work. failed is why.
func (h *Handler) onlyLook(ctx context.Context, event string, failed error) error {
	h.unwritable = &Unwritable{Dir: h.Repo.CommonDir, Full: diskFull(failed)}
	id, err := h.agent.Assumed(ctx)
	if err != nil {
		return errors.Join(failed, err)
	}
	switch event {
	case agents.SessionStart:
		err = h.Say(h.unwritable)
	case agents.PreEdit:
		err = h.preEdit(ctx, id)
	case agents.PrePush:
		err = h.preShell(ctx, id)
	}
	if cannotWrite(err) {
		err = nil
	}
	return errors.Join(failed, err)
}
