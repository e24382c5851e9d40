package app

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/mattn/go-runewidth"
	"golang.org/x/term"
)

// colour is an SGR sequence, "" for none.
type colour string

const (
	bold   colour = "\x1b[1m"
	dim    colour = "\x1b[2m"
	red    colour = "\x1b[31m"
	green  colour = "\x1b[32m"
	yellow colour = "\x1b[33m"
	reset         = "\x1b[m"
)

// cell is a table cell: what it says, already inert, and how it looks.
type cell struct {
	text   string
	colour colour
}

func plainCells(texts ...string) []cell {
	cells := make([]cell, len(texts))
	for i, t := range texts {
		cells[i] = cell{text: t}
	}
	return cells
}

// table prints rows under a heading, aligned by display width. On a terminal it
// is coloured, and the column named flexible is cut to make the lines fit.
func (c *call) table(heading []string, flexible int, rows [][]cell) error {
	colours := c.colours()
	head := make([]cell, len(heading))
	for i, h := range heading {
		head[i] = cell{h, bold}
	}
	rows = append([][]cell{head}, rows...)
	widths := make([]int, len(heading))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], runewidth.StringWidth(cell.text))
		}
	}
	if width := c.terminalWidth(); width > 0 && flexible >= 0 {
		rest := width - 2*(len(heading)-1)
		for i, w := range widths {
			if i != flexible {
				rest -= w
			}
		}
		widths[flexible] = min(widths[flexible], max(rest, 10))
	}
	out := bufio.NewWriter(c.Stdout)
	for _, row := range rows {
		for i, cell := range row {
			text := cell.text
			if i == flexible {
				text = runewidth.Truncate(text, widths[i], "…")
			}
			pad := ""
			if i < len(row)-1 {
				pad = strings.Repeat(" ", max(0, widths[i]-runewidth.StringWidth(text))+2)
			}
			if colours && cell.colour != "" {
				text = string(cell.colour) + text + reset
			}
			fmt.Fprint(out, text, pad)
		}
		fmt.Fprintln(out)
	}
	return out.Flush()
}

// terminalWidth is the width of the terminal on stdout, 0 if it is none.
func (c *call) terminalWidth() int {
	if c.width > 0 {
		return c.width
	}
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

// object prints v as one line of JSON. What a terminal would act on is written
// as \u escapes, which mean the same.
func (c *call) object(v any) error {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	line := strings.TrimSuffix(b.String(), "\n")
	if !strings.ContainsFunc(line, func(r rune) bool { return !plain(r) }) {
		return c.printf("%s\n", line)
	}
	b.Reset()
	for _, r := range line {
		switch {
		case plain(r):
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return c.printf("%s\n", b.String())
}

// stamp is a time in JSON: RFC 3339 in UTC, null where there is none.
func stamp(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := t.UTC().Format(time.RFC3339)
	return &s
}
