package task

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

func isUnknown(err error) bool {
	var unknown *bus.UnknownSessionError
	return errors.As(err, &unknown)
}

// InTheWay is why a task is not given to a session: a file that it is expected to
// change, and what another session has that overlaps with it.
type InTheWay struct {
	Task *Task
	Spec string // of the task's

	Session string // who has what is in the way, "" for a task that nobody has and that is waited for
	Path    string // what that session has claimed, or
	Other   *Task  // the task that it has taken, or that goes first, with
	Theirs  string // that pathspec
	Passed  int    // how often the task has been passed over, this time included
}

// OverlapError says that a task is not given because of what another session has.
type OverlapError struct{ InTheWay }

func (e *OverlapError) Error() string {
	return fmt.Sprintf("task #%d changes '%s', which overlaps with %s", e.Task.Number, e.Spec, e.What())
}

// What names what is in the way.
func (w *InTheWay) What() string {
	switch {
	case w.Other == nil:
		return fmt.Sprintf("%s's claim on '%s'", w.Session, w.Path)
	case w.Session == "":
		return fmt.Sprintf("task #%d ('%s'), which was passed over %d times and goes first", w.Other.Number, w.Theirs, w.Other.Passed)
	}
	return fmt.Sprintf("%s's task #%d ('%s')", w.Session, w.Other.Number, w.Theirs)
}

// NoneReadyError says that there is no task for the session at this moment.
type NoneReadyError struct {
	Passed []InTheWay // the ready ones, and why not
	Others []*Task    // those that are ready for other sessions or agents
	Except int        // how many are ready that the caller left out
	Waits  bool       // tasks are taken, or wait for what is
}

func (e *NoneReadyError) Error() string { return "no task is ready for you" }

// Given is what a Take has given.
type Given struct {
	Task   *Task
	Body   string
	Again  bool       // the session had it already
	Passed []InTheWay // better ones that it did not get
	Back   []*Task    // those that sessions had which are gone
}

// Take gives the session a task: number n, or for 0 the best one that is ready. A
// session that has one is given that again. agent is what kind of agent the session
// is, for tasks that want one. The error is *NoneReadyError, or for a number
// *StateError, *OverlapError, *HoldsError, *UnknownError.
func (b *Backlog) Take(ctx context.Context, by string, n int, agent string) (g *Given, err error) {
	err = b.change(ctx, by, func(p *plan) (string, error) {
		s := &taking{backlog: b, plan: p, agent: agent, given: &Given{}}
		g = s.given
		return s.run(n)
	})
	if err != nil {
		return nil, err
	}
	return g, nil
}

// TakeNew gives the best task that is ready to a session that is made for it: begin
// registers it in the same transaction, for that task and the epoch of its grant, and
// returns its id. It may be called more than once, for different tasks; what the last
// call returned counts. by is who has the session made, and the tasks in except are not
// given to it. The error is as of Take, or that of begin.
func (b *Backlog) TakeNew(ctx context.Context, by, agent string, except map[int]bool, begin func(tx *refstore.Tx, t *Task, epoch int) (string, error)) (g *Given, err error) {
	err = b.change(ctx, by, func(p *plan) (string, error) {
		s := &taking{backlog: b, plan: p, agent: agent, except: except, given: &Given{}}
		g = s.given
		if err := s.giveBack(); err != nil {
			return "", err
		}
		if err := s.best(); err != nil {
			return "", err
		}
		if p.by, err = begin(p.tx, s.given.Task, p.epoch+1); err != nil {
			return "", err
		}
		s.grant()
		return s.diary(), s.readBody()
	})
	if err != nil {
		return nil, err
	}
	return g, nil
}

// TakeWait is Take without a number that waits while there is no task: a task that
// becomes ready, or a claim that is released, wakes it. After w.Timeout the error is
// that of the last try.
func (b *Backlog) TakeWait(ctx context.Context, by, agent string, timeout time.Duration, again func() error) (*Given, error) {
	waiting, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	watch := b.Bus.Store().Watch(Ref, lock.ClaimsRef)
	defer watch.Close()
	for {
		g, err := b.Take(ctx, by, 0, agent)
		var none *NoneReadyError
		if !errors.As(err, &none) {
			return g, err
		}
		next, cancel := context.WithTimeout(waiting, lookAgain)
		woken := watch.Wait(next)
		cancel()
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case waiting.Err() != nil:
			return nil, err
		case woken != nil && next.Err() == nil:
			return nil, woken
		}
		if err := again(); err != nil {
			return nil, err
		}
	}
}

