package task

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
)

// plan is the backlog within a transaction. Pages are read when they are first needed;
// those that were changed are written by record.
type plan struct {
	tx    *refstore.Tx
	table *refstore.Table
	by    string

	last, epoch int // the highest number of a task, and of a grant
	number      int // of the commit that record will make
	heads       []head
	pages       map[int]sheet
	changed     map[int]bool
	staged      bool // something beside the pages was put
}

func begin(tx *refstore.Tx, by string) (*plan, error) {
	p := &plan{tx: tx, by: by, pages: map[int]sheet{}, changed: map[int]bool{}, number: 1}
	var err error
	if p.table, err = tx.Table(Ref); err != nil {
		return nil, err
	}
	last, err := tx.Last(Ref)
	if err != nil || last == nil {
		return p, err
	}
	p.number = last.Number + 1
	if p.last, err = tx.Counter(Ref, fieldTasks); err != nil {
		return nil, err
	}
	if p.epoch, err = tx.Counter(Ref, fieldEpoch); err != nil {
		return nil, err
	}
	content, err := p.get(headsPath)
	if err == nil {
		p.heads, err = parseHeads(content)
	}
	return p, err
}

// The fields of each commit of the table.
const (
	fieldEpoch = "Epoch"
	fieldTasks = "Tasks"
)

// get is the blob at path, empty if there is none.
func (p *plan) get(path string) ([]byte, error) {
	content, err := p.table.Get(path)
	if errors.Is(err, refstore.ErrNotExist) {
		return nil, nil
	}
	return content, err
}

func (p *plan) put(path string, content []byte) error {
	p.staged = true
	return p.table.Put(path, content)
}

func (p *plan) page(at int) (sheet, error) { return p.read(at, parseSheet) }

// wholePage is page of which all tasks are wanted.
func (p *plan) wholePage(at int) (page, error) {
	read, err := p.read(at, func(at int, content []byte) (sheet, error) {
		whole, err := parsePage(at, content, strict)
		return sheetOf(whole), err
	})
	if err != nil {
		return nil, err
	}
	return read.all()
}

func (p *plan) read(at int, parse func(at int, content []byte) (sheet, error)) (sheet, error) {
	if read, ok := p.pages[at]; ok {
		return read, nil
	}
	content, err := p.get(listPath(at))
	if err != nil {
		return nil, err
	}
	read, err := parse(at, content)
	if err == nil {
		p.pages[at] = read
	}
	return read, err
}

// task is the task with that number, or *UnknownError. Who changes it says so to touch.
func (p *plan) task(n int) (*Task, error) {
	if n < 1 || n > p.last {
		return nil, &UnknownError{n}
	}
	read, err := p.page(pageOf(n))
	if err != nil {
		return nil, err
	}
	t, err := read.find(n)
	if err == nil && t == nil {
		err = &UnknownError{n}
	}
	return t, err
}

// touch has the page of a task written.
func (p *plan) touch(t *Task) { p.changed[pageOf(t.Number)] = true }

// all are all tasks, by number.
func (p *plan) all() ([]*Task, error) {
	var tasks []*Task
	for at := 0; p.last > 0 && at <= pageOf(p.last); at++ {
		read, err := p.wholePage(at)
		if err != nil {
			return nil, err
		}
		tasks = append(tasks, read...)
	}
	return tasks, nil
}

// add gives t the next number.
func (p *plan) add(t *Task) error {
	t.Number = p.last + 1
	if t.Number > refstore.MaxNumber {
		return errors.New("the numbers are used up")
	}
	p.last++
	return p.append(t)
}

// append puts a task behind the last one of its page.
func (p *plan) append(t *Task) error {
	at := pageOf(t.Number)
	read, err := p.page(at)
	if err != nil {
		return err
	}
	p.pages[at] = append(read, entry{task: t})
	p.touch(t)
	return nil
}

// heldBy is the task that the session has, nil for none.
func (p *plan) heldBy(session string) (*Task, error) {
	for _, h := range p.heads {
		for _, held := range h.held {
			if held.holder == session {
				return p.task(held.number)
			}
		}
	}
	return nil, nil
}

// held are all tasks that a session has.
func (p *plan) held() (all []*Task, err error) {
	for _, h := range p.heads {
		for _, held := range h.held {
			t, err := p.task(held.number)
			if err != nil {
				return nil, err
			}
			if t.State.Held() { // not given back a moment ago
				all = append(all, t)
			}
		}
	}
	return all, nil
}

// unlanded are those that t comes after and that have not landed.
func (p *plan) unlanded(t *Task) (numbers []int, err error) {
	for _, n := range t.After {
		before, err := p.task(n)
		if err != nil {
			return nil, err
		}
		if before.State != Landed {
			numbers = append(numbers, n)
		}
	}
	return numbers, nil
}

// rest puts a task that nobody has, and that is to be done, into the state that
// follows from what it comes after.
func (p *plan) rest(t *Task) error {
	waits, err := p.unlanded(t)
	if err != nil {
		return err
	}
	t.State = Ready
	if len(waits) > 0 {
		t.State = Open
	}
	p.touch(t)
	return nil
}

// release takes a task from who has it.
func (p *plan) release(t *Task) {
	t.Holder, t.Part, t.Since = "", false, time.Time{}
	p.touch(t)
}

// record commits the changes, if there are any, with body in the log.
func (p *plan) record(body string) error { return p.recordAs("", body) }

func (p *plan) recordAs(label, body string) error {
	if len(p.changed) == 0 && !p.staged {
		return nil
	}
	next := make([]head, 0, len(p.heads)+len(p.changed))
	for _, h := range p.heads {
		if !p.changed[h.page] {
			next = append(next, h)
		}
	}
	for at := range p.changed {
		if err := p.table.Put(listPath(at), p.pages[at].encode()); err != nil {
			return err
		}
		next = append(next, p.pages[at].head(at))
	}
	slices.SortFunc(next, func(a, b head) int { return cmp.Compare(a.page, b.page) })
	if err := p.table.Put(headsPath, encodeHeads(next)); err != nil {
		return err
	}
	_, err := p.tx.Record(Ref, refstore.Entry{Label: label, Body: body, Fields: []refstore.Field{refstore.Counter(fieldEpoch, p.epoch), refstore.Counter(fieldTasks, p.last)}})
	return err
}
