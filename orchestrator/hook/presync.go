package hook

import "context"

// preSync denies a subagent the commands that take its session's messages: the session
// would never see them. Of the environment they cannot tell who runs them.
func (h *Handler) preSync(_ context.Context, id string) error {
	if h.Input.Subagent == "" {
		return nil
	}
	return h.Say(DenySync{id})
}
