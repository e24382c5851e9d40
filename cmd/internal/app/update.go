package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/orchestrator/attention"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/urfave/cli/v3"
)

func updateVerb() *verb {
	return &verb{
		name: "update", group: groupStart, args: "ID", min: 1, max: 1, short: "say what a session is doing",
		long: `What is not named of status and note stays as it is.

A session that is done holds nothing: its claims are released with the same
step, and it claims nothing until its status is running again. An agent's hooks
set that when it starts or edits a file.

One that is parked keeps what it claims however silent it is, and is not called
stale: it hit a usage limit, or somebody stopped it. --until is when it goes on:
14:30, "2026-01-02 14:30", 2026-01-02T14:30:00Z or 2h. When that was long ago it
counts as silent again. Claude Code's hooks park a session whose usage limit is
reached; the next prompt, or git swarm launch --resume, takes it up again.`,
		session: true, json: true,
		flags: func() []cli.Flag {
			return []cli.Flag{
				&cli.StringFlag{Name: "status", Usage: "`STATUS`: running, blocked, parked or done"},
				&cli.StringFlag{Name: "until", Usage: "with parked: when it goes on, `TIME`"},
				&cli.StringFlag{Name: "note", Usage: "`TEXT` that others see; empty clears it"},
			}
		},
		run: runUpdate,
	}
}

func runUpdate(ctx context.Context, c *call) error {
	var change bus.Change
	if c.cmd.IsSet("status") {
		status := bus.Status(c.cmd.String("status"))
		change.Status = &status
	}
	if c.cmd.IsSet("until") {
		if change.Status == nil || *change.Status != bus.Parked {
			return usageOf(c.verb, "--until goes with --status parked")
		}
		until, ok := parseUntil(c.cmd.String("until"), c.Now())
		if !ok {
			return usageOf(c.verb, fmt.Sprintf("--until '%s' is no time to come: 14:30, \"2026-01-02 14:30\", 2026-01-02T14:30:00Z or 2h", text.Inert(c.cmd.String("until"))))
		}
		change.Until = until
	}
	if c.cmd.IsSet("note") {
		note, err := c.body(c.cmd.String("note"))
		if err != nil {
			return err
		}
		change.Note = &note
	}
	if change == (bus.Change{}) {
		return usageOf(c.verb, "nothing to change: --status or --note")
	}
	b, err := c.Bus()
	if err != nil {
		return err
	}
	id, err := b.Resolve(ctx, c.args[0])
	if err != nil {
		return err
	}
	if err := c.mayActFor(id); err != nil {
		return err
	}
	by := id
	if c.cmd.IsSet("session") || c.viewer() != "" {
		if by, err = c.Session(); err != nil {
			return err
		}
	}
	before, err := b.Session(ctx, id)
	if err != nil {
		return err
	}
	u := update{by: by, before: before, change: change}
	err = b.SetStatus(ctx, by, id, change, func(tx *refstore.Tx) error { return u.also(tx, c.swarm.Repo) })
	if lock.Away(b, err) && change.Status != nil && *change.Status == bus.Done {
		u.queued = true
		note := before.Note
		if change.Note != nil {
			note = *change.Note
		}
		u.released, err = lock.QueueDone(ctx, b, by, id, note, func(tx *refstore.Tx) error { return u.alsoQueued(tx, c.swarm.Repo, note) })
	}
	if err != nil {
		return err
	}
	c.runNotify(b, u.events)
	if u.queued {
		c.notef("the hub is out of reach: %s is done when a command reaches it again", id)
	}
	if err := c.printUpdated(ctx, b, id, u.released); err != nil {
		return err
	}
	if change.Status != nil && *change.Status != before.Status && change.Note == nil && before.Note != "" && !strings.HasPrefix(before.Note, bus.RequestNote) {
		c.notef("the note stays: %s", text.Quoted(before.Note))
		c.notef("hint: git swarm update %s --note \"\"", id)
	}
	return nil
}

