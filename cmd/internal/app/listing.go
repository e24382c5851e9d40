package app

import (
	"bufio"
	"errors"
	"runtime/debug"
	"slices"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
)

// listing prints a list of any length as it comes: lines of JSON, or a table.
type listing struct {
	out     *bufio.Writer
	columns text.Columns
	colours bool
	json    bool
	rows    [][]text.Cell // not printed yet
	cells   []text.Cell   // what rows are parts of
	empty   bool          // nothing was listed
	begun   bool          // the heading is printed
	err     error         // the first of a write
}

func (c *call) listing(heading []string, flexible ...int) *listing {
	debug.SetGCPercent(listingGC)
	return &listing{
		out:     bufio.NewWriterSize(c.Stdout, 1<<16),
		columns: text.Columns{Heading: heading, Flexible: flexible, Width: c.terminalWidth()},
		colours: c.colours(), json: c.wantJSON(), empty: true,
	}
}

// listingGC lets the heap grow to 16 MB before the garbage of a list is collected, which
// is as much as most of them need altogether.
const listingGC = 400

// listingRows is how many rows of a table are aligned together.
const listingRows = 1000

// row adds one to the table. It reports whether more can be printed, as object and line do.
func (l *listing) row(cells []text.Cell) bool {
	l.empty = false
	from := len(l.cells)
	if from+len(cells) > cap(l.cells) {
		l.cells = slices.Grow(l.cells, 2*from)
	}
	l.cells = append(l.cells, cells...)
	if l.rows = append(l.rows, l.cells[from:]); len(l.rows) == listingRows {
		l.align()
	}
	return l.err == nil
}

func (l *listing) object(kind string, v any) bool {
	l.empty = false
	l.err = errors.Join(l.err, writeObject(l.out, kind, v))
	return l.err == nil
}

// line prints a line of JSON that ends with a line break.
func (l *listing) line(json []byte) bool {
	l.empty = false
	if l.err == nil {
		_, l.err = l.out.Write(json)
	}
	return l.err == nil
}

func (l *listing) align() {
	if len(l.rows) > 0 {
		l.begun = true
		l.err = errors.Join(l.err, l.columns.Write(l.out, l.rows, l.colours))
	}
	l.rows, l.cells = l.rows[:0], l.cells[:0]
}

// end prints what is left.
func (l *listing) end() error {
	if !l.begun {
		l.leaveOutBlank()
	}
	l.align()
	return errors.Join(l.err, l.out.Flush())
}

// leaveOutBlank takes out the last column where no row has anything there.
func (l *listing) leaveOutBlank() {
	last := len(l.columns.Heading) - 1
	if slices.ContainsFunc(l.rows, func(row []text.Cell) bool { return row[last].Text != "" }) {
		return
	}
	l.columns.Heading = l.columns.Heading[:last]
	l.columns.Flexible = slices.DeleteFunc(l.columns.Flexible, func(i int) bool { return i == last })
	for i, row := range l.rows {
		l.rows[i] = row[:last]
	}
}
