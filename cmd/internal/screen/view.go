// Package screen keeps text on a whole screen: it scrolls, follows the terminal's
// size, and gives the terminal back however it ends.
package screen

import (
	"context"
	"fmt"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
)

// Screen is what a View is drawn on.
type Screen interface {
	// Size is in columns and rows.
	Size() (width, height int)
	// Draw shows these rows, none wider than the screen, and nothing else.
	Draw(rows []text.Line) error
	// Title names what is on the screen, beside it, and calls whoever sits there if
	// ring is set. The title must be inert.
	Title(title string, ring bool) error
	// Suspend gives the terminal back and stops the process until it is continued.
	Suspend() error
	// Events are what comes from the terminal. The channel is closed when that is gone.
	Events() <-chan Event
}

// Event is a key, or that the screen has changed under the view.
type Event int

const (
	Redraw Event = iota
	KeyQuit
	KeySuspend
	KeyUp
	KeyDown
	KeyPageUp
	KeyPageDown
	KeyHome
	KeyEnd
)

// Content is what a View shows.
type Content struct {
	Lines func(width int) ([]text.Line, error) // laid out anew for each width
	Foot  string                               // of the screen's last row, before the place
	Title string                               // see Screen.Title, "" for none
	Ring  bool
	Err   error // ends the view
}

// View shows lines, of which some can be out of sight, and below them a foot.
type View struct {
	Screen Screen

	content Content
	lines   []text.Line // the content at the screen's width
	top     int         // the first line in sight
}

// Run shows the newest of what comes from contents until a key ends it, ctx does,
// or a content is an error.
func (v *View) Run(ctx context.Context, contents <-chan Content) error {
	for {
		if err := v.draw(); err != nil {
			return err
		}
		select {
		case c := <-contents:
			if c.Err != nil {
				return c.Err
			}
			v.content = c
			if c.Title != "" {
				if err := v.Screen.Title(c.Title, c.Ring); err != nil {
					return err
				}
			}
		case e, ok := <-v.Screen.Events():
			if !ok || e == KeyQuit {
				return nil
			}
			if err := v.handle(e); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (v *View) handle(e Event) error {
	page := max(v.height()-1, 1)
	switch e {
	case KeySuspend:
		return v.Screen.Suspend()
	case KeyUp:
		v.top--
	case KeyDown:
		v.top++
	case KeyPageUp:
		v.top -= page
	case KeyPageDown:
		v.top += page
	case KeyHome:
		v.top = 0
	case KeyEnd:
		v.top = len(v.lines)
	}
	return nil
}

// height is how many rows there are above the foot.
func (v *View) height() int {
	_, height := v.Screen.Size()
	return max(height-1, 1)
}

func (v *View) draw() error {
	if v.content.Lines == nil {
		return v.Screen.Draw(nil)
	}
	width, height := v.Screen.Size()
	var err error
	if v.lines, err = v.content.Lines(width); err != nil {
		return err
	}
	v.top = max(0, min(v.top, len(v.lines)-v.height()))
	rows := v.lines[v.top:min(len(v.lines), v.top+v.height())]
	if height == 1 {
		return v.Screen.Draw(rows)
	}
	foot := v.content.Foot
	if len(rows) < len(v.lines) {
		foot += fmt.Sprintf("  ↑↓ %d to %d of %d", v.top+1, v.top+len(rows), len(v.lines))
	}
	all := make([]text.Line, height)
	copy(all, rows)
	all[height-1] = text.Line{text.Dim.Cell(foot)}.Cut(width)
	return v.Screen.Draw(all)
}
