package task

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/git-swarm/git-swarm/refstore"
)

// Each calls visit with each task by number, until it returns false. The task is visit's
// until it returns, its texts stay; landed reports whether a task has landed. Of many
// tasks it takes much less memory than List. Damaged ones are left out as there.
func (b *Backlog) Each(ctx context.Context, visit func(t *Task, landed func(n int) bool) (more bool)) error {
	table, err := b.Bus.Store().Table(ctx, Ref)
	if err != nil {
		return err
	}
	l := &lister{taken: -1, landed: map[int]*[pageSize]bool{}}
	defer l.read(table)()
	var t Task
	for more := true; more; {
		one, ok := l.next()
		if !ok {
			return nil
		}
		if one.err != nil {
			if err := b.leaveOut(one.err); err != nil {
				return err
			}
			continue
		}
		see := func(t *Task, _ string) { more = more && visit(t, l.hasLanded) }
		if err := eachLine(one.at, one.content, t.empty, see, b.leaveOut); err != nil {
			return err
		}
	}
	return nil
}

// lister looks at the pages of a backlog, which are read beside that.
type lister struct {
	pages  <-chan readPage         // in order, as they are read
	ahead  []readPage              // taken from there, and not looked at
	taken  int                     // the last one taken
	landed map[int]*[pageSize]bool // by page, of those that were taken
}

// readPage is a page, or why it could not be read.
type readPage struct {
	at      int
	content []byte
	err     error
}

// read begins to read the pages. The function returned ends that.
func (l *lister) read(table *refstore.Table) (end func()) {
	pages, stop := make(chan readPage, 16), make(chan struct{})
	l.pages = pages
	var reading sync.WaitGroup
	reading.Go(func() {
		defer close(pages)
		for _, one := range pagesOf(table) {
			if one.err == nil {
				one.content, one.err = table.Get(listPath(one.at))
			}
			select {
			case pages <- one:
			case <-stop:
				return
			}
		}
	})
	return func() {
		close(stop)
		reading.Wait()
	}
}

// pagesOf are the pages that there are, to be read, by number.
func pagesOf(table *refstore.Table) (pages []readPage) {
	names, err := table.Names(strings.TrimSuffix(listPrefix, "/"))
	if err != nil {
		return []readPage{{err: err}}
	}
	for _, name := range names {
		at, err := pageAt(listPrefix + name)
		pages = append(pages, readPage{at: at, err: err})
	}
	slices.SortStableFunc(pages, func(a, b readPage) int { return cmp.Compare(a.at, b.at) })
	return pages
}

// next is the next page to look at.
func (l *lister) next() (readPage, bool) {
	if len(l.ahead) > 0 || l.take() {
		one := l.ahead[0]
		l.ahead = l.ahead[1:]
		return one, true
	}
	return readPage{}, false
}

// take waits for a page that is read.
func (l *lister) take() bool {
	one, ok := <-l.pages
	if !ok {
		return false
	}
	l.ahead, l.taken = append(l.ahead, one), one.at
	for text := range bytes.Lines(one.content) {
		number, rest, _ := bytes.Cut(text, []byte{' '})
		if !bytes.HasPrefix(rest, []byte(Landed+" ")) {
			continue
		}
		n, err := refstore.ParseNumber(string(number))
		if err != nil || pageOf(n) != one.at {
			continue // a damaged one
		}
		if l.landed[one.at] == nil {
			l.landed[one.at] = new([pageSize]bool)
		}
		l.landed[one.at][n%pageSize] = true
	}
	return true
}

// hasLanded waits for the page of the task, if it was not taken yet.
func (l *lister) hasLanded(n int) bool {
	for at := pageOf(n); at > l.taken && l.take(); {
	}
	page := l.landed[pageOf(n)]
	return page != nil && page[n%pageSize]
}
