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
	"github.com/git-swarm/git-swarm/orchestrator/monitor"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/review"
	"github.com/urfave/cli/v3"
)

const groupOversee = "oversee"

func monitorFlags() []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "interval", Value: 10, Usage: "look every `SECONDS`, and whenever something changes (default: 10)"},
		&cli.IntFlag{Name: "stale-minutes", Usage: "silence in `MINUTES` after which a session is stale (default: swarm.staleAfter, 15)"},
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "only what needs somebody: blocked, stale, collisions, messages, reviews"},
	}
}

func orchestrateVerb() *verb {
	return &verb{
		name: "orchestrate", group: groupOversee, max: 1, short: "watch over the sessions: who is blocked, silent, waiting, or about to collide",
		long: `Prints how things stand, then each change as it happens, until it is
interrupted. Two sessions whose branches would conflict are told, once. orchestrate run is the same.`,
		json: true, subs: []string{"run", "dashboard"},
		flags: func() []cli.Flag {
			return append(monitorFlags(), &cli.BoolFlag{Name: "auto-approve", Usage: "approve the reviews that name the orchestrator and that it has not rejected"})
		},
		run: func(ctx context.Context, c *call) error {
			if len(c.args) == 1 && c.args[0] != "run" {
				return c.unknownSub()
			}
			ctx, restore := undoable(ctx)
			defer restore()
			err := runOrchestrate(ctx, c)
			if ctx.Err() != nil {
				return nil // the way to end it, whatever that kept from ending
			}
			return err
		},
	}
}

func dashboardVerb() *verb {
	return &verb{
		name: "orchestrate dashboard", group: groupOversee, short: "show how things stand, once, or --watch on the whole screen",
		json: true,
		flags: func() []cli.Flag {
			return append(monitorFlags(), &cli.BoolFlag{Name: "watch", Usage: "keep the screen up to date; q ends it"})
		},
		run: runDashboard,
	}
}

const (
	maxInterval = 24 * 60 * 60        // seconds
	maxStale    = 100 * 365 * 24 * 60 // minutes
)

// monitor sets up the monitor by options and configuration.
func (c *call) monitor(ctx context.Context) (*monitor.Monitor, time.Duration, error) {
	b, err := c.Bus()
	if err != nil {
		return nil, 0, err
	}
	interval := c.cmd.Int("interval")
	if interval < 1 || interval > maxInterval {
		return nil, 0, usageOf(c.verb, fmt.Sprintf("--interval takes a number of seconds from 1 to %d", maxInterval))
	}
	stale := c.swarm.StaleAfter(ctx)
	if c.cmd.IsSet("stale-minutes") {
		minutes := c.cmd.Int("stale-minutes")
		if minutes < 1 || minutes > maxStale {
			return nil, 0, usageOf(c.verb, fmt.Sprintf("--stale-minutes takes a number from 1 to %d", maxStale))
		}
		stale = time.Duration(minutes) * time.Minute
	}
	target, err := c.targetRef(ctx, "HEAD")
	if err != nil && !errors.Is(err, repo.ErrNoTarget) && !errors.Is(err, repo.ErrNotFetched) {
		return nil, 0, err
	}
	return &monitor.Monitor{
		Repo: c.swarm.Repo, Bus: b, Book: review.NewStore(b), Push: lock.PushLockOf(b), Now: c.Now,
		Attention:  c.teller(b),
		StaleAfter: stale, AutoApprove: c.cmd.Bool("auto-approve"), Target: target,
	}, time.Duration(interval) * time.Second, nil
}

// teller tells who watches over the swarm.
func (c *call) teller(b *bus.Bus) *attention.Teller {
	return &attention.Teller{Repo: c.swarm.Repo, Bus: b, Env: c.Env, Now: c.Now}
}

// runOrchestrate prints how things stand, then what happens.
func runOrchestrate(ctx context.Context, c *call) error {
	if err := c.mayOversee(); err != nil {
		return err
	}
	m, interval, err := c.monitor(ctx)
	if err != nil {
		return err
	}
	whole := !c.cmd.Bool("quiet")
	p := monitor.Poller{Monitor: m, Interval: interval, Prepare: m.Beat}
	p.Show = func(ctx context.Context, _ *monitor.Snapshot) error {
		err := c.tick(ctx, m, whole)
		whole = whole && err != nil
		return err
	}
	p.Again = func(err error) (time.Duration, bool) {
		line, _, code := c.format(err)
		if code == exitAgain {
			c.notef("git swarm: %s; looking again in %s", text.Inert(line), interval)
		}
		return interval, code == exitAgain
	}
	return p.Run(ctx)
}

