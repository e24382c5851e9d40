package hook

import (
	"context"
	"errors"
	"slices"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/lock/task"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/attention"
	"github.com/git-swarm/git-swarm/orchestrator/standing"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/review"
)

// Reminder is why a session should not stop yet.
type Reminder struct {
	Session  string
	Target   string        // the branch that its work lands on, "" if nothing says which
	Messages []bus.Message // that it has not seen
	Context  int           // how many context entries came with them
	Reviews  []int         // that wait for its verdict
	Unpushed []string      // what it claims and has changed, but not landed
	Task     *task.Task    // that it has taken, nil for none

	Uncommitted bool // some of that is not committed: only that is in Unpushed

	named  []string // what is remembered of it
	awaits bool     // it waits for somebody, and is not reminded of it
	left   int      // the number of the last message that it is not told of, 0 for none
}

// stop reminds the session, once, of what somebody waits for: messages that it
// has not seen and that want something, reviews, and work on what it claims. Notes and
// context alone can wait for the next prompt. The waiter goes on: that of the same stop
// runs beside it.
func (h *Handler) stop(ctx context.Context, id string) error {
	if h.Input.Subagent != "" {
		return nil
	}
	if h.Input.StopActive {
		return h.leave(ctx, id)
	}
	now, err := h.atStop(ctx, id)
	if err != nil {
		return err
	}
	r, err := h.reminder(ctx, id, now)
	if err != nil {
		return err
	}
	said, err := h.remind(ctx, id, r)
	if err != nil || now.failed != nil {
		return errors.Join(err, now.failed)
	}
	if past := h.past(); !said && r.left == past.Left && now.same(past) {
		return nil
	}
	return h.agent.Update(ctx, func(a *agents.Record) { now.remember(a, r) })
}

// leave records which messages the agent stops without, for its waiter.
func (h *Handler) leave(ctx context.Context, id string) error {
	last, err := h.unseen(ctx, id)
	if err != nil || last == h.past().Left {
		return err
	}
	return h.agent.Update(ctx, func(a *agents.Record) { a.Left = last })
}

// atStop is what a reminder depends on, as it is when the agent stops.
type atStop struct {
	reviews string // the state of all reviews
	own     lock.Held
	work    work
	task    *task.Task // that it has, nil for none
	failed  error      // why work is not known: messages are told all the same
}

func (h *Handler) atStop(ctx context.Context, id string) (now atStop, err error) {
	if now.reviews, err = h.Book.Fingerprint(ctx); err != nil {
		return now, err
	}
	if now.own, err = h.own(ctx, id); err != nil {
		return now, err
	}
	if now.task, _, err = h.tasks().Standing(ctx, id); err != nil {
		return now, err
	}
	now.work, now.failed = h.work(ctx, id, now.own.Paths)
	return now, nil
}

// same reports whether nothing has changed since the last stop.
func (now atStop) same(past agents.Record) bool {
	return now.work.same && now.reviews == past.ReviewsAt && now.own.Tip == past.ClaimsAt && now.grant() == past.Task
}

// grant is the epoch of the session's task, 0 if it has none.
func (now atStop) grant() int {
	if now.task == nil {
		return 0
	}
	return now.task.Epoch
}

// remember records what the agent was reminded of, and in what state.
func (now atStop) remember(a *agents.Record, r *Reminder) {
	a.ReviewsAt, a.ClaimsAt, a.Claims, a.Left = now.reviews, now.own.Tip, now.own.Paths, r.left
	if !r.awaits {
		a.Task = now.grant()
	}
	if !now.work.same {
		a.Named, a.Fingerprint, a.LandsOn = r.named, now.work.state, now.work.Target
		if r.awaits { // it is reminded when it waits for nobody any more
			a.Fingerprint = ""
		}
	}
	a.Reviews = append(a.Reviews, r.Reviews...)
	a.Reviews = a.Reviews[max(0, len(a.Reviews)-maxReviews):]
}

// past is the agent's record; an agent without one was reminded of nothing.
func (h *Handler) past() agents.Record {
	if h.agent.Record == nil {
		return agents.Record{}
	}
	return *h.agent.Record
}

// reminder is what the session was not reminded of yet, apart from messages.
func (h *Handler) reminder(ctx context.Context, id string, now atStop) (r *Reminder, err error) {
	r, past := &Reminder{Session: id}, h.past()
	if now.reviews != past.ReviewsAt {
		if r.Reviews, err = h.reviewsFor(ctx, id, past.Reviews); err != nil {
			return nil, err
		}
	}
	r.Unpushed, r.named = now.work.Paths, now.work.Paths
	if r.Uncommitted = len(now.work.Dirty) > 0; r.Uncommitted {
		r.Unpushed, r.named = now.work.Dirty, nil
		for _, path := range now.work.Dirty {
			r.named = append(r.named, uncommitted+path)
		}
	}
	fresh := func(name string) bool { return !slices.Contains(past.Named, name) }
	if !slices.ContainsFunc(r.named, fresh) {
		r.Unpushed = nil
	}
	if now.grant() != 0 && now.grant() != past.Task {
		r.Task = now.task
	}
	if len(r.Unpushed) == 0 && r.Task == nil {
		return r, nil
	}
	if r.awaits, err = h.awaits(ctx, id, r.Uncommitted); err != nil || r.awaits {
		r.Unpushed, r.Task, r.named = nil, nil, nil
		return r, err
	}
	if r.named = remembered(past.Named, r.named); !slices.ContainsFunc(r.named, fresh) {
		r.Unpushed = nil
	}
	r.Target, err = LandsOn(ctx, h.Bus, "HEAD")
	return r, err
}

