package app

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"golang.org/x/term"
)

func (c *call) printLines(lines []text.Line) error {
	return text.Write(c.Stdout, lines, c.colours())
}

// terminalWidth is the width of the terminal on stdout, 0 if it is none.
func (c *call) terminalWidth() int {
	file, ok := c.Stdout.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return 0
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil || width <= 0 {
		return 80
	}
	return width
}

// colours follows git: color.ui (auto if not set), and NO_COLOR.
func (c *call) colours() bool {
	terminal := c.terminalWidth() > 0 && c.Env.Get("TERM") != "dumb"
	if c.Env.Get("NO_COLOR") != "" {
		terminal = false
	}
	r, err := c.Repo()
	if err != nil {
		return terminal
	}
	config, err := r.Config()
	if err != nil {
		return terminal
	}
	mode, _ := config.Get("color.ui")
	switch strings.ToLower(mode) {
	case "always":
		return true
	case "never", "false", "no", "off", "0":
		return false
	}
	return terminal
}

// printf writes one piece of output; lines of ours are short, and a failed write
// must be seen.
func (c *call) printf(format string, args ...any) error {
	_, err := fmt.Fprintf(c.Stdout, format, args...)
	return err
}

// notef writes a remark beside the data.
func (a *App) notef(format string, args ...any) { fmt.Fprintf(a.Stderr, format+"\n", args...) }

// wantJSON reports whether --json was given.
func (c *call) wantJSON() bool { return c.cmd.Bool("json") }

// jsonFlag is --json, where it was given, as fail wants it.
func (c *call) jsonFlag() []string {
	if c.wantJSON() {
		return []string{"--json"}
	}
	return nil
}

// object prints v, which encodes as a JSON object that is not empty, as one line
// that begins with its kind.
func (a *App) object(kind string, v any) error { return writeObject(a.Stdout, kind, v) }

func writeObject(w io.Writer, kind string, v any) error {
	line, err := text.JSON(v)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, `{"kind":"`+kind+`",`+line[1:]+"\n") // lists are long, and fmt is not quick
	return err
}
