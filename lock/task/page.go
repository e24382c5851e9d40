package task

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/git-swarm/git-swarm/refstore"
)

// The paths in the table.
const (
	idPath      = "swarm"   // the swarm's id
	headsPath   = "heads"   // what Take reads first: of each page the best ready task, and who has which
	targetsPath = "targets" // up to which commit the branches that work lands on were looked at
	listPrefix  = "list/"   // list/<n/100>: a line for each task
	bodyPrefix  = "body/"   // body/<n/100>/<n>: the text of a task, if it has any
)

// pageSize is how many tasks stand in a blob.
const pageSize = 100

func pageOf(n int) int { return n / pageSize }

func listPath(page int) string { return listPrefix + strconv.Itoa(page) }

func bodyPath(n int) string { return fmt.Sprintf("%s%d/%d", bodyPrefix, pageOf(n), n) }

// aboutLine is how many bytes the line of a task mostly has.
const aboutLine = 160

// page is the tasks of one blob, by number.
type page []*Task

func encodePage(p page) []byte {
	b := make([]byte, 0, aboutLine*len(p))
	for _, t := range p {
		b = t.appendLine(b)
	}
	return b
}

// parsePage reads a blob. Lines that are damaged are given to bad, which may return an
// error to end the reading.
func parsePage(at int, content []byte, bad func(error) error) (page, error) {
	p := make(page, 0, countLines(content))
	tasks := make([]Task, cap(p))
	next := func() *Task {
		tasks[len(p)] = Task{} // of what was damaged a part may be there
		return &tasks[len(p)]
	}
	err := eachLine(at, content, next, func(t *Task, _ string) { p = append(p, t) }, bad)
	if err != nil {
		return nil, err
	}
	return p, nil
}

// eachLine calls visit with the task of each line, which it reads into the one that next
// returns, and with the line, line feed included. Lines that are damaged are given to bad,
// which may return an error to end the reading.
func eachLine(at int, content []byte, next func() *Task, visit func(t *Task, text string), bad func(error) error) error {
	last := 0
	for text := range strings.Lines(string(content)) {
		t := next()
		bare, whole := strings.CutSuffix(text, "\n")
		err := t.parseLine(bare)
		switch {
		case err == nil && !whole:
			err = fmt.Errorf("#%d: the line has no end", t.Number)
		case err == nil && (pageOf(t.Number) != at || t.Number <= last):
			err = fmt.Errorf("#%d is not in its place", t.Number)
		}
		if err != nil {
			if err := bad(damaged(listPath(at), err)); err != nil {
				return err
			}
			continue
		}
		last = t.Number
		visit(t, text)
	}
	return nil
}

// empty is the task with nothing in it but the room that its lists had.
func (t *Task) empty() *Task {
	*t = Task{After: t.After[:0], Files: t.Files[:0], Commits: t.Commits[:0]}
	return t
}

func countLines(content []byte) int { return bytes.Count(content, []byte{'\n'}) + 1 }

func damaged(path string, err error) error {
	return &refstore.DamagedError{Ref: Ref, Path: path, Err: err}
}

func strict(err error) error { return err }

func (p page) find(n int) *Task {
	i, ok := slices.BinarySearchFunc(p, n, func(t *Task, n int) int { return cmp.Compare(t.Number, n) })
	if !ok {
		return nil
	}
	return p[i]
}

// key is what Take orders by.
type key struct{ number, priority, waits, passed int }

func (t *Task) key() key { return key{t.Number, t.Priority, t.Waits, t.Passed} }

// passedEnough is how often a task is passed over before it goes first.
const passedEnough = 10

func (k key) compare(o key) int {
	first := func(k key) int { return min(k.passed/passedEnough, 1) }
	return cmp.Or(cmp.Compare(first(o), first(k)), cmp.Compare(k.priority, o.priority), cmp.Compare(o.waits, k.waits), cmp.Compare(k.number, o.number))
}

// head is what of a page Take has to know without reading it.
type head struct {
	page int
	best key // of the ready tasks the first; number 0 for none
	held []holding
}

type holding struct {
	number int
	holder string
}

func (p page) head(at int) head {
	h := head{page: at}
	for _, t := range p {
		h.see(t.State, t.Holder, t.key())
	}
	return h
}

// see has a task of the page be in its head.
func (h *head) see(s State, holder string, k key) {
	switch {
	case s.Held():
		h.held = append(h.held, holding{k.number, holder})
	case s == Ready && (h.best.number == 0 || k.compare(h.best) < 0):
		h.best = k
	}
}

func (h head) empty() bool { return h.best.number == 0 && len(h.held) == 0 }

// encodeHeads is a line for each page in which a task is ready or taken:
//
//	0 ready=12,2,1,0 held=7@A,9@B
//
// of the ready one number, priority, how many wait, and how often it was passed over.
func encodeHeads(heads []head) []byte {
	const about = 32 // bytes of a line
	b := make([]byte, 0, about*len(heads))
	for _, h := range heads {
		if !h.empty() {
			b = h.appendLine(b)
		}
	}
	return b
}

// appendLine writes the head's line, line feed included.
func (h head) appendLine(b []byte) []byte {
	b = strconv.AppendInt(b, int64(h.page), 10)
	if k := h.best; k.number != 0 {
		for i, n := range [...]int{k.number, k.priority, k.waits, k.passed} {
			b = append(b, [...]string{" ready=", ","}[min(i, 1)]...)
			b = strconv.AppendInt(b, int64(n), 10)
		}
	}
	for i, held := range h.held {
		b = append(b, [...]string{" held=", ","}[min(i, 1)]...)
		b = strconv.AppendInt(b, int64(held.number), 10)
		b = append(append(b, '@'), held.holder...)
	}
	return append(b, '\n')
}

func parseHeads(content []byte) (heads []head, err error) {
	heads = make([]head, 0, countLines(content))
	var again []byte
	for text := range strings.Lines(string(content)) {
		h, err := parseHead(strings.TrimSuffix(text, "\n"))
		if err != nil {
			return nil, damaged(headsPath, fmt.Errorf("%w: %.80q", err, text))
		}
		again = h.appendLine(again[:0])
		if string(again) != text || h.empty() || len(heads) > 0 && h.page <= heads[len(heads)-1].page {
			return nil, damaged(headsPath, fmt.Errorf("not as git swarm writes it: %.80q", text))
		}
		heads = append(heads, h)
	}
	return heads, nil
}

func parseHead(text string) (h head, err error) {
	number, rest, more := strings.Cut(text, " ")
	if h.page, err = refstore.ParseNumber(number); err != nil {
		return h, err
	}
	for more {
		var word string
		word, rest, more = strings.Cut(rest, " ")
		if ready, ok := strings.CutPrefix(word, "ready="); ok {
			var room [4]int
			n, err := parseNumbers(room[:0], ready)
			if err != nil || len(n) != len(room) {
				return h, errField
			}
			h.best = key{n[0], n[1], n[2], n[3]}
			continue
		}
		held, ok := strings.CutPrefix(word, "held=")
		if !ok {
			return h, errField
		}
		for part := range strings.SplitSeq(held, ",") {
			number, holder, _ := strings.Cut(part, "@")
			n, err := refstore.ParseNumber(number)
			if err != nil || !isAgent(holder) {
				return h, errField
			}
			h.held = append(h.held, holding{n, holder})
		}
	}
	return h, nil
}