// remembered is what the agent is reminded of next, of the work that it has now: all of
// it, once there is more that it was not reminded of than what it was. Until then it is
// what is left of that: a reminder at each file would cost a turn of the model each.
func remembered(past, now []string) []string {
	left := slices.DeleteFunc(slices.Clone(past), func(name string) bool { return !slices.Contains(now, name) })
	if len(now)-len(left) > len(left) {
		return now
	}
	return left
}

// uncommitted stands before the paths that an agent was reminded of as such: once they
// are committed it is reminded to land them.
const uncommitted = "* "

// remind says r together with the messages that have come, if one of them wants
// something or there is anything else to say.
func (h *Handler) remind(ctx context.Context, id string, r *Reminder) (said bool, err error) {
	err = h.Bus.Sync(ctx, id, func(n *bus.News) error {
		if !slices.ContainsFunc(n.Messages, h.wants) {
			r.left = newest(n)
			return errLater
		}
		said, r.Messages = true, n.Messages
		r.Context = len(n.Context) // the cursor moves past it, too
		return h.Say(r)
	})
	if err != nil && !errors.Is(err, errLater) {
		return said, err
	}
	if said || len(r.Reviews)+len(r.Unpushed) == 0 && r.Task == nil {
		return said, nil
	}
	return true, h.Say(r)
}

// maxReviews is how many of the reviews that an agent was reminded of are remembered.
const maxReviews = 200

// reviewsFor are those that wait for the session's verdict, without those that it
// was reminded of and those that have landed.
func (h *Handler) reviewsFor(ctx context.Context, id string, reminded []int) ([]int, error) {
	var numbers []int
	var failed error
	err := h.Book.ListOpen(ctx, func(r *review.Review) bool {
		voted := slices.ContainsFunc(r.Events, func(e *review.Event) bool {
			return e.By == id && (e.Kind == review.Approve || e.Kind == review.Reject)
		})
		if r.State == review.Pending && !voted && slices.Contains(r.To, id) && !slices.Contains(reminded, r.Number) {
			if failed = h.Book.MarkLanded(ctx, r); r.State != review.Landed {
				numbers = append(numbers, r.Number)
			}
		}
		return failed == nil
	})
	return numbers, errors.Join(err, failed)
}

// sessionEnd releases what the session claims and has nothing unfinished under.
// The rest stays claimed: whoever needs it can take it over, now that the agent
// is known to have ended. After /clear the same agent goes on.
func (h *Handler) sessionEnd(ctx context.Context, id string) error {
	h.stopWaiting()
	if h.Input.Reason == "clear" || h.Input.Subagent != "" {
		return nil
	}
	ended := h.agent.Update(ctx, func(a *agents.Record) { a.Ended = true })
	if !h.agent.Taken(id) {
		ended = errors.Join(ended, h.releaseLanded(ctx, id), h.tellEnd(ctx, id))
	}
	return ended
}

// tellEnd tells who watches that the session leaves work which has not landed.
func (h *Handler) tellEnd(ctx context.Context, id string) error {
	s, err := h.Bus.Session(ctx, id)
	if err != nil || s.Status == bus.Done {
		return err
	}
	unlanded, err := standing.Unlanded(ctx, h.Bus, s)
	if err != nil || !unlanded {
		return err
	}
	return h.teller().Tell(ctx, id, attention.Event{Kind: attention.Ended, Session: s.ID})
}

// releaseLanded releases what the session claims and has nothing unfinished under.
func (h *Handler) releaseLanded(ctx context.Context, id string) error {
	own, err := h.own(ctx, id)
	if err != nil || len(own.Paths) == 0 {
		return err
	}
	work, err := h.unlanded(ctx, id, own.Paths)
	if err != nil {
		return err
	}
	var done []string
	for _, path := range own.Paths {
		if !slices.Contains(work.Paths, path) {
			done = append(done, path)
		}
	}
	if len(done) > 0 {
		_, err = h.Claims.Release(ctx, id, done)
	}
	var gone *lock.NotHolderError
	if errors.As(err, &gone) || errors.Is(err, refstore.ErrNotExist) { // somebody was faster
		err = nil
	}
	return err
}
