package task

import (
	"bytes"
	"cmp"
	"errors"
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

// page is the tasks of one blob, by number.
type page []*Task

func encodePage(p page) []byte {
	const about = 160 // bytes of a line
	b := make([]byte, 0, about*len(p))
	for _, t := range p {
		b = t.appendLine(b)
	}
	return b
}

// parsePage reads a blob. Lines that are damaged are given to bad, which may return an
// error to end the reading.
func parsePage(at int, content []byte, bad func(error) error) (page, error) {
	lines := bytes.Count(content, []byte{'\n'}) + 1
	p, tasks := make(page, 0, lines), make([]Task, 0, lines)
	last := 0
	for text := range strings.Lines(string(content)) {
		text, whole := strings.CutSuffix(text, "\n")
		tasks = append(tasks, Task{})
		t := &tasks[len(tasks)-1]
		err := t.parseLine(text)
		switch {
		case err == nil && !whole:
			err = fmt.Errorf("#%d: the line has no end", t.Number)
		case err == nil && (pageOf(t.Number) != at || t.Number <= last):
			err = fmt.Errorf("#%d is not in its place", t.Number)
		}
		if err != nil {
			if err := bad(damaged(listPath(at), err)); err != nil {
				return nil, err
			}
			continue
		}
		last = t.Number
		p = append(p, t)
	}
	return p, nil
}

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
		switch {
		case t.State.Held():
			h.held = append(h.held, holding{t.Number, t.Holder})
		case t.State == Ready && (h.best.number == 0 || t.key().compare(h.best) < 0):
			h.best = t.key()
		}
	}
	return h
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
		if h.empty() {
			continue
		}
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
		b = append(b, '\n')
	}
	return b
}

func parseHeads(content []byte) (heads []head, err error) {
	heads = make([]head, 0, bytes.Count(content, []byte{'\n'}))
	for text := range strings.Lines(string(content)) {
		h, err := parseHead(strings.Fields(text))
		if err != nil {
			return nil, damaged(headsPath, fmt.Errorf("%w: %.80q", err, text))
		}
		heads = append(heads, h)
	}
	if !bytes.Equal(encodeHeads(heads), content) || !slices.IsSortedFunc(heads, func(a, b head) int { return cmp.Compare(a.page, b.page) }) {
		return nil, damaged(headsPath, errors.New("not as git swarm writes it"))
	}
	return heads, nil
}

func parseHead(words []string) (h head, err error) {
	if len(words) == 0 {
		return h, errField
	}
	if h.page, err = refstore.ParseNumber(words[0]); err != nil {
		return h, err
	}
	for _, word := range words[1:] {
		if ready, ok := strings.CutPrefix(word, "ready="); ok {
			n, err := parseNumbers(ready)
			if err != nil || len(n) != 4 {
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
