package app

import (
	"context"

	"github.com/git-swarm/git-swarm/refstore/bus"
)

func statusVerb() *verb {
	return &verb{
		name: "status", group: groupStart, short: "list the sessions: what each does, and when it was last heard of",
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
			return c.printStatus(all)
		},
	}
}

func (c *call) printStatus(all []bus.Session) error {
	if c.wantJSON() {
		for _, s := range all {
			if err := c.object(jsonSession(s)); err != nil {
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
	return c.printLines(lines)
}

// statusLines is the table of sessions.
func (c *call) statusLines(all []bus.Session, width int) ([]line, error) {
	settings, err := c.Settings()
	if err != nil {
		return nil, err
	}
	status := map[bus.Status]colour{bus.Running: green, bus.Blocked: red, bus.Done: dim}
	var rows [][]cell
	for _, s := range all {
		seen := cell{text: c.ago(s.Seen)}
		if s.Status != bus.Done && bus.Stale(s.Seen, c.Now(), settings.StaleAfter) {
			seen.colour = yellow
		}
		rows = append(rows, []cell{
			{s.ID, bold},
			{text: inert(s.Workstream)},
			{string(s.Status), status[s.Status]},
			{text: inert(s.Branch)},
			{text: inert(s.Note)},
			seen,
		})
	}
	return tabulate([]string{"ID", "Workstream", "Status", "Branch", "Note", "Seen"}, []int{4, 3, 1}, width, rows), nil
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
		Agent: s.Agent, Host: s.Host, Joined: stamp(s.Joined), Updated: stamp(s.Updated), Seen: stamp(s.Seen),
	}
}
