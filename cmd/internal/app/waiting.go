package app

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/lock"
	"golang.org/x/term"
)

// waiting is a wait of at most timeout that says on a terminal for whom it waits, and
// how long it has. It keeps to one line of stderr; done takes that away. Where stderr
// is no terminal it is silent.
func (c *call) waiting(timeout time.Duration, forWhat string) (wait lock.Wait, done func()) {
	wait.Timeout = timeout
	file, ok := c.Stderr.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return wait, func() {}
	}
	line := c.waitLine(file)
	wait.Waiting = func(holder string, waited time.Duration) {
		line.show(fmt.Sprintf("Waiting for %s to %s: %s", text.Inert(holder), forWhat, text.Duration(waited)))
	}
	return wait, line.done
}

func (c *call) waitLine(terminal *os.File) *waitLine {
	width, _, err := term.GetSize(int(terminal.Fd()))
	if err != nil || width < 1 {
		width = 80
	}
	return &waitLine{out: terminal, width: width, dumb: c.Env.Get("TERM") == "dumb"}
}

// waitLine is the line of a terminal that a wait keeps up to date.
type waitLine struct {
	out   io.Writer
	width int
	dumb  bool // cannot go back to the beginning of a line
	shown bool
}

func (l *waitLine) show(line string) {
	switch {
	case !l.dumb:
		fmt.Fprintf(l.out, "\r%s\x1b[K", text.Cut(line, l.width-1))
	case !l.shown:
		fmt.Fprintln(l.out, line)
	}
	l.shown = true
}

func (l *waitLine) done() {
	if l.shown && !l.dumb {
		fmt.Fprint(l.out, "\r\x1b[K")
	}
}
