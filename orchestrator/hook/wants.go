package hook

import (
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/bus"
)

// wants reports whether a message asks its reader for something, or is what the reader
// waits for: a question, a request, what a command is named for, an answer, urgent
// news, and what the orchestrator says. Any other is a note: it can wait for the next
// prompt, and a turn of the model is not spent on it.
func (h *Handler) wants(m bus.Message) bool {
	past := h.past()
	switch {
	case m.InReplyTo != 0 || m.Answered != "", isUrgent(m):
		return true
	case past.Asked != "" && strings.EqualFold(m.From, past.Asked) && m.At.Unix() >= past.AskedAt:
		return true
	}
	body := strings.ToLower(m.Body)
	return slices.ContainsFunc([]string{"?", "please", "git swarm "}, func(word string) bool { return strings.Contains(body, word) })
}

// isUrgent reports whether a message is told at once: one from the orchestrator, and
// one that begins with "urgent".
func isUrgent(m bus.Message) bool {
	return m.From == bus.Orchestrator || strings.HasPrefix(strings.ToLower(strings.TrimLeft(m.Body, "[(*! ")), "urgent")
}
