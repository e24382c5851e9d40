package land

import (
	"context"
	"errors"
	"time"

	"github.com/git-swarm/git-swarm/lock/queue"
	"github.com/git-swarm/git-swarm/refstore"
)

// suspect is the entry with which the verify command began to fail, and the sessions
// whose work was below it.
type suspect struct {
	entry  *queue.Entry
	upon   []string
	status int // what the command ended with
}

// search finds out how many entries of a stack, from the bottom, pass the verify
// command. It tries the whole, and where that fails, or another run may go on beside it,
// the prefix in the middle of what is not known.
type search struct {
	*train
	made   stack
	passes int                  // the longest prefix that has passed
	failed map[int]*VerifyError // the prefixes that have failed
	trials trials
	marked int // the prefix that is marked as being verified
}

// verifyStack runs the verify command on the stack, to which it adds what comes while the
// command has only begun; seen are the entries that were looked at already. If it fails, the stack is
// halved until the first entry with which it fails is known: good is what is below
// that, on which the command has succeeded.
func (t *train) verifyStack(ctx context.Context, made stack, seen []*queue.Entry) (good stack, bad *suspect, err error) {
	if t.Verify == "" || made.addsNothing() {
		return made, nil, nil
	}
	s := &search{train: t, made: made, failed: map[int]*VerifyError{}, trials: trials{Lander: t.Lander, jobs: max(1, t.VerifyJobs)}}
	defer s.trials.stopAll()
	late := t.lateComers(seen)
	defer late.close()
	for {
		fails, known := s.fails()
		if s.passes == len(s.made) {
			return s.made, nil, nil
		}
		if known && fails-s.passes == 1 {
			break
		}
		if err := s.start(ctx, fails); err != nil {
			return nil, nil, err
		}
		ended, joined, err := s.next(ctx, late)
		switch {
		case err != nil:
			return nil, nil, err
		case len(joined) > 0:
			s.trials.stopAll()
			s.made, s.marked = joined, 0
		case ended != nil:
			s.trials.take(ended)
			if err := s.note(ended); err != nil {
				return nil, nil, err
			}
		}
	}
	failure := s.failed[s.passes+1]
	if len(s.made) == 1 {
		return nil, nil, t.refuse(ctx, s.made[0].Entry, failure)
	}
	good = s.made[:s.passes]
	if one := s.made[s.passes]; one.Clone != "" {
		return good, nil, t.refuse(ctx, one.Entry, failure)
	}
	return good, &suspect{s.made[s.passes].Entry, good.sessions(), failure.Status}, nil
}

// fails is the shortest prefix above those that have passed which has failed; unless
// it is known, one more than there are entries.
func (s *search) fails() (fails int, known bool) {
	fails = len(s.made) + 1
	for upTo := range s.failed {
		if upTo > s.passes {
			fails, known = min(fails, upTo), true
		}
	}
	return fails, known
}

// start starts runs of the command until there are enough, or nothing is left to try. What a longer
// prefix that passes would settle is not tried: only the whole is tried first.
func (s *search) start(ctx context.Context, fails int) error {
	for s.trials.free() {
		upTo := len(s.made)
		if fails <= upTo || s.trials.runs(upTo) {
			upTo = s.trials.between(s.passes, min(fails, len(s.made)))
		}
		if upTo == 0 {
			return nil
		}
		tree, err := treeOf(ctx, s.Repo, s.made[upTo-1].tip)
		if err != nil {
			return err
		}
		if s.passed(tree) {
			s.trials.stopBelow(upTo)
			s.passes = upTo
			return nil
		}
		if top := s.trials.longest(upTo); top != s.marked {
			stage := func(tx *refstore.Tx) error { return s.markVerifying(tx, s.made[:top]) }
			if err := s.lease.RenewWith(ctx, stage); err != nil {
				return err
			}
			s.marked = top
		}
		s.trials.start(ctx, s.made[:upTo], tree)
	}
	return nil
}

