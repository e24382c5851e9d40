package app

import (
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"golang.org/x/term"
)

// terminal is the user's, as a screen. Its escape sequences are those that
// terminals of the last thirty years have in common (ECMA-48, and xterm's other
// screen). A library would know more of them, and every command would pay for
// that at its start.
type terminal struct {
	in     *os.File
	out    *os.File
	plain  bool // without colours
	events chan event
	done   chan struct{}

	mu     sync.Mutex
	cooked *term.State // as it was before, nil while it is not ours
}

const (
	screenOn  = "\x1b[?1049h\x1b[?25l\x1b[?7l" // the other screen, no cursor, no wrapping
	screenOff = "\x1b[?7h\x1b[?25h\x1b[?1049l"
	home      = "\x1b[H"
	clearLine = "\x1b[K"
	clearRest = "\x1b[J"
)

// openTerminal takes the terminal over. Close gives it back.
func openTerminal(in, out *os.File, plain bool) (*terminal, error) {
	t := &terminal{in: in, out: out, plain: plain, events: make(chan event), done: make(chan struct{})}
	if err := t.takeOver(); err != nil {
		return nil, err
	}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGWINCH, syscall.SIGCONT)
	go t.follow(signals)
	go t.read()
	return t, nil
}

// takeOver may be called again: whoever had the terminal meanwhile may have left
// it otherwise.
func (t *terminal) takeOver() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	select {
	case <-t.done:
		return nil
	default:
	}
	was, err := term.MakeRaw(int(t.in.Fd()))
	if err != nil {
		return err
	}
	if t.cooked == nil {
		t.cooked = was
	}
	_, err = io.WriteString(t.out, screenOn)
	return err
}

func (t *terminal) giveBack() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.cooked == nil {
		return
	}
	_, _ = io.WriteString(t.out, screenOff)
	_ = term.Restore(int(t.in.Fd()), t.cooked)
	t.cooked = nil
}

// Close gives the terminal back.
func (t *terminal) Close() {
	close(t.done)
	t.giveBack()
}

// Size is asked of the terminal each time.
func (t *terminal) Size() (width, height int) {
	width, height, err := term.GetSize(int(t.out.Fd()))
	if err != nil || width < 1 || height < 1 {
		return 80, 24
	}
	return width, height
}

// Draw is one write, so that nothing is seen half drawn. A row is cleared before
// it is written: behind its last column, that would take the last character.
func (t *terminal) Draw(rows []text.Line) error {
	var b strings.Builder
	b.WriteString(home)
	for _, row := range rows[:max(len(rows)-1, 0)] {
		b.WriteString(clearLine)
		t.write(&b, row)
		b.WriteString("\r\n")
	}
	b.WriteString(clearRest)
	if len(rows) > 0 {
		t.write(&b, rows[len(rows)-1])
	}
	_, err := io.WriteString(t.out, b.String())
	return err
}

func (t *terminal) write(b *strings.Builder, row text.Line) {
	b.WriteString(row.Render(!t.plain))
}

// Suspend stops the process's group, as Ctrl-Z does elsewhere.
func (t *terminal) Suspend() error {
	t.giveBack()
	if err := syscall.Kill(0, syscall.SIGTSTP); err != nil {
		return err
	}
	return t.takeOver()
}

// Events are keys, resizes, and that the process was stopped and goes on.
func (t *terminal) Events() <-chan event { return t.events }

func (t *terminal) follow(signals chan os.Signal) {
	defer signal.Stop(signals)
	for {
		select {
		case s := <-signals:
			if s == syscall.SIGCONT && t.takeOver() != nil {
				return
			}
			t.send(redraw)
		case <-t.done:
			return
		}
	}
}

func (t *terminal) send(e event) {
	select {
	case t.events <- e:
	case <-t.done:
	}
}

// read takes in keys until the terminal is gone.
func (t *terminal) read() {
	buffer := make([]byte, 256)
	for {
		n, err := t.in.Read(buffer)
		if err != nil {
			t.send(keyQuit)
			return
		}
		for _, e := range keysIn(buffer[:n]) {
			t.send(e)
		}
	}
}

// sequences are what keys send, in both of a terminal's modes for them.
var sequences = map[string]event{
	"q": keyQuit, "Q": keyQuit, "\x03": keyQuit, "\x04": keyQuit, "\x1a": keySuspend, "\x0c": redraw,
	"k": keyUp, "\x1b[A": keyUp, "\x1bOA": keyUp, "j": keyDown, "\x1b[B": keyDown, "\x1bOB": keyDown,
	"b": keyPageUp, "\x1b[5~": keyPageUp, " ": keyPageDown, "\x1b[6~": keyPageDown,
	"g": keyHome, "\x1b[H": keyHome, "\x1bOH": keyHome, "\x1b[1~": keyHome, "G": keyEnd, "\x1b[F": keyEnd, "\x1bOF": keyEnd, "\x1b[4~": keyEnd,
}

// keysIn are the keys in what was typed. Sequences of keys that mean nothing here
// are passed over whole.
func keysIn(typed []byte) (events []event) {
	for len(typed) > 0 {
		n := sequenceLength(typed)
		if e, ok := sequences[string(typed[:n])]; ok {
			events = append(events, e)
		}
		typed = typed[n:]
	}
	return events
}

// sequenceLength is how many bytes belong to the first key: one, or an escape
// sequence by ECMA-48.
func sequenceLength(typed []byte) int {
	if typed[0] != 0x1b || len(typed) < 2 {
		return 1
	}
	if typed[1] == 'O' {
		return min(3, len(typed))
	}
	if typed[1] != '[' {
		return 2
	}
	for i := 2; i < len(typed); i++ {
		if typed[i] >= 0x40 && typed[i] <= 0x7e {
			return i + 1
		}
	}
	return len(typed)
}