// runNotify runs swarm.notify for what has happened.
func (c *call) runNotify(b *bus.Bus, events []attention.Event) {
	for _, e := range events {
		if err := c.teller(b).Run(e); err != nil {
			c.notef("git swarm: swarm.notify: %s", text.Inert(err.Error()))
		}
	}
}

// update is a change of a session's status, and what comes with it.
type update struct {
	by       string
	before   bus.Session
	change   bus.Change
	released []string
	queued   bool // the hub is out of reach
	events   []attention.Event
}

// alsoQueued is also of a session that is done while the hub is out of reach. What other
// clones' sessions do is not known then: whoever delivers it tells that all are done.
func (u *update) alsoQueued(tx *refstore.Tx, r *repo.Repo, note string) error {
	u.events = nil
	if u.before.Status != bus.Done || note != u.before.Note {
		u.events = append(u.events, attention.Event{Kind: attention.Done, Session: u.before.ID, Text: note})
	}
	return u.post(tx, r)
}

// also releases what a session that is done holds, and tells the orchestrator what it
// did not do itself. A retry begins anew.
func (u *update) also(tx *refstore.Tx, r *repo.Repo) (err error) {
	u.released, u.events = nil, nil
	status := u.before.Status
	if u.change.Status != nil {
		status = *u.change.Status
	}
	note := u.before.Note
	if u.change.Note != nil {
		note = *u.change.Note
	}
	news := status != u.before.Status || note != u.before.Note
	switch {
	case status == bus.Done:
		if u.released, err = lock.ReleaseAllIn(tx, u.before.ID); err != nil {
			return err
		}
		if news {
			u.events = append(u.events, attention.Event{Kind: attention.Done, Session: u.before.ID, Text: note})
		}
		if all, err := allDone(tx); err != nil || !all || u.before.Status == bus.Done {
			return errors.Join(err, u.post(tx, r))
		}
		u.events = append(u.events, attention.Event{Kind: attention.AllDone, Session: u.before.ID})
	case status == bus.Blocked && news:
		u.events = append(u.events, attention.Event{Kind: attention.Blocked, Session: u.before.ID, Text: note})
	}
	return u.post(tx, r)
}

func (u *update) post(tx *refstore.Tx, r *repo.Repo) error {
	for _, e := range u.events {
		if u.by == bus.Orchestrator {
			break
		}
		if err := attention.Post(tx, r, e); err != nil {
			return err
		}
	}
	return nil
}

// allDone reports whether every session is.
func allDone(tx *refstore.Tx) (bool, error) {
	table, err := tx.Table(bus.SessionsRef)
	if err != nil {
		return false, err
	}
	ids, err := table.Names("")
	if err != nil {
		return false, err
	}
	for _, id := range ids {
		status, err := bus.StatusIn(tx, id)
		main, failed := bus.CountsAsIn(tx, id)
		if err = errors.Join(err, failed); err != nil {
			return false, err
		}
		if status != bus.Done && id != bus.Orchestrator && main == id {
			return false, nil
		}
	}
	return true, nil
}

// parseUntil reads a time to come: a time of day, which is the next such one, a date
// with it, both where the user is, RFC 3339, or a duration from now.
func parseUntil(text string, now time.Time) (time.Time, bool) {
	if d, err := time.ParseDuration(text); err == nil {
		return now.Add(d), d > 0
	}
	if at, err := time.ParseInLocation("15:04", text, now.Location()); err == nil {
		at = time.Date(now.Year(), now.Month(), now.Day(), at.Hour(), at.Minute(), 0, 0, now.Location())
		if !at.After(now) {
			at = at.AddDate(0, 0, 1)
		}
		return at, true
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04", "2006-01-02T15:04"} {
		if at, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return at, at.After(now)
		}
	}
	return time.Time{}, false
}

func (c *call) printUpdated(ctx context.Context, b *bus.Bus, id string, released []string) error {
	if !c.wantJSON() {
		if err := c.printf("Session %s updated\n", id); err != nil || len(released) == 0 {
			return err
		}
		return c.printReleased(id, released, false)
	}
	s, err := b.Session(ctx, id)
	if err != nil {
		return fmt.Errorf("session %s: %w", id, err)
	}
	return c.object("session", jsonSession(s))
}