// lookAgain is how often a Take that waits looks for sessions that are gone, and for
// commits that landed by plain git.
const lookAgain = 5 * time.Second

// taking is one attempt to take a task, within a transaction.
type taking struct {
	backlog *Backlog
	plan    *plan
	agent   string
	except  map[int]bool
	given   *Given
	busy    []busy
}

// busy is a pathspec that must not be given to anybody else.
type busy struct {
	reach
	spec string
	task *Task
}

func (s *taking) run(n int) (string, error) {
	p := s.plan
	if status, err := bus.StatusIn(p.tx, p.by); err != nil || status == bus.Done {
		return "", cmp.Or[error](err, &lock.DoneError{Session: p.by})
	}
	mine, err := p.heldBy(p.by)
	if err != nil {
		return "", err
	}
	if mine != nil {
		if n != 0 && n != mine.Number {
			return "", &HoldsError{mine}
		}
		s.given.Task, s.given.Again = mine, true
		return "", s.readBody()
	}
	if err := s.giveBack(); err != nil {
		return "", err
	}
	if n != 0 {
		err = s.byNumber(n)
	} else {
		err = s.best()
	}
	if err != nil {
		return "", err
	}
	s.grant()
	return s.diary(), s.readBody()
}

// giveBack gives back what sessions have that are gone, tells them, and notes what the
// others have.
func (s *taking) giveBack() error {
	p := s.plan
	held, err := p.held()
	if err != nil {
		return err
	}
	for _, t := range held {
		gone, err := s.gone(t.Holder)
		if err != nil {
			return err
		}
		if !gone {
			s.keepFrom(t)
			continue
		}
		if err := notify(p.tx, t.Holder, fmt.Sprintf("your task #%d was given back, for your session seemed to have ended. To go on with it: git swarm task take %d", t.Number, t.Number)); err != nil {
			return err
		}
		t.Why = line(fmt.Sprintf("%s was gone", t.Holder), maxWhy)
		p.release(t)
		if err := p.rest(t); err != nil {
			return err
		}
		back := *t // which stays as it is, whoever is given the task next
		s.given.Back = append(s.given.Back, &back)
	}
	return nil
}

// gone reports whether what a session has may be given to others: it is done, or gone as
// claims have it.
func (s *taking) gone(session string) (bool, error) {
	if _, err := bus.ResolveIn(s.plan.tx, session); isUnknown(err) { // an older version retired it
		return true, nil
	}
	if status, err := bus.StatusIn(s.plan.tx, session); err != nil || status == bus.Done {
		return err == nil, err
	}
	_, gone, err := s.backlog.Claims.GoneIn(s.plan.tx, session)
	return gone, err
}

func (s *taking) keepFrom(t *Task) {
	for _, spec := range t.Files {
		s.busy = append(s.busy, busy{reachOf(spec, s.fold()), spec, t})
	}
}

func (s *taking) fold() bool { return s.backlog.Claims.FoldCase }

// byNumber takes one task, or says why not.
func (s *taking) byNumber(n int) error {
	t, err := s.plan.task(n)
	if err != nil {
		return err
	}
	switch {
	case t.State == Open:
		waits, err := s.plan.unlanded(t)
		return cmp.Or[error](err, &StateError{t, waits})
	case t.State != Ready:
		return &StateError{Task: t}
	}
	if err := s.keepFromFirst(t); err != nil {
		return err
	}
	w, err := s.inTheWay(t)
	if err != nil {
		return err
	}
	if w != nil {
		return &OverlapError{*w}
	}
	s.given.Task = t
	return nil
}

// keepFromFirst notes the tasks that go before t, for they were passed over often enough.
func (s *taking) keepFromFirst(t *Task) error {
	return s.inOrder(func(first *Task) (bool, error) {
		if first.Passed < passedEnough || first.Number == t.Number {
			return false, nil
		}
		if s.isFor(first) {
			s.keepFrom(first)
		}
		return true, nil
	})
}

// best takes the first ready task in the order of keys that is for the session and
// overlaps with nothing.
func (s *taking) best() error {
	except := 0
	var held, others []*Task // better ones that overlap, and that are for others
	err := s.inOrder(func(t *Task) (bool, error) {
		switch {
		case s.except[t.Number]:
			except++
			return true, nil
		case !s.isFor(t):
			others = append(others, t)
			return true, nil
		}
		w, err := s.inTheWay(t)
		if err != nil {
			return false, err
		}
		if w == nil {
			s.given.Task = t
			return false, nil
		}
		w.Passed = t.Passed + 1
		held = append(held, t)
		s.given.Passed = append(s.given.Passed, *w)
		if t.Passed >= passedEnough {
			s.keepFrom(t)
		}
		return true, nil
	})
	if err != nil {
		return err
	}
	if s.given.Task == nil {
		return &NoneReadyError{s.given.Passed, others, except, len(s.busy) > 0 || s.anyHeld()}
	}
	for _, t := range held {
		t.Passed++
		s.plan.touch(t)
	}
	return nil
}

