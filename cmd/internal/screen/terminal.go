package screen

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

// Terminal is the user's, as a Screen. Its escape sequences are those that
// terminals of the last thirty years have in common (ECMA-48, and xterm's other
// screen). A library would know more of them, and every command would pay for
// that at its start.
type Terminal struct {
	in     *os.File
	out    *os.File
	plain  bool // without colours
	events chan Event
	done   chan struct{}

	mu     sync.Mutex
	cooked *term.State // as it was before, nil while it is not ours
}

const (
	screenOn  = "\x1b[22;2t\x1b[?1049h\x1b[?25l\x1b[?7l" // its title kept, the other screen, no cursor, no wrapping
	screenOff = "\x1b[?7h\x1b[?25h\x1b[?1049l\x1b[23;2t"
	bell      = "\a"
	home      = "\x1b[H"
	clearLine = "\x1b[K"
	clearRest = "\x1b[J"
)

// OpenTerminal takes the terminal over. Close gives it back.
func OpenTerminal(in, out *os.File, plain bool) (*Terminal, error) {
	t := &Terminal{in: in, out: out, plain: plain, events: make(chan Event), done: make(chan struct{})}
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
func (t *Terminal) takeOver() error {
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

func (t *Terminal) giveBack() {
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
func (t *Terminal) Close() {
	close(t.done)
	t.giveBack()
}

// Size is asked of the terminal each time.
func (t *Terminal) Size() (width, height int) {
	width, height, err := term.GetSize(int(t.out.Fd()))
	if err != nil || width < 1 || height < 1 {
		return 80, 24
	}
	return width, height
}

// Draw is one write, so that nothing is seen half drawn. A row is cleared before
// it is written: behind its last column, that would take the last character.
func (t *Terminal) Draw(rows []text.Line) error {
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

func (t *Terminal) write(b *strings.Builder, row text.Line) {
	b.WriteString(row.Render(!t.plain))
}

// Title sets the window's, as xterm takes it.
func (t *Terminal) Title(title string, ring bool) error {
	said := "\x1b]2;" + title + bell
	if ring {
		said += bell
	}
	_, err := io.WriteString(t.out, said)
	return err
}

// Suspend stops the process's group, as Ctrl-Z does elsewhere.
func (t *Terminal) Suspend() error {
	t.giveBack()
	if err := syscall.Kill(0, syscall.SIGTSTP); err != nil {
		return err
	}
	return t.takeOver()
}

// Events are keys, resizes, and that the process was stopped and goes on.
func (t *Terminal) Events() <-chan Event { return t.events }

func (t *Terminal) follow(signals chan os.Signal) {
	defer signal.Stop(signals)
	for {
		select {
		case s := <-signals:
			if s == syscall.SIGCONT && t.takeOver() != nil {
				return
			}
			t.send(Redraw)
		case <-t.done:
			return
		}
	}
}

func (t *Terminal) send(e Event) {
	select {
	case t.events <- e:
	case <-t.done:
	}
}

// read takes in keys until the terminal is gone.
func (t *Terminal) read() {
	buffer := make([]byte, 256)
	for {
		n, err := t.in.Read(buffer)
		if err != nil {
			t.send(KeyQuit)
			return
		}
		for _, e := range keysIn(buffer[:n]) {
			t.send(e)
		}
	}
}

// sequences are what keys send, in both of a terminal's modes for them.
var sequences = map[string]Event{
	"q": KeyQuit, "Q": KeyQuit, "\x03": KeyQuit, "\x04": KeyQuit, "\x1a": KeySuspend, "\x0c": Redraw,
	"k": KeyUp, "\x1b[A": KeyUp, "\x1bOA": KeyUp, "j": KeyDown, "\x1b[B": KeyDown, "\x1bOB": KeyDown,
	"b": KeyPageUp, "\x1b[5~": KeyPageUp, " ": KeyPageDown, "\x1b[6~": KeyPageDown,
	"g": KeyHome, "\x1b[H": KeyHome, "\x1bOH": KeyHome, "\x1b[1~": KeyHome, "G": KeyEnd, "\x1b[F": KeyEnd, "\x1bOF": KeyEnd, "\x1b[4~": KeyEnd,
}

// keysIn are the keys in what was typed. Sequences of keys that mean nothing here
// are skipped whole.
func keysIn(typed []byte) (events []Event) {
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