// tick prints how things stand, if whole is asked for, and what has happened.
func (c *call) tick(ctx context.Context, m *monitor.Monitor, whole bool) error {
	now, events, err := m.Tick(ctx)
	if err != nil {
		return err
	}
	c.conductUnattended(ctx, now)
	c.endRequests(ctx, now)
	whole = whole && !c.wantJSON()
	if whole {
		if err := c.printDashboard(ctx, now); err != nil {
			return err
		}
	}
	for _, e := range events {
		standing := whole && e.Kind != "auto-approved" // the dashboard has shown it
		if standing || c.cmd.Bool("quiet") && !needsSomebody(e) {
			continue
		}
		if err := c.printEvent(now, e); err != nil {
			return err
		}
	}
	return nil
}

func needsSomebody(e monitor.Event) bool {
	switch e.Kind {
	case string(bus.Blocked), "asks", "ended", "stale", "collision", "message", "review":
		return true
	}
	return false
}

func (c *call) printEvent(now *monitor.Snapshot, e monitor.Event) error {
	if c.wantJSON() {
		return c.object("event", map[string]any{
			"at": text.Stamp(now.At), "event": e.Kind, "session": e.Session, "other": e.Other, "number": e.Number, "body": e.Text, "files": append([]string{}, e.Files...),
		})
	}
	return c.printf("%s %s\n", now.At.Local().Format("15:04:05"), formatEvent(now, e))
}

// formatSilent says what a session holds that shows no activity.
func formatSilent(now *monitor.Snapshot, id string) string {
	if n := len(now.Claims[id]); n > 0 {
		return fmt.Sprintf("%s shows no activity, and holds %s: git swarm claims", id, text.Count(n, "path"))
	}
	return id + " shows no activity"
}

// formatEvent is the line for an event.
func formatEvent(now *monitor.Snapshot, e monitor.Event) string {
	files := text.Inert(strings.Join(e.Files, ", "))
	switch e.Kind {
	case "joined":
		return fmt.Sprintf("%s joined, for %s", e.Session, text.Inert(e.Text))
	case string(bus.Blocked), string(bus.Parked), string(bus.Done), string(bus.Running):
		if e.Text == "" {
			return fmt.Sprintf("%s is %s", e.Session, e.Kind)
		}
		return fmt.Sprintf("%s is %s: %s", e.Session, e.Kind, text.Quoted(e.Text))
	case "asks":
		return fmt.Sprintf("%s asks its user: %s", e.Session, text.Inert(e.Text))
	case "ended":
		return fmt.Sprintf("%s has ended with unlanded work, on %s", e.Session, text.Inert(e.Text))
	case "stale":
		return formatSilent(now, e.Session)
	case "back":
		return e.Session + " is back"
	case "review":
		return fmt.Sprintf("review #%d of %s waits for %s", e.Number, e.Session, text.Inert(e.Text))
	case "verdict":
		return fmt.Sprintf("review #%d: %s: %s", e.Number, e.Session, text.Inert(e.Text))
	case "review-closed":
		return fmt.Sprintf("review #%d of %s is approved, withdrawn or superseded", e.Number, e.Session)
	case "auto-approved":
		return fmt.Sprintf("review #%d of %s approved automatically", e.Number, e.Session)
	case "message":
		return fmt.Sprintf("message #%d from %s: %s", e.Number, e.Session, text.Quoted(e.Text))
	case "lock":
		if e.Text != "" {
			return fmt.Sprintf("%s pushes; waiting: %s", e.Session, text.Inert(e.Text))
		}
		return e.Session + " pushes"
	case "collision":
		return fmt.Sprintf("%s and %s will conflict in %s", e.Session, e.Other, files)
	case "clear":
		return fmt.Sprintf("%s and %s no longer conflict in %s", e.Session, e.Other, files)
	}
	return e.Kind + " " + e.Session
}
