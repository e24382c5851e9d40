package app

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/orchestrator/standing"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/review"
)

func statusVerb() *verb {
	return &verb{
		name: "status", news: true, group: groupStart, short: "list the sessions: what each does, when it was last active, and where work lands",
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
			stand, err := c.standing(b).All(ctx, all)
			if err != nil {
				return err
			}
			return c.printStatus(ctx, all, stand)
		},
	}
}

// standing reads how sessions stand.
func (c *call) standing(b *bus.Bus) *standing.Reader {
	return &standing.Reader{Repo: c.swarm.Repo, Bus: b, Book: review.NewStore(b)}
}

func (c *call) printStatus(ctx context.Context, all []bus.Session, stand map[string]standing.Standing) error {
	troubles := worktreeTroubles(c.swarm.Repo, all)
	if c.wantJSON() {
		for _, s := range all {
			line := jsonSession(s).stands(stand[s.ID])
			line.Trouble = troubleOf(troubles, s.ID)
			if err := c.object("session", line); err != nil {
				return err
			}
		}
		return nil
	}
	if len(all) == 0 {
		c.notef("%s", c.noSessions())
		return c.printTaskSummary(ctx)
	}
	lines, err := c.sessionLines(ctx, standing.Sort(all, stand), stand, nil, c.terminalWidth())
	if err != nil {
		return err
	}
	if err := c.printLines(lines); err != nil {
		return err
	}
	for _, item := range troubleItems(troubles) {
		if err := c.printf("%s\n", item); err != nil {
			return err
		}
	}
	if err := c.printTarget(ctx); err != nil {
		return err
	}
	return c.printTaskSummary(ctx)
}

// column is a further column of the table of sessions: a count for each.
type column struct {
	heading string
	count   func(id string) int
}

// stateColours are those of the states for which nobody or somebody is needed.
var stateColours = map[standing.State]text.Colour{
	standing.Asks: text.Yellow, standing.Blocked: text.Red, standing.Ended: text.Red,
	standing.Running: text.Green, standing.InReview: text.Green, standing.Done: text.Dim, standing.NotStarted: text.Dim, standing.Parked: text.Dim,
}

// stateCell is how a session stands. One that has ended, and left nothing, needs nobody.
func stateCell(s standing.Standing) text.Cell {
	colour := stateColours[s.State]
	if s.State == standing.Ended && !s.Unlanded {
		colour = text.Dim
	}
	return colour.Cell(text.Inert(s.String()))
}

// sessionLines is the table of sessions.
func (c *call) sessionLines(ctx context.Context, all []bus.Session, stand map[string]standing.Standing, columns []column, width int) ([]text.Line, error) {
	staleAfter := c.swarm.StaleAfter(ctx)
	var rows [][]text.Cell
	for _, s := range all {
		seen := text.Cell{Text: text.Ago(c.Now(), s.Seen)}
		state := stand[s.ID].State
		if state == standing.NotStarted { // what was seen is who registered it
			seen.Text = text.Ago(c.Now(), time.Time{})
		} else if state != standing.Done && state != standing.Ended && !s.Keeps(c.Now(), staleAfter) && bus.Stale(s.Seen, c.Now(), staleAfter) && !c.swarm.Present(s.ID) {
			seen.Colour = text.Yellow
		}
		id := s.ID
		if slices.ContainsFunc(all, func(o bus.Session) bool { return o.ID == s.Parent }) {
			id = "  " + id // below the session that it works for
		}
		row := []text.Cell{
			text.Bold.Cell(id),
			{Text: text.Inert(s.Workstream)},
			stateCell(stand[s.ID]),
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
	return text.Table(append(heading, "Branch", "Note", "Seen"), []int{note, note - 1, 1, 2}, width, rows), nil
}

type sessionJSON struct {
	Session    string  `json:"session"`
	Workstream string  `json:"workstream"`
	Status     string  `json:"status"`
	Branch     string  `json:"branch"`
	Note       string  `json:"note"`
	Agent      string  `json:"agent"`
	Parent     string  `json:"parent,omitempty"` // the session that a subagent works for
	Host       string  `json:"host"`
	Joined     *string `json:"joined"`
	Updated    *string `json:"updated"`
	Seen       *string `json:"seen"`
	Worktree   string  `json:"worktree,omitempty"`

	Until    *string        `json:"until,omitempty"` // when a parked session goes on
	State    standing.State `json:"state,omitempty"`
	Asks     string         `json:"asks,omitempty"`
	Review   int            `json:"review,omitempty"`
	Unlanded bool           `json:"unlanded,omitempty"`
	Trouble  string         `json:"trouble,omitempty"` // why it cannot work in its worktree
}

// stands adds how the session stands to what it says of itself, its status.
func (j sessionJSON) stands(s standing.Standing) sessionJSON {
	j.State, j.Asks, j.Review, j.Unlanded = s.State, s.Asks, s.Review, s.Unlanded
	return j
}

func jsonSession(s bus.Session) sessionJSON {
	return sessionJSON{
		Session: s.ID, Workstream: s.Workstream, Status: string(s.Status), Branch: s.Branch, Note: s.Note,
		Agent: s.Agent, Parent: s.Parent, Host: s.Host, Joined: text.Stamp(s.Joined), Updated: text.Stamp(s.Updated), Seen: text.Stamp(s.Seen),
		Until: text.Stamp(s.Until),
	}
}
