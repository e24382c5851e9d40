package task

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// New is a task to add.
type New struct {
	Title, Body string
	Priority    int
	After       []int // numbers of tasks that are there
	AfterNew    []int // places in the same call, from 0
	Files       []string
	For         string
	Landed      bool // it is done already, as one that was imported can be
	Dropped     bool
	Why         string // it was dropped
}

// Branch is a branch that work lands on, and where it is.
type Branch struct{ Ref, Tip string }

// Add adds the tasks, all or none, and returns them. target is where work lands:
// commits that are there already land none of them. *CycleError, *UnknownError or an
// ErrInput say what is wrong with them.
func (b *Backlog) Add(ctx context.Context, by string, tasks []New, target Branch) (added []*Task, err error) {
	for i, n := range tasks {
		if err := checkBody(n.Body); err != nil {
			return nil, ofItem(tasks, i, err)
		}
	}
	err = b.change(ctx, by, func(p *plan) (string, error) {
		added = nil
		first := p.last + 1
		for i, n := range tasks {
			t, err := p.addOne(n, first)
			if err != nil {
				return "", ofItem(tasks, i, err)
			}
			added = append(added, t)
		}
		if len(added) == 0 {
			return "", nil
		}
		if err := p.firstTime(target); err != nil {
			return "", err
		}
		if _, _, err := p.settle(); err != nil {
			var circle *CycleError
			if errors.As(err, &circle) {
				circle.name(added)
			}
			return "", err
		}
		if all, err := p.all(); err != nil || len(all) > maxUnfinished && unfinished(all) > maxUnfinished {
			return "", cmp.Or(err, ErrTooMany)
		}
		return addLine(added), nil
	})
	return added, err
}

// ofItem is an error about the text of one of several tasks, which says of which.
func ofItem(tasks []New, i int, err error) error {
	if len(tasks) == 1 || !errors.Is(err, bus.ErrInput) {
		return err
	}
	return bus.Inputf("item %d, '%.80s': %s", i+1, tasks[i].Title, err.Error())
}

func unfinished(all []*Task) (n int) {
	for _, t := range all {
		if !t.State.Finished() {
			n++
		}
	}
	return n
}

// addOne stages a task, whose graph is not looked at yet. first is the number that the
// first of the same call got.
func (p *plan) addOne(n New, first int) (*Task, error) {
	t := &Task{
		Title: strings.TrimSpace(n.Title), State: Open, Priority: n.Priority, Files: cleanFiles(n.Files), For: n.For,
		Added: refstore.Time(p.tx.At()), AddedBy: p.by, Revision: p.number,
	}
	for _, a := range n.After {
		if a < 1 || a >= first {
			return nil, &UnknownError{a}
		}
		if _, err := p.task(a); err != nil {
			return nil, err
		}
		t.After = append(t.After, a)
	}
	for _, place := range n.AfterNew {
		t.After = append(t.After, first+place)
	}
	t.After = sortedNumbers(t.After)
	if err := t.checkText(); err != nil {
		return nil, err
	}
	switch {
	case n.Landed:
		t.State, t.Ended = Landed, t.Added
	case n.Dropped:
		t.State, t.Ended, t.Why = Dropped, t.Added, cmp.Or(line(n.Why, maxWhy), "it was dropped where it was imported from")
	}
	if err := p.add(t); err != nil {
		return nil, err
	}
	if slices.Contains(t.After, t.Number) {
		return nil, &CycleError{[]int{t.Number, t.Number}, map[int]string{t.Number: t.Title}}
	}
	if n.Body != "" {
		return t, p.put(bodyPath(t.Number), []byte(n.Body))
	}
	return t, nil
}

// firstTime gives the swarm its id, and notes where the target is, if nobody has yet.
func (p *plan) firstTime(target Branch) error {
	id, err := p.get(idPath)
	if err != nil {
		return err
	}
	if id == nil {
		if err := p.put(idPath, newID()); err != nil {
			return err
		}
	}
	if target.Ref == "" || target.Tip == "" {
		return nil
	}
	seen, err := p.targets()
	if err != nil || slices.ContainsFunc(seen, func(s Branch) bool { return s.Ref == target.Ref }) {
		return err
	}
	return p.putTarget(seen, target)
}

