package app

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/git-swarm/git-swarm/orchestrator"
)

// board is the dashboard on a screen: the lines, of which some can be out of
// sight, and below them the time and the keys.
type board struct {
	call    *call
	screen  tcell.Screen
	colours bool

	now   *orchestrator.Standing // nil before the first look
	lines []line                 // how that reads at the screen's width
	top   int                    // the first line in sight
}

// looked is what a look has found, or what kept it from looking.
type looked struct {
	now *orchestrator.Standing
	err error
}

// run draws whenever something of the swarm moves, at the interval, at a key and
// at a resize, until a key ends it, or ctx.
func (b *board) run(ctx context.Context, m *orchestrator.Monitor, interval time.Duration) error {
	ctx, cancel := context.WithCancel(ctx)
	looks, over := make(chan looked), make(chan struct{})
	defer func() { cancel(); <-over }()
	go func() { defer close(over); b.look(ctx, m, interval, looks) }()
	events, quit := make(chan tcell.Event), make(chan struct{})
	defer close(quit)
	go b.screen.ChannelEvents(events, quit)
	for {
		select {
		case l := <-looks:
			if l.err != nil {
				return l.err
			}
			b.now = l.now
		case e := <-events:
			ended, err := b.take(e)
			if ended || err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := b.draw(); err != nil {
			return err
		}
	}
}

// look looks again and again, until ctx ends or it cannot.
func (b *board) look(ctx context.Context, m *orchestrator.Monitor, interval time.Duration, to chan<- looked) {
	for ctx.Err() == nil {
		err := b.lookOnce(ctx, m, interval, to)
		if err != nil {
			select {
			case to <- looked{err: err}:
			case <-ctx.Done():
			}
			return
		}
	}
}

// lookOnce looks, and returns when it is time for the next look. It watches
// before it looks, so that nothing falls between the two.
func (b *board) lookOnce(ctx context.Context, m *orchestrator.Monitor, interval time.Duration, to chan<- looked) error {
	watch, err := b.call.watchSwarm(ctx, m)
	if err != nil {
		return err
	}
	defer watch.Close()
	now, _, err := m.Tick(ctx)
	if err != nil {
		return err
	}
	select {
	case to <- looked{now: now}:
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := awaitChange(ctx, watch, interval); !errors.Is(err, errInterval) {
		return err
	}
	return nil
}

// take does what a key or a resize asks for.
func (b *board) take(e tcell.Event) (ended bool, err error) {
	switch e := e.(type) {
	case nil: // the terminal is gone
		return true, nil
	case *tcell.EventError:
		return true, e
	case *tcell.EventResize:
		b.screen.Sync()
	case *tcell.EventKey:
		return b.key(e)
	}
	return false, nil
}

func (b *board) key(e *tcell.EventKey) (ended bool, err error) {
	page := max(b.room()-1, 1)
	switch key := e.Key(); {
	case key == tcell.KeyCtrlC, key == tcell.KeyCtrlD, key == tcell.KeyEscape, key == tcell.KeyRune && e.Rune() == 'q':
		return true, nil
	case key == tcell.KeyCtrlZ:
		return false, b.suspend()
	case key == tcell.KeyCtrlL:
		b.screen.Sync()
	case key == tcell.KeyUp, key == tcell.KeyRune && e.Rune() == 'k':
		b.top--
	case key == tcell.KeyDown, key == tcell.KeyRune && e.Rune() == 'j':
		b.top++
	case key == tcell.KeyPgUp, key == tcell.KeyRune && e.Rune() == 'b':
		b.top -= page
	case key == tcell.KeyPgDn, key == tcell.KeyRune && e.Rune() == ' ':
		b.top += page
	case key == tcell.KeyHome, key == tcell.KeyRune && e.Rune() == 'g':
		b.top = 0
	case key == tcell.KeyEnd, key == tcell.KeyRune && e.Rune() == 'G':
		b.top = len(b.lines)
	}
	return false, nil
}

// suspend gives the terminal back and stops, as Ctrl-Z does elsewhere, until the
// shell lets it go on.
func (b *board) suspend() error {
	if err := b.screen.Suspend(); err != nil {
		return err
	}
	if err := syscall.Kill(0, syscall.SIGTSTP); err != nil {
		return err
	}
	return b.screen.Resume()
}

// room is how many lines there is room for above the last.
func (b *board) room() int {
	_, height := b.screen.Size()
	return max(height-1, 1)
}

// draw shows what is known by now.
func (b *board) draw() error {
	b.screen.Clear()
	defer b.screen.Show()
	if b.now == nil {
		return nil
	}
	width, height := b.screen.Size()
	if len(b.now.Sessions) == 0 {
		b.lines = []line{line{{text: noSessions}}.cut(width)}
	} else {
		var err error
		if b.lines, err = b.call.standingLines(b.now, width); err != nil {
			return err
		}
	}
	b.top = max(0, min(b.top, len(b.lines)-b.room()))
	shown := b.lines[b.top:min(len(b.lines), b.top+b.room())]
	for y, l := range shown {
		b.put(y, l)
	}
	foot := b.now.At.Local().Format("15:04:05") + "  q ends"
	if len(shown) < len(b.lines) {
		foot += fmt.Sprintf(", ↑ ↓ scroll: lines %d to %d of %d", b.top+1, b.top+len(shown), len(b.lines))
	}
	if height > 1 {
		b.put(height-1, line{{foot, dim}}.cut(width))
	}
	return nil
}

func (b *board) put(y int, l line) {
	x := 0
	for _, c := range l {
		style := tcell.StyleDefault
		if b.colours {
			style = styles[c.colour]
		}
		for text := c.text; text != ""; {
			var width int
			if text, width = b.screen.Put(x, y, text, style); width == 0 {
				break
			}
			x += width
		}
	}
}

// styles are the colours of the terminal's own palette, as print has them.
var styles = map[colour]tcell.Style{
	bold: tcell.StyleDefault.Bold(true), dim: tcell.StyleDefault.Dim(true),
	red: tcell.StyleDefault.Foreground(tcell.ColorMaroon), green: tcell.StyleDefault.Foreground(tcell.ColorGreen), yellow: tcell.StyleDefault.Foreground(tcell.ColorOlive),
}
