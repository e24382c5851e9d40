package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/swarm"
	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/standing"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/review"
)

func statuslineVerb() *verb {
	return &verb{
		name: "statusline", group: groupOversee, short: "one line for a client's status line: who you are, what is unread, who waits for you",
		long: `For Claude Code's settings: {"statusLine":{"type":"command","command":"git-swarm
statusline"}}. It reads the client's JSON on standard input, and prints nothing
where there is no swarm, or nobody is known to ask.`,
		run: runStatusline,
	}
}

// maxStatus bounds what a client may say to a status line.
const maxStatus = 1 << 20

func runStatusline(ctx context.Context, c *call) error {
	var in struct {
		Session string `json:"session_id"`
		Dir     string `json:"cwd"`
	}
	if c.piped() {
		content, err := io.ReadAll(io.LimitReader(c.Stdin, maxStatus))
		if err != nil {
			return err
		}
		_ = json.Unmarshal(content, &in) // a client that says something else is told all the same
	}
	dir := c.Dir
	if filepath.IsAbs(in.Dir) {
		dir = in.Dir
	}
	at, err := swarm.Open(c.Env, dir, swarm.Options{Now: c.Now, Own: true})
	if errors.Is(err, repo.ErrNotRepository) {
		return nil
	}
	if err != nil {
		return err
	}
	c.swarm.Close()
	c.swarm = at
	id := agents.In(at.Repo).Session(in.Session)
	if id == "" {
		id = c.viewer()
	}
	s, err := at.Bus().Session(ctx, id)
	var unknown *bus.UnknownSessionError
	if id == "" || errors.As(err, &unknown) || errors.Is(err, bus.ErrInput) {
		return nil
	}
	if err != nil {
		return err
	}
	parts, err := c.statusParts(ctx, s)
	if err != nil {
		return err
	}
	return c.printf("%s\n", strings.Join(parts, " · "))
}

// statusParts are what the line says, the session first.
func (c *call) statusParts(ctx context.Context, s bus.Session) (parts []string, err error) {
	b := c.swarm.Bus()
	parts = []string{"swarm " + s.ID}
	unread, err := b.Inbox(ctx, s.ID, false)
	if err != nil {
		return nil, err
	}
	if len(unread) > 0 {
		parts = append(parts, fmt.Sprintf("%d unread", len(unread)))
	}
	claims, err := c.swarm.Claims(ctx)
	if err != nil {
		return nil, err
	}
	held, err := claims.List(ctx, "")
	if err != nil {
		return nil, err
	}
	own := 0
	for _, h := range held {
		if h.Session == s.ID {
			own++
		}
	}
	if own > 0 {
		parts = append(parts, fmt.Sprintf("claims %d", own))
	}
	err = review.NewStore(b).ListOpen(ctx, func(r *review.Review) bool {
		if r.State == review.Pending && slices.Contains(r.To, s.ID) && r.Verdict(s.ID) == nil {
			parts = append(parts, text.Inert(r.From)+" waits for you")
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	all, err := b.Sessions(ctx)
	if err != nil {
		return nil, err
	}
	stand, err := c.standing(b).All(ctx, all)
	if err != nil {
		return nil, err
	}
	for _, x := range standing.Sort(all, stand) {
		if at := stand[x.ID]; x.ID != s.ID && at.NeedsSomebody() {
			parts = append(parts, x.ID+" "+string(at.State))
		}
	}
	return parts, nil
}
