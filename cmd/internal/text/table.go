package text

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rivo/uniseg"
)

// Colour is an SGR sequence, "" for none.
type Colour string

const (
	Bold   Colour = "\x1b[1m"
	Dim    Colour = "\x1b[2m"
	Red    Colour = "\x1b[31m"
	Green  Colour = "\x1b[32m"
	Yellow Colour = "\x1b[33m"
	reset         = "\x1b[m"
)

// Paint returns s, which must be inert, in the colour.
func (c Colour) Paint(s string) string {
	if c == "" {
		return s
	}
	return string(c) + s + reset
}

// Cell returns s, which must be inert, as a cell in the colour.
func (c Colour) Cell(s string) Cell { return Cell{s, c} }

// Cell is a piece of a line: inert text, and its colour.
type Cell struct {
	Text   string
	Colour Colour
}

// Cells are texts without colours. The texts must be inert.
func Cells(texts ...string) []Cell {
	cells := make([]Cell, len(texts))
	for i, t := range texts {
		cells[i].Text = t
	}
	return cells
}

// Line is one line of output.
type Line []Cell

// displayWidth is how many columns of a terminal inert text takes.
func displayWidth(s string) int {
	for i := range len(s) {
		if s[i] >= 0x7f {
			return uniseg.StringWidth(s)
		}
	}
	return len(s) // as most text is, and lists can be long
}

// minColumn is how narrow a column is cut to make the others fit.
const minColumn = 8

// Table aligns rows under a heading by display width. To make the lines fit into
// width columns, 0 meaning any number, the table's columns named flexible are cut,
// the widest first.
func Table(heading []string, flexible []int, width int, rows [][]Cell) []Line {
	return (&Columns{Heading: heading, Flexible: flexible, Width: width}).Lines(rows)
}

// Columns are those of a table of which not all rows are in memory together.
type Columns struct {
	Heading  []string
	Flexible []int // as of [Table]
	Width    int
	widths   []int
	line     Line   // used again for each
	buffer   []byte // the same
}

// Lines are the next rows of the table, at first under its heading. Columns are as
// wide as what there was until now asks for.
func (t *Columns) Lines(rows [][]Cell) []Line {
	rows, widths := t.fit(rows)
	lines := make([]Line, 0, len(rows))
	for _, row := range rows {
		lines = append(lines, align(make(Line, 0, 2*len(row)), row, widths))
	}
	return lines
}

// Write writes the lines that Lines gives, with or without their colours.
func (t *Columns) Write(w io.Writer, rows [][]Cell, colours bool) error {
	rows, widths := t.fit(rows)
	b := t.buffer[:0]
	for _, row := range rows {
		t.line = align(t.line[:0], row, widths)
		b = append(t.line.append(b, colours), '\n')
		if len(b) > 1<<15 {
			if _, err := w.Write(b); err != nil {
				return err
			}
			b = b[:0]
		}
	}
	t.buffer = b
	_, err := w.Write(b)
	return err
}

// fit puts the heading in front of the first rows, and gives how wide the columns are.
func (t *Columns) fit(rows [][]Cell) (all [][]Cell, widths []int) {
	if t.widths == nil {
		head := make([]Cell, len(t.Heading))
		for i, h := range t.Heading {
			head[i] = Cell{h, Bold}
		}
		rows = append([][]Cell{head}, rows...)
		t.widths = make([]int, len(head))
	}
	for _, row := range rows {
		for i, c := range row {
			t.widths[i] = max(t.widths[i], displayWidth(c.Text))
		}
	}
	return rows, fitting(t.widths, t.Flexible, t.Width)
}

// align appends the row to l, each cell as wide as its column.
func align(l Line, row []Cell, widths []int) Line {
	for i, c := range row {
		width := displayWidth(c.Text)
		if width > widths[i] {
			c.Text = Cut(c.Text, widths[i])
			width = displayWidth(c.Text)
		}
		l = append(l, c)
		if i < len(row)-1 {
			l = append(l, Cell{Text: blanks(widths[i] - width + 2)})
		}
	}
	return l
}

// blanks are n blanks, none for less than one.
func blanks(n int) string {
	const some = "                                                                                "
	if n <= len(some) {
		return some[:max(0, n)]
	}
	return strings.Repeat(" ", n)
}

// fitting are the widths of columns, the flexible ones cut so that all fit into width.
func fitting(wanted, flexible []int, width int) []int {
	widths := slices.Clone(wanted)
	over := 2*(len(widths)-1) - width
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
	return widths
}

// Write writes the lines, with or without their colours.
func Write(w io.Writer, lines []Line, colours bool) error {
	size := 0
	for _, l := range lines {
		for _, c := range l {
			size += len(c.Text)
		}
		size++
	}
	b := make([]byte, 0, size)
	for _, l := range lines {
		b = append(l.append(b, colours), '\n')
	}
	_, err := w.Write(b)
	return err
}

// Render returns the line as it is written, without a line break.
func (l Line) Render(colours bool) string {
	return string(l.append(nil, colours))
}

func (l Line) append(b []byte, colours bool) []byte {
	for _, c := range l {
		if colours {
			b = append(b, c.Colour.Paint(c.Text)...)
		} else {
			b = append(b, c.Text...)
		}
	}
	return b
}

// Cut shortens s to a display width, with an ellipsis for what is cut off.
func Cut(s string, width int) string {
	if displayWidth(s) <= width {
		return s
	}
	var kept strings.Builder
	state := -1
	for rest, left := s, width-1; rest != ""; {
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

// CutMiddle shortens s to a display width, with an ellipsis for what is cut out: the
// end, where a command stands, is kept as long as the beginning.
func CutMiddle(s string, width int) string {
	if displayWidth(s) <= width {
		return s
	}
	var clusters []string
	state := -1
	for rest := s; rest != ""; {
		var cluster string
		cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		clusters = append(clusters, cluster)
	}
	tail := ""
	for i := len(clusters) - 1; i >= 0 && displayWidth(clusters[i]+tail) <= width/2; i-- {
		tail = clusters[i] + tail
	}
	head := Cut(s, width-displayWidth(tail))
	if width < 8 { // nothing could be read
		return Cut(s, width)
	}
	return head + tail
}

// Cut is Cut for a whole line.
func (l Line) Cut(width int) Line {
	if l.Width() <= width {
		return l
	}
	var kept Line
	for _, c := range l {
		w := displayWidth(c.Text)
		if w >= width { // this cell, or the one after it, is cut
			return append(kept, Cell{Cut(c.Text+"…", width), c.Colour})
		}
		kept, width = append(kept, c), width-w
	}
	return kept
}

// Width is the line's display width.
func (l Line) Width() int {
	n := 0
	for _, c := range l {
		n += displayWidth(c.Text)
	}
	return n
}

// Count is "1 session", "2 sessions".
func Count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
