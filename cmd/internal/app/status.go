package app

import (
	"context"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

func statusVerb() *verb {
	return &verb{
		name: "status", group: groupStart, short: "list the sessions: what each does, and when it was last heard of; and where work lands",
		json: true,
		run: func(ctx context.Context, c *call) error {
			b, err := c.Bus()
			if err != nil {
				return err
			}
			all, err := b.Sessions(ctx)
			if err != nil {
				return err
			}
			if err := b.Store().CheckTips(ctx, "refs/swarm/"); err != nil {
				return err
			}
			return c.printStatus(ctx, all)
		},
	}
}

func (c *call) printStatus(ctx context.Context, all []bus.Session) error {
	if c.wantJSON() {
		for _, s := range all {
			if err := c.object("session", jsonSession(s)); err != nil {
				return err
			}
		}
		return nil
	}
	if len(all) == 0 {
		c.notef("%s", noSessions)
		return nil
	}
	lines, err := c.statusLines(all, c.terminalWidth())
	if err != nil {
		return err
	}
	if err := c.printLines(lines); err != nil {
		return err
	}
	return c.printTarget(ctx)
}

// statusLines is the table of sessions.
func (c *call) statusLines(all []bus.Session, width int) ([]text.Line, error) {
	settings, err := c.Settings()
	if err != nil {
		return nil, err
	}
	status := map[bus.Status]text.Colour{bus.Running: text.Green, bus.Blocked: text.Red, bus.Done: text.Dim}
	var rows [][]text.Cell
	for _, s := range all {
		seen := text.Cell{Text: text.Ago(c.Now(), s.Seen)}
		if s.Status != bus.Done && bus.Stale(s.Seen, c.Now(), settings.StaleAfter) {
			seen.Colour = text.Yellow
		}
		rows = append(rows, []text.Cell{
			text.Bold.Cell(s.ID),
			{Text: text.Inert(s.Workstream)},
			status[s.Status].Cell(string(s.Status)),
			{Text: text.Inert(s.Branch)},
			{Text: text.Inert(s.Note)},
			seen,
		})
	}
	return text.Table([]string{"ID", "Workstream", "Status", "Branch", "Note", "Seen"}, []int{4, 3, 1}, width, rows), nil
}

type sessionJSON struct {
	Session    string  `json:"session"`
	Workstream string  `json:"workstream"`
	Status     string  `json:"status"`
	Branch     string  `json:"branch"`
	Note       string  `json:"note"`
	Agent      string  `json:"agent"`
	Host       string  `json:"host"`
	Joined     *string `json:"joined"`
	Updated    *string `json:"updated"`
	Seen       *string `json:"seen"`
	Worktree   string  `json:"worktree,omitempty"`
}

func jsonSession(s bus.Session) sessionJSON {
	return sessionJSON{
		Session: s.ID, Workstream: s.Workstream, Status: string(s.Status), Branch: s.Branch, Note: s.Note,
		Agent: s.Agent, Host: s.Host, Joined: text.Stamp(s.Joined), Updated: text.Stamp(s.Updated), Seen: text.Stamp(s.Seen),
	}
}