func (s *taking) anyHeld() bool {
	return slices.ContainsFunc(s.plan.heads, func(h head) bool { return len(h.held) > 0 })
}

// isFor reports whether the task may be given to the session.
func (s *taking) isFor(t *Task) bool {
	return t.For == "" || strings.EqualFold(t.For, s.plan.by) || s.agent != "" && strings.EqualFold(t.For, s.agent)
}

// inOrder visits the ready tasks in the order of their keys. It reads the pages that it
// gets to, and no others.
func (s *taking) inOrder(visit func(*Task) (more bool, err error)) error {
	p := s.plan
	next := make([]key, 0, len(p.heads)) // the best of each page that is not read yet
	for _, h := range p.heads {
		if h.best.number != 0 && !p.changed[h.page] {
			next = append(next, h.best)
		}
	}
	slices.SortFunc(next, key.compare)
	var ready []key // of the pages that are read
	read := func(at int) error {
		tasks, err := p.page(at)
		ready = slices.Grow(ready, len(tasks))
		for i := range tasks {
			if state, _, k := tasks[i].now(); state == Ready {
				ready = append(ready, k)
			}
		}
		slices.SortFunc(ready, key.compare)
		return err
	}
	for at := range p.changed { // a task was given back there
		if err := read(at); err != nil {
			return err
		}
	}
	for {
		for len(next) > 0 && (len(ready) == 0 || next[0].compare(ready[0]) < 0) {
			if err := read(pageOf(next[0].number)); err != nil {
				return err
			}
			next = next[1:]
		}
		if len(ready) == 0 {
			return nil
		}
		t, err := p.task(ready[0].number)
		if err != nil {
			return err
		}
		ready = ready[1:]
		if more, err := visit(t); err != nil || !more {
			return err
		}
	}
}

// inTheWay is what of others overlaps with the task, nil if nothing does.
func (s *taking) inTheWay(t *Task) (*InTheWay, error) {
	for _, spec := range t.Files {
		r := reachOf(spec, s.fold())
		for _, b := range s.busy {
			if b.task != t && b.overlaps(r) {
				return &InTheWay{Task: t, Spec: spec, Session: b.task.Holder, Other: b.task, Theirs: b.spec}, nil
			}
		}
		claims, err := s.backlog.Claims.BeginningIn(s.plan.tx, r.prefix)
		if err != nil {
			return nil, err
		}
		for _, c := range claims {
			if c.Session == s.plan.by || !r.overlaps(reachOf(s.claimed(c.Path), s.fold())) {
				continue
			}
			gone, err := s.gone(c.Session)
			if err != nil {
				return nil, err
			}
			if !gone {
				return &InTheWay{Task: t, Spec: spec, Session: c.Session, Path: c.Path}, nil
			}
		}
	}
	return nil, nil
}

// claimed is a claimed path as a pathspec.
func (s *taking) claimed(path string) string { return literalMagic + path }

// grant gives the task to the session.
func (s *taking) grant() {
	p, t := s.plan, s.given.Task
	p.epoch++
	t.State, t.Holder, t.Since, t.Epoch = Taken, p.by, refstore.Time(p.tx.At()), p.epoch
	t.Passed, t.Part, t.Why, t.Ended = 0, false, "", time.Time{}
	p.touch(t)
}

func (s *taking) diary() string {
	var b strings.Builder
	fmt.Fprintf(&b, "#%d taken by %s: %s", s.given.Task.Number, s.plan.by, s.given.Task.Title)
	sep := "\n\n"
	for _, t := range s.given.Back {
		fmt.Fprintf(&b, "%s#%d given back: %s", sep, t.Number, t.Why)
		sep = "\n"
	}
	for _, w := range s.given.Passed {
		fmt.Fprintf(&b, "%s#%d passed over: '%s' overlaps with %s", sep, w.Task.Number, w.Spec, w.What())
		sep = "\n"
	}
	return b.String()
}

func (s *taking) readBody() error {
	body, err := s.plan.get(bodyPath(s.given.Task.Number))
	s.given.Body = string(body)
	return err
}