func addLine(added []*Task) string {
	var b strings.Builder
	if len(added) > 1 { // a line that is no task's: each has one of its own
		fmt.Fprintf(&b, "tasks #%d to #%d added\n\n", added[0].Number, added[len(added)-1].Number)
	}
	for i, t := range added[:min(len(added), maxDiary)] {
		fmt.Fprintf(&b, "%s#%d added: %s", [...]string{"", "\n"}[min(i, 1)], t.Number, t.Title)
	}
	return b.String()
}

// maxDiary is how many tasks an entry of the diary names at most.
const maxDiary = 1000

func sortedNumbers(numbers []int) []int {
	numbers = slices.Clone(numbers)
	slices.Sort(numbers)
	return slices.Compact(numbers)
}

func cleanFiles(files []string) []string {
	files = slices.Clone(files)
	slices.Sort(files)
	return slices.Compact(files)
}

func sortTasks(tasks []*Task) {
	slices.SortFunc(tasks, func(a, b *Task) int { return cmp.Compare(a.Number, b.Number) })
}

func pageAt(path string) (int, error) {
	n, err := strconv.Atoi(strings.TrimPrefix(path, listPrefix))
	if err != nil || n < 0 || listPath(n) != path {
		return 0, damaged(path, fmt.Errorf("no page of tasks"))
	}
	return n, nil
}

// Edit is what is to be changed of a task; nil leaves a field as it is.
type Edit struct {
	Title, Body, For *string
	Priority         *int
	After            *[]int
	Files            *[]string
	Revision         int // the revision that the caller has read, 0 for any
}

// Edit changes a task. Where it was changed since the revision that the caller names,
// it is *ChangedError. Who has the task is told.
func (b *Backlog) Edit(ctx context.Context, by string, n int, e Edit) (t *Task, err error) {
	if e.Body != nil {
		if err := checkBody(*e.Body); err != nil {
			return nil, err
		}
	}
	err = b.change(ctx, by, func(p *plan) (string, error) {
		if t, err = p.task(n); err != nil {
			return "", err
		}
		if e.Revision != 0 && e.Revision != t.Revision {
			return "", &ChangedError{t}
		}
		changed, err := p.edit(t, e)
		if err != nil || !changed {
			return "", err
		}
		t.Revision = p.number
		p.touch(t)
		if _, _, err := p.settle(); err != nil {
			return "", err
		}
		if t.Holder != "" && t.Holder != p.by {
			if err := notify(p.tx, t.Holder, fmt.Sprintf("I changed your task #%d: git swarm task show %d", n, n)); err != nil {
				return "", err
			}
		}
		return fmt.Sprintf("#%d changed: %s", n, t.Title), nil
	})
	return t, err
}

// edit stages the changes to a task, apart from what follows for the graph.
func (p *plan) edit(t *Task, e Edit) (changed bool, err error) {
	before := *t
	if e.Title != nil {
		t.Title = strings.TrimSpace(*e.Title)
	}
	if e.For != nil {
		t.For = *e.For
	}
	if e.Priority != nil {
		t.Priority = *e.Priority
	}
	if e.Files != nil {
		t.Files = cleanFiles(*e.Files)
	}
	if e.After != nil {
		t.After = sortedNumbers(*e.After)
		for _, a := range t.After {
			if a == t.Number {
				return false, &CycleError{Numbers: []int{a, a}}
			}
			if _, err := p.task(a); err != nil {
				return false, err
			}
		}
	}
	if err := t.checkText(); err != nil {
		return false, err
	}
	body, err := p.get(bodyPath(t.Number))
	if err != nil || e.Body == nil || *e.Body == string(body) {
		return !t.sameText(&before), err
	}
	if *e.Body == "" {
		p.staged = true
		return true, p.table.Delete(bodyPath(t.Number))
	}
	return true, p.put(bodyPath(t.Number), []byte(*e.Body))
}

// notify stages a message, if there is such a session.
func notify(tx *refstore.Tx, to, body string) error {
	_, err := bus.Notify(tx, to, body)
	if isUnknown(err) {
		return nil
	}
	return err
}