// next waits until a run has ended, or the stack has grown while the command had only
// begun on it.
func (s *search) next(ctx context.Context, late *lateComers) (ended *trial, joined stack, err error) {
	if len(s.trials.running) == 0 {
		return nil, nil, nil
	}
	if len(s.failed) > 0 || !late.open() {
		select {
		case ended = <-s.trials.ended:
			return ended, nil, nil
		case <-ctx.Done():
			return nil, nil, context.Cause(ctx)
		}
	}
	waiting, cancel := context.WithDeadline(ctx, late.until)
	defer cancel()
	moved := make(chan error, 1)
	go func() { moved <- late.watch.Wait(waiting) }()
	select {
	case ended = <-s.trials.ended:
		cancel()
		<-moved
		return ended, nil, nil
	case <-moved:
	}
	if ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	grown, err := late.compose(ctx, s.made)
	if err != nil || len(grown) == len(s.made) {
		return nil, nil, err
	}
	return nil, grown, nil
}

// note takes over how a run has ended, and stops those that can tell nothing more.
func (s *search) note(ended *trial) error {
	var failure *VerifyError
	switch {
	case ended.err == nil:
		s.passes = max(s.passes, ended.upTo)
		s.trials.stopBelow(s.passes)
	case errors.As(ended.err, &failure):
		s.failed[ended.upTo] = failure
		s.trials.stopAbove(ended.upTo)
	default:
		return ended.err
	}
	return nil
}

// verify runs the command on the stack, unless its tree has passed already.
func (t *train) verify(ctx context.Context, made stack) error {
	if t.Verify == "" {
		return nil
	}
	tree, err := treeOf(ctx, t.Repo, made.top())
	if err != nil || t.passed(tree) {
		return err
	}
	if err := t.lease.RenewWith(ctx, func(tx *refstore.Tx) error { return t.markVerifying(tx, made) }); err != nil {
		return err
	}
	return t.runOn(ctx, made, tree, 0)
}

// markVerifying lets others see what the command runs on. Only then is the rest marked
// as waiting again.
func (t *train) markVerifying(tx *refstore.Tx, made stack) error {
	c, err := queue.Begin(tx)
	if err != nil {
		return err
	}
	all, err := c.Entries()
	if err != nil {
		return err
	}
	in := map[int]bool{}
	for _, one := range made {
		if one.Clone == "" {
			in[one.Number] = true
		}
	}
	for _, e := range all {
		stage := queue.Waiting
		if in[e.Number] {
			stage = queue.Verifying
		}
		if e.Decided() || !t.isFor(e) || e.Stage == stage && stage == queue.Waiting {
			continue
		}
		if err := c.Move(e, stage); err != nil {
			return err
		}
	}
	return c.Record("verifying " + listSessions(made.sessions()))
}

// lateComers are the entries that come while the verify command has only begun: for a
// tenth of the time that it took last, the stack is begun anew with them.
type lateComers struct {
	*train
	seen  map[entryKey]bool
	until time.Time
	watch *refstore.Watcher // nil where none join
}

func (t *train) lateComers(seen []*queue.Entry) *lateComers {
	l := &lateComers{train: t, seen: map[entryKey]bool{}, until: time.Now().Add(t.took() / 10)}
	for _, e := range seen {
		l.seen[keyOf(e)] = true
	}
	if l.until.After(time.Now()) {
		l.watch = t.Bus.Store().Watch(queue.Ref)
	}
	return l
}

// open reports whether more may join.
func (l *lateComers) open() bool { return l.watch != nil && time.Now().Before(l.until) }

func (l *lateComers) close() {
	if l.watch != nil {
		_ = l.watch.Close()
	}
}

// compose is the stack with those upon it that have come since the last call.
func (l *lateComers) compose(ctx context.Context, made stack) (stack, error) {
	waiting, err := l.waiting(ctx)
	if err != nil {
		return nil, err
	}
	var more []*queue.Entry
	for _, e := range waiting {
		if !l.seen[keyOf(e)] {
			more = append(more, e)
		}
		l.seen[keyOf(e)] = true
	}
	return l.composeUpon(ctx, made, made[0].base, more)
}
