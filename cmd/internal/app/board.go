package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/orchestrator/monitor"
)

// board is the dashboard on a screen: the lines, of which some can be out of
// sight, and below them the time and the keys.
type board struct {
	call   *call
	screen screen

	now   *monitor.Snapshot // nil before the first look
	part  bool              // that is not all yet
	lines []text.Line       // how that reads at the screen's width
	top   int               // the first line in sight
}

// screen is what a board is drawn on.
type screen interface {
	// Size is in columns and rows.
	Size() (width, height int)
	// Draw shows these rows, none wider than the screen, and nothing else.
	Draw(rows []text.Line) error
	// Suspend gives the terminal back and stops the process, until it is let go on.
	Suspend() error
	// Events are what comes from the terminal. The channel is closed when that is gone.
	Events() <-chan event
}

// event is a key, or that the screen has changed under the board.
type event int

const (
	redraw event = iota
	keyQuit
	keySuspend
	keyUp
	keyDown
	keyPageUp
	keyPageDown
	keyHome
	keyEnd
)

// looked is what a look has found, or what kept it from looking.
type looked struct {
	now  *monitor.Snapshot
	part bool // the collisions are yet to be found
	err  error
}

// run draws whenever something of the swarm moves, at the interval, at a key and
// at a resize, until a key ends it, or ctx.
func (b *board) run(ctx context.Context, m *monitor.Monitor, interval time.Duration) error {
	ctx, cancel := context.WithCancel(ctx)
	looks, over := make(chan looked), make(chan struct{})
	defer func() { cancel(); <-over }()
	go func() { defer close(over); b.look(ctx, m, interval, looks) }()
	for {
		if err := b.draw(); err != nil {
			return err
		}
		select {
		case l := <-looks:
			if l.err != nil {
				return l.err
			}
			b.now, b.part = l.now, l.part
		case e, ok := <-b.screen.Events():
			if !ok || e == keyQuit {
				return nil
			}
			if err := b.take(e); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// look looks again and again, until ctx ends or it cannot.
func (b *board) look(ctx context.Context, m *monitor.Monitor, interval time.Duration, to chan<- looked) {
	for ctx.Err() == nil {
		err := b.lookOnce(ctx, m, interval, to)
		if err != nil {
			if _, _, code := b.call.format(err); code == exitAgain {
				err = pause(ctx, min(interval, busyPause))
			}
		}
		if err != nil {
			select {
			case to <- looked{err: err}:
			case <-ctx.Done():
			}
			return
		}
	}
}

// busyPause is after how long a repository that is busy is looked at again.
const busyPause = 2 * time.Second

// lookOnce looks, and returns when it is time for the next look. It watches
// before it looks, so that nothing falls between the two. The first time, what
// takes git to find out is shown when it is there, and the rest before.
func (b *board) lookOnce(ctx context.Context, m *monitor.Monitor, interval time.Duration, to chan<- looked) error {
	watch, before, err := b.call.watchSwarm(ctx, m)
	if err != nil {
		return err
	}
	defer watch.Close()
	show := func(now *monitor.Snapshot, part bool) error {
		select {
		case to <- looked{now: now, part: part}:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if !m.Looked() {
		if err := show(before, true); err != nil {
			return err
		}
	}
	now, _, err := m.Tick(ctx)
	if err == nil {
		err = show(now, false)
	}
	if err == nil {
		err = awaitChange(ctx, watch, interval)
	}
	if errors.Is(err, errInterval) {
		err = nil
	}
	return err
}

// take does what a key asks for.
func (b *board) take(e event) error {
	page := max(b.room()-1, 1)
	switch e {
	case keySuspend:
		return b.screen.Suspend()
	case keyUp:
		b.top--
	case keyDown:
		b.top++
	case keyPageUp:
		b.top -= page
	case keyPageDown:
		b.top += page
	case keyHome:
		b.top = 0
	case keyEnd:
		b.top = len(b.lines)
	}
	return nil
}

// room is how many lines there is room for above the last.
func (b *board) room() int {
	_, height := b.screen.Size()
	return max(height-1, 1)
}

// draw shows what is known by now.
func (b *board) draw() error {
	if b.now == nil {
		return b.screen.Draw(nil)
	}
	width, height := b.screen.Size()
	if len(b.now.Sessions) == 0 {
		b.lines = []text.Line{text.Line{{Text: noSessions}}.Cut(width)}
	} else {
		var err error
		if b.lines, err = b.call.standingLines(b.now, width); err != nil {
			return err
		}
	}
	b.top = max(0, min(b.top, len(b.lines)-b.room()))
	rows := b.lines[b.top:min(len(b.lines), b.top+b.room())]
	foot := b.now.At.Local().Format("15:04:05") + "  q ends"
	if b.part {
		foot += "  looking for collisions…"
	}
	if len(rows) < len(b.lines) {
		foot += fmt.Sprintf("  ↑↓ %d to %d of %d", b.top+1, b.top+len(rows), len(b.lines))
	}
	if height == 1 {
		return b.screen.Draw(rows)
	}
	all := make([]text.Line, height)
	copy(all, rows)
	all[height-1] = text.Line{text.Dim.Cell(foot)}.Cut(width)
	return b.screen.Draw(all)
}
