package task

import (
	"cmp"
	"slices"
)

// sheet is a page within a transaction, its tasks by number.
type sheet []entry

// entry is a task as it stands in the table, until somebody looks at it: a page has a
// hundred, of which most changes concern one.
type entry struct {
	key
	state  State
	holder string
	text   string // its line, which was read once and is in order; "" of a new task
	task   *Task  // what counts, once somebody has looked at it
}

// parseSheet reads a page. Any damage is an error.
func parseSheet(at int, content []byte) (sheet, error) {
	s := make(sheet, 0, countLines(content))
	var t Task
	err := eachLine(at, content, t.empty, func(t *Task, text string) {
		s = append(s, entry{t.key(), t.State, t.Holder, text, nil})
	}, strict)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// sheetOf is the page with those tasks.
func sheetOf(p page) sheet {
	s := make(sheet, len(p))
	for i, t := range p {
		s[i].task = t
	}
	return s
}

// find is the task with that number, nil if there is none.
func (s sheet) find(n int) (*Task, error) {
	i, ok := slices.BinarySearchFunc(s, n, func(e entry, n int) int { return cmp.Compare(e.number(), n) })
	if !ok {
		return nil, nil
	}
	return s[i].look()
}

// all are its tasks.
func (s sheet) all() (page, error) {
	p := make(page, len(s))
	for i := range s {
		var err error
		if p[i], err = s[i].look(); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (s sheet) encode() []byte {
	size := aboutLine // by as much as one that changes may grow
	for i := range s {
		size += cmp.Or(len(s[i].text), aboutLine)
	}
	b := make([]byte, 0, size)
	for i := range s {
		if t := s[i].task; t != nil {
			b = t.appendLine(b)
		} else {
			b = append(b, s[i].text...)
		}
	}
	return b
}

func (s sheet) head(at int) head {
	h := head{page: at}
	for i := range s {
		h.see(s[i].now())
	}
	return h
}

func (e *entry) number() int {
	if e.task != nil {
		return e.task.Number
	}
	return e.key.number
}

// look is the task, for reading and changing.
func (e *entry) look() (*Task, error) {
	if e.task == nil {
		t := new(Task)
		if err := t.parseLine(e.text[:len(e.text)-1]); err != nil {
			return nil, err
		}
		e.task = t
	}
	return e.task, nil
}

// now is what Take orders by, and who has the task.
func (e *entry) now() (s State, holder string, k key) {
	if e.task != nil {
		return e.task.State, e.task.Holder, e.task.key()
	}
	return e.state, e.holder, e.key
}
