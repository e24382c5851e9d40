package app

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/rivo/uniseg"
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

// cell is a piece of a line: what it says, already inert, and how it looks.
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

// line is one line of output.
type line []cell

// table prints rows under a heading. On a terminal it is coloured, and the columns
// named flexible are cut to make the lines fit.
func (c *call) table(heading []string, rows [][]cell, flexible ...int) error {
	return c.printLines(tabulate(heading, flexible, c.terminalWidth(), rows))
}

// minColumn is how narrow a column is cut to make the others fit.
const minColumn = 8

// tabulate aligns rows under a heading by display width. To make the lines fit
// into width, 0 being any, the columns named flexible are cut, the widest first.
func tabulate(heading []string, flexible []int, width int, rows [][]cell) []line {
	head := make([]cell, len(heading))
	for i, h := range heading {
		head[i] = cell{h, bold}
	}
	rows = append([][]cell{head}, rows...)
	widths := make([]int, len(heading))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], uniseg.StringWidth(cell.text))
		}
	}
	over := 2*(len(heading)-1) - width
	for _, w := range widths {
		over += w
	}
	for ; width > 0 && over > 0 && len(flexible) > 0; over-- {
		widest := slices.MaxFunc(flexible, func(a, b int) int { return widths[a] - widths[b] })
		if widths[widest] <= minColumn {
			break
		}
		widths[widest]--
	}
	var lines []line
	for _, row := range rows {
		var l line
		for i, c := range row {
			c.text = cut(c.text, widths[i])
			l = append(l, c)
			if pad := widths[i] - uniseg.StringWidth(c.text) + 2; i < len(row)-1 {
				l = append(l, cell{text: strings.Repeat(" ", max(0, pad))})
			}
		}
		lines = append(lines, l)
	}
	return lines
}

func (c *call) printLines(lines []line) error {
	colours := c.colours()
	out := bufio.NewWriter(c.Stdout)
	for _, l := range lines {
		for _, cell := range l {
			if colours && cell.colour != "" {
				cell.text = string(cell.colour) + cell.text + reset
			}
			fmt.Fprint(out, cell.text)
		}
		fmt.Fprintln(out)
	}
	return out.Flush()
}

// cut shortens text to a display width, with an ellipsis for what is cut off.
func cut(text string, width int) string {
	if uniseg.StringWidth(text) <= width {
		return text
	}
	var kept strings.Builder
	state := -1
	for rest, left := text, width-1; rest != ""; {
		var cluster string
		var w int
		cluster, rest, w, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if left -= w; left < 0 {
			break
		}
		kept.WriteString(cluster)
	}
	return kept.String() + "…"
}

// cut is cut for a whole line.
func (l line) cut(width int) line {
	if l.width() <= width {
		return l
	}
	var kept line
	for _, c := range l {
		w := uniseg.StringWidth(c.text)
		if w >= width { // here, or right behind, something is cut off
			return append(kept, cell{cut(c.text+"…", width), c.colour})
		}
		kept, width = append(kept, c), width-w
	}
	return kept
}

func (l line) width() int {
	n := 0
	for _, c := range l {
		n += uniseg.StringWidth(c.text)
	}
	return n
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
