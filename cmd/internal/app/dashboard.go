package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/git-swarm/git-swarm/orchestrator"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/mattn/go-runewidth"
	"golang.org/x/term"
)

func runDashboard(ctx context.Context, c *call) error {
	m, interval, err := c.monitor(ctx)
	if err != nil {
		return err
	}
	if c.cmd.Bool("watch") {
		ctx, restore := undoable(ctx)
		defer restore()
		return c.watchDashboard(ctx, m, interval)
	}
	now, _, err := m.Tick(ctx)
	if err != nil {
		return err
	}
	if !c.wantJSON() {
		return c.printStanding(now)
	}
	return c.printStandingJSON(now)
}

// printStanding is the dashboard: what needs somebody first, then the sessions.
func (c *call) printStanding(s *orchestrator.Standing) error {
	if len(s.Sessions) == 0 {
		c.notef("no sessions yet: git swarm init --sessions \"A:frontend B:backend\"")
		return nil
	}
	if err := c.printStatus(s.Sessions); err != nil {
		return err
	}
	for _, line := range c.standingLines(s) {
		if err := c.printf("%s\n", c.fit(line)); err != nil {
			return err
		}
	}
	return nil
}

// standingLines are those below the table of sessions.
func (c *call) standingLines(s *orchestrator.Standing) []string {
	quiet := c.cmd.Bool("quiet")
	var lines []string
	add := func(title string, items []string) {
		if len(items) > 0 {
			lines = append(append(lines, "", title), items...)
		}
	}
	var items []string
	for _, x := range s.Collisions {
		items = append(items, fmt.Sprintf("  %s and %s in %s", x.A, x.B, inert(strings.Join(x.Files, ", "))))
	}
	add("About to collide", items)
	items = nil
	for _, session := range s.Sessions {
		if session.Status == bus.Blocked {
			items = append(items, fmt.Sprintf("  %s: %s", session.ID, quoted(session.Note)))
		}
	}
	add("Blocked", items)
	if len(s.Stale) > 0 {
		add("Silent", []string{"  " + strings.Join(s.Stale, ", ") + ": their claims can be taken over"})
	}
	items = nil
	for _, r := range s.Reviews {
		items = append(items, fmt.Sprintf("  #%d of %s: %s, %s", r.Number, r.From, r.State, "waits for "+strings.Join(r.Waiting(), ", ")))
	}
	add("Reviews", items)
	items = nil
	for _, m := range s.Messages {
		items = append(items, fmt.Sprintf("  #%d from %s: %s", m.Number, m.From, quoted(m.Body)))
	}
	add("Messages to the orchestrator", items)
	if s.Holder != nil && !quiet {
		line := fmt.Sprintf("  %s, for %s", s.Holder.Session, c.age(s.Holder.Since))
		if len(s.Waiters) > 0 {
			line += "; waiting: " + inert(strings.Join(s.Waiters, ", "))
		}
		add("Pushing", []string{line})
	}
	return lines
}

// fit cuts a line to the terminal.
func (c *call) fit(line string) string {
	if width := c.terminalWidth(); width > 0 {
		return runewidth.Truncate(line, width, "…")
	}
	return line
}

func (c *call) printStandingJSON(s *orchestrator.Standing) error {
	for _, session := range s.Sessions {
		if err := c.object(jsonSession(session)); err != nil {
			return err
		}
	}
	for _, r := range s.Reviews {
		if err := c.object(jsonReview(r)); err != nil {
			return err
		}
	}
	for _, m := range s.Messages {
		if err := c.object(jsonMessage("message", m)); err != nil {
			return err
		}
	}
	for _, x := range s.Collisions {
		if err := c.object(map[string]any{"kind": "collision", "session": x.A, "other": x.B, "files": x.Files}); err != nil {
			return err
		}
	}
	return nil
}

// The terminal's other screen, and back.
const (
	screenOn  = "\x1b[?1049h\x1b[?25l"
	screenOff = "\x1b[?25h\x1b[?1049l"
	home      = "\x1b[H"
	clearLine = "\x1b[K"
	clearRest = "\x1b[J"
)

// watchDashboard keeps the dashboard on the whole screen: it is drawn anew when
// something changes, at the interval, and when the terminal is resized.
func (c *call) watchDashboard(ctx context.Context, m *orchestrator.Monitor, interval time.Duration) error {
	in, isFile := c.Stdin.(*os.File)
	if c.terminalWidth() == 0 || !isFile || !term.IsTerminal(int(in.Fd())) {
		return &refusal{exitUsage, "--watch needs a terminal", "git swarm orchestrate dashboard"}
	}
	saved, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return err
	}
	defer term.Restore(int(in.Fd()), saved)
	if err := c.printf(screenOn); err != nil {
		return err
	}
	defer c.printf(screenOff)
	ctx, quit := context.WithCancel(ctx)
	defer quit()
	go awaitQuit(in, quit)
	resized := make(chan os.Signal, 1)
	signal.Notify(resized, syscall.SIGWINCH)
	defer signal.Stop(resized)
	for ctx.Err() == nil {
		watch, err := c.watchSwarm(ctx, m)
		if err == nil {
			err = c.drawUntil(ctx, m, watch, resized, interval)
			_ = watch.Close()
		}
		if err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// drawUntil looks and draws, and draws again at each resize, until something has
// changed or the interval is over.
func (c *call) drawUntil(ctx context.Context, m *orchestrator.Monitor, watch *refstore.Watcher, resized <-chan os.Signal, interval time.Duration) error {
	now, _, err := m.Tick(ctx)
	if err != nil {
		return err
	}
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	changed := make(chan error, 1)
	go func() { changed <- awaitChange(waiting, watch, interval) }()
	for {
		if err := c.draw(now); err != nil {
			cancel()
			<-changed
			return err
		}
		select {
		case <-resized:
		case err := <-changed:
			if errors.Is(err, errInterval) || errors.Is(err, context.Canceled) {
				return nil
			}
			return err
		}
	}
}

// draw prints the dashboard from the top of the screen, each line to its end.
func (c *call) draw(now *orchestrator.Standing) error {
	var text bytes.Buffer
	app := *c.App
	app.Stdout, app.Stderr = &text, &text
	view := *c
	view.App, view.width = &app, c.terminalWidth()
	if err := view.printStanding(now); err != nil {
		return err
	}
	_, height, err := term.GetSize(int(c.Stdout.(*os.File).Fd()))
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSuffix(text.String(), "\n"), "\n")
	if len(lines) > height-1 {
		lines = append(lines[:max(height-2, 0)], fmt.Sprintf("… %d more lines", len(lines)-height+2))
	}
	lines = append(lines, fmt.Sprintf("%s  q ends", now.At.Local().Format("15:04:05")))
	_, err = io.WriteString(c.Stdout, home+strings.Join(lines, clearLine+"\r\n")+clearLine+clearRest)
	return err
}

// awaitQuit ends the watch at q, Ctrl-C, or the end of input.
func awaitQuit(in io.Reader, quit func()) {
	key := make([]byte, 1)
	for {
		n, err := in.Read(key)
		if err != nil || n == 1 && (key[0] == 'q' || key[0] == 3 || key[0] == 4) {
			quit()
			return
		}
	}
}
