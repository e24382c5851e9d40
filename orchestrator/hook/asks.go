package hook

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/attention"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// maxAsks bounds what is kept of a question, in characters.
const maxAsks = 200

// asks records that the agent waits for its user's answer. A client without a user
// asks nobody: it refuses by itself. The first that is known of a question is the
// most exact, so what comes later of the same one changes nothing.
func (h *Handler) asks(ctx context.Context, id string) error {
	what := h.question()
	if what == "" || !attended(h.Env) || h.agent.Record == nil || h.agent.Record.Asks != "" {
		return nil
	}
	first := false
	err := h.agent.Update(ctx, func(a *agents.Record) {
		if first = a.Asks == ""; first {
			a.Asks, a.AsksSince = what, h.Now().Unix()
		}
	})
	if err != nil || !first {
		return err
	}
	return h.teller().Tell(ctx, id, attention.Event{Kind: attention.Asks, Session: id, Text: what})
}

// teller tells who watches over the swarm.
func (h *Handler) teller() *attention.Teller {
	return &attention.Teller{Repo: h.Repo, Bus: h.Bus, Env: h.Env, Now: h.Now}
}

// answered records that the agent asks its user nothing any more: it goes on.
func (h *Handler) answered(ctx context.Context) error {
	if h.agent.Record == nil || h.agent.Record.Asks == "" || h.Input.Subagent != "" {
		return nil
	}
	return h.agent.Update(ctx, func(a *agents.Record) { a.Asks, a.AsksSince = "", 0 })
}

// attended reports whether the client has a user whom it could ask, now or when one
// attaches to it.
func attended(env repo.Env) bool {
	return env.Get("CLAUDE_CODE_ENTRYPOINT") != "sdk-cli" || env.Get("CLAUDE_CODE_SESSION_ATTENDED") == "1"
}

// question is what the agent asks for, as a tool and what it is used on.
func (h *Handler) question() string {
	in := h.Input
	what := in.Tool
	switch {
	case what == "" && in.Waits:
		what = in.Message
	case len(in.Paths) > 0:
		what += " " + h.named(in.Paths[0])
	case in.Command != "":
		line, _, _ := strings.Cut(strings.TrimSpace(in.Command), "\n")
		what += " " + line
	}
	what = strings.TrimSpace(strings.ToValidUTF8(what, "?"))
	if runes := []rune(what); len(runes) > maxAsks {
		what = string(runes[:maxAsks]) + "…"
	}
	return what
}

// named is the file from the top of the work tree, where it is in that.
func (h *Handler) named(path string) string {
	if rel, err := filepath.Rel(h.Repo.WorkTree, path); h.Repo.WorkTree != "" && err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel)
	}
	return path
}
