package app

import (
	"context"
	"strconv"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

func statusVerb() *verb {
	return &verb{
		name: "status", group: groupStart, short: "list the sessions: what each does, when it was last active, and where work lands",
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
	lines, err := c.sessionLines(ctx, all, nil, c.terminalWidth())
	if err != nil {
		return err
	}
	if err := c.printLines(lines); err != nil {
		return err
	}
	return c.printTarget(ctx)
}

// column is a further column of the table of sessions: a count for each.
type column struct {
	heading string
	count   func(id string) int
}

// sessionLines is the table of sessions.
func (c *call) sessionLines(ctx context.Context, all []bus.Session, columns []column, width int) ([]text.Line, error) {
	if _, err := c.Settings(); err != nil {
		return nil, err
	}
	staleAfter := c.swarm.StaleAfter(ctx)
	status := map[bus.Status]text.Colour{bus.Running: text.Green, bus.Blocked: text.Red, bus.Done: text.Dim}
	var rows [][]text.Cell
	for _, s := range all {
		seen := text.Cell{Text: text.Ago(c.Now(), s.Seen)}
		if s.Status != bus.Done && bus.Stale(s.Seen, c.Now(), staleAfter) && !c.swarm.Present(s.ID) {
			seen.Colour = text.Yellow
		}
		row := []text.Cell{
			text.Bold.Cell(s.ID),
			{Text: text.Inert(s.Workstream)},
			status[s.Status].Cell(string(s.Status)),
		}
		for _, c := range columns {
			row = append(row, text.Cell{Text: strconv.Itoa(c.count(s.ID))})
		}
		rows = append(rows, append(row, text.Cell{Text: text.Inert(s.Branch)}, text.Cell{Text: text.Inert(s.Note)}, seen))
	}
	heading := []string{"ID", "Workstream", "Status"}
	for _, c := range columns {
		heading = append(heading, c.heading)
	}
	note := len(heading) + 1
	return text.Table(append(heading, "Branch", "Note", "Seen"), []int{note, note - 1, 1}, width, rows), nil
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
