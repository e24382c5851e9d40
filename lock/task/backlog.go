package task

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// Backlog is the tasks of a repository. It is for one goroutine; any number of
// processes may use the same repository at once.
type Backlog struct {
	Bus    *bus.Bus
	Claims *lock.Claims // what sessions hold, and whether they are gone
}

// Exists reports whether there ever was a task. It reads one ref.
func (b *Backlog) Exists(ctx context.Context) (bool, error) {
	tip, err := b.Bus.Store().Tip(ctx, Ref)
	return tip != "", err
}

// List returns all tasks by number. Damaged ones are left out:
// [refstore.Store.SetAside] tells.
func (b *Backlog) List(ctx context.Context) ([]*Task, error) {
	table, err := b.Bus.Store().Table(ctx, Ref)
	if err != nil {
		return nil, err
	}
	var blobs []*blob
	read, parsed := startParsing()
	err = table.Below(strings.TrimSuffix(listPrefix, "/"), func(path string, content []byte) bool {
		blobs = append(blobs, &blob{path: path, content: content})
		read <- blobs[len(blobs)-1]
		return true
	})
	close(read)
	parsed.Wait()
	slices.SortFunc(blobs, func(a, b *blob) int { // git lists list/10 before list/2
		return cmp.Or(cmp.Compare(len(a.path), len(b.path)), strings.Compare(a.path, b.path))
	})
	var tasks []*Task
	for _, one := range blobs {
		for _, fault := range one.faults {
			if err == nil {
				err = b.leaveOut(fault)
			}
		}
		tasks = append(tasks, one.tasks...)
	}
	return tasks, err
}

// blob is a page as it was read, and what is in it.
type blob struct {
	path    string
	content []byte
	tasks   page
	faults  []error
}

func (o *blob) parse() {
	at, err := pageAt(o.path)
	if err != nil {
		o.faults = []error{err}
		return
	}
	o.tasks, _ = parsePage(at, o.content, func(fault error) error {
		o.faults = append(o.faults, fault)
		return nil
	})
}

// startParsing parses the blobs that it is sent beside what else is done, until there are
// no more.
func startParsing() (blobs chan<- *blob, parsed *sync.WaitGroup) {
	read := make(chan *blob, 64)
	parsed = new(sync.WaitGroup)
	for range runtime.GOMAXPROCS(0) {
		parsed.Go(func() {
			for one := range read {
				one.parse()
			}
		})
	}
	return read, parsed
}

func (b *Backlog) leaveOut(err error) error {
	if b.Bus.Store().LeaveOut(err) {
		return nil
	}
	return err
}

// Get returns a task with its text, or *UnknownError.
func (b *Backlog) Get(ctx context.Context, n int) (*Task, string, error) {
	table, err := b.Bus.Store().Table(ctx, Ref)
	if err != nil {
		return nil, "", err
	}
	t, err := b.find(table, n)
	if err != nil {
		return nil, "", err
	}
	body, err := textIn(table, n)
	return t, body, err
}

func textIn(table *refstore.Table, n int) (string, error) {
	body, err := table.Get(bodyPath(n))
	if errors.Is(err, refstore.ErrNotExist) {
		err = nil
	}
	return string(body), err
}

// Texts returns a function that reads the text of a task, "" for none. Of many tasks it
// is quicker than Get: it opens the table once for those that stand together.
func (b *Backlog) Texts(ctx context.Context) func(n int) (string, error) {
	var table *refstore.Table // of which only so many blobs may be read
	at := 0
	return func(n int) (body string, err error) {
		if table == nil || pageOf(n) != at {
			if table, err = b.Bus.Store().Table(ctx, Ref); err != nil {
				return "", err
			}
			at = pageOf(n)
		}
		return textIn(table, n)
	}
}

func (b *Backlog) find(table *refstore.Table, n int) (*Task, error) {
	content, err := table.Get(listPath(pageOf(n)))
	if errors.Is(err, refstore.ErrNotExist) || n < 1 {
		return nil, &UnknownError{n}
	}
	if err != nil {
		return nil, err
	}
	read, err := parsePage(pageOf(n), content, b.leaveOut)
	if err != nil {
		return nil, err
	}
	if t := read.find(n); t != nil {
		return t, nil
	}
	return nil, &UnknownError{n}
}

// Held returns the task that the session has, nil for none.
func (b *Backlog) Held(ctx context.Context, session string) (*Task, error) {
	mine, _, err := b.Standing(ctx, session)
	return mine, err
}

// Standing returns the task that the session has; where it has none, whether there is
// one that it may take, as far as the best ones of all pages say. It reads two blobs.
func (b *Backlog) Standing(ctx context.Context, session string) (mine *Task, ready bool, err error) {
	if tip, err := b.Bus.Store().Tip(ctx, Ref); err != nil || tip == "" {
		return nil, false, err
	}
	table, err := b.Bus.Store().Table(ctx, Ref)
	if err != nil {
		return nil, false, err
	}
	content, err := table.Get(headsPath)
	if errors.Is(err, refstore.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	heads, err := parseHeads(content)
	if err != nil {
		return nil, false, err
	}
	for _, h := range heads {
		for _, held := range h.held {
			if strings.EqualFold(held.holder, session) {
				mine, err = b.find(table, held.number)
				return mine, false, err
			}
		}
		ready = ready || h.best.number != 0
	}
	return nil, ready, nil
}

// ID is the swarm's id, "" before the first task.
func (b *Backlog) ID(ctx context.Context) (string, error) {
	table, err := b.Bus.Store().Table(ctx, Ref)
	if err != nil {
		return "", err
	}
	content, err := table.Get(idPath)
	if errors.Is(err, refstore.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return parseID(content)
}

func parseID(content []byte) (string, error) {
	id, ok := strings.CutSuffix(string(content), "\n")
	if _, err := hex.DecodeString(id); err != nil || !ok || len(id) != 8 || strings.ToLower(id) != id {
		return "", damaged(idPath, errors.New("no swarm id"))
	}
	return id, nil
}

// change runs edit in a transaction as session by, and commits what it changed with
// the line that it returns.
func (b *Backlog) change(ctx context.Context, by string, edit func(p *plan) (string, error)) error {
	return b.Bus.Update(ctx, by, func(tx *refstore.Tx, by string) error {
		p, err := begin(tx, by)
		if err != nil {
			return err
		}
		line, err := edit(p)
		if err != nil {
			return err
		}
		return p.record(line)
	})
}

// Entries calls visit with the entries of the diary, newest first, until it returns
// false.
func (b *Backlog) Entries(ctx context.Context, visit func(*refstore.Entry) bool) error {
	tip, err := b.Bus.Store().Tip(ctx, Ref)
	if err != nil || tip == "" {
		return err
	}
	_, err = b.Bus.Store().Walk(ctx, Ref, tip, object.Hash(""), visit)
	return err
}

func newID() []byte {
	var random [4]byte
	_, _ = rand.Read(random[:]) // it does not fail
	return append(hex.AppendEncode(nil, random[:]), '\n')
}
