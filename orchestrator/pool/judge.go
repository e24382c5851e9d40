package pool

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/lock/task"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/attention"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/review"
)

// look does for a session what its state asks for.
func (s *supervisor) look(ctx context.Context, j *job) error {
	switch j.state {
	case running:
		return s.watchOver(ctx, j)
	case ended:
		return s.judge(ctx, j)
	case waits:
		return s.hear(ctx, j)
	}
	return nil
}

// standing is what has become of a job's task.
type standing struct {
	task    *task.Task // nil if there is none any more
	mine    bool       // its session has it, by the grant that the record is of
	session bus.Session
	known   bool // the session is there
}

// waits reports whether the session waits for somebody: an answer or a verdict.
func (s *standing) waits() bool {
	return s.mine && (s.session.Status == bus.Blocked || s.task.State == task.Review)
}

func (s *supervisor) standing(ctx context.Context, j *job) (*standing, error) {
	var at standing
	t, _, err := s.Backlog.Get(ctx, j.rec.Task)
	if err != nil && !errors.As(err, new(*task.UnknownError)) {
		return nil, err
	}
	if err == nil {
		at.task = t
		at.mine = t.State.Held() && t.Holder == j.rec.Session && t.Epoch == j.rec.Epoch
	}
	at.session, err = s.bus().Session(ctx, j.rec.Session)
	at.known = err == nil
	if err != nil && !errors.As(err, new(*bus.UnknownSessionError)) {
		return nil, err
	}
	if clone := s.bus().Store().Clone(); clone != "" && at.session.Host != clone { // its pool chose the same name
		at.known, at.mine = false, false
	}
	return &at, nil
}

// watchOver ends a client that goes on although its task is settled.
func (s *supervisor) watchOver(ctx context.Context, j *job) error {
	if s.quitting && !j.ending {
		j.end()
	}
	at, err := s.standing(ctx, j)
	if err != nil {
		return err
	}
	now := s.Now()
	switch {
	case at.mine && !at.waits():
		j.settled = time.Time{}
	case j.settled.IsZero():
		j.settled = now
	case !now.Before(j.settled.Add(s.Grace)) && !j.ending:
		j.end()
	}
	return nil
}

// judge decides what is next for a session whose worker has ended.
func (s *supervisor) judge(ctx context.Context, j *job) error {
	if client, ok := j.noted(clientFile); ok { // its worker may have been killed
		client.endGroup(endWait)
	}
	at, err := s.standing(ctx, j)
	if err != nil {
		return err
	}
	_, begun := j.noted(pidFile)
	switch t := at.task; {
	case !at.known && !at.mine: // nothing was taken, or all is done but the folder
		s.drop(j)
		return nil
	case t != nil && t.State == task.Landed:
		return s.landed(ctx, j, at)
	case at.waits():
		return s.blocked(ctx, j, at)
	case !at.mine:
		return s.lost(ctx, j, at)
	case !begun: // the supervisor was killed before it had started a client
		j.state = again
		return nil
	}
	return s.failedTry(ctx, j, at)
}

// drop forgets a session.
func (s *supervisor) drop(j *job) {
	j.drop()
	delete(s.jobs, j.rec.Session)
}

// landed removes the session of a task that has landed, or says why it stays.
func (s *supervisor) landed(ctx context.Context, j *job, at *standing) error {
	kept, err := s.retire(ctx, j, at)
	if err != nil {
		return err
	}
	e := Event{Kind: Landed, Kept: kept, Took: s.Now().Sub(j.rec.Begun)}
	if n := len(at.task.Commits); n > 0 {
		e.Commit = at.task.Commits[n-1].ID
	}
	s.tell(j, e)
	s.drop(j)
	return nil
}

// retire takes the session away, unless something in its worktree is nowhere else: then
// it is done, and kept says what.
func (s *supervisor) retire(ctx context.Context, j *job, at *standing) (kept string, err error) {
	if !at.known {
		return "", nil
	}
	one, err := s.Retire.Find(ctx, j.rec.Session)
	if err != nil {
		return "", err
	}
	if one.Check(false) != nil && s.Fetch(ctx) == nil { // what has landed may be known on the remote alone
		if one, err = s.Retire.Find(ctx, j.rec.Session); err != nil {
			return "", err
		}
	}
	if one.Check(false) == nil {
		if _, err := one.EndClients(ctx); err != nil {
			return "", err
		}
	}
	if one.Check(false) == nil {
		return "", one.Retire(ctx, func(r *review.Review) string {
			return fmt.Sprintf("review #%d waits for %s, which is retired", r.Number, j.rec.Session)
		})
	}
	var why []string
	for _, o := range one.Obstacles {
		why = append(why, strings.TrimSpace(string(o.Kind)+" "+strings.Join(o.Items, ", ")))
	}
	kept = strings.Join(why, "; ")
	return kept, s.close(ctx, j, fmt.Sprintf("task #%d: kept for %s", j.rec.Task, firstLine(kept)))
}

// close says that a session that stays is done, and releases what it claims.
func (s *supervisor) close(ctx context.Context, j *job, note string) error {
	done := bus.Done
	return s.bus().SetStatus(ctx, j.rec.Session, j.rec.Session, bus.Change{Status: &done, Note: &note}, func(tx *refstore.Tx) error {
		_, err := lock.ReleaseAllIn(tx, j.rec.Session)
		return err
	})
}

// lost ends a session whose task is not its own any more: it said itself that it failed,
// it gave the task back, or somebody else took or dropped it.
func (s *supervisor) lost(ctx context.Context, j *job, at *standing) error {
	t := at.task
	if t != nil && t.State == task.Ready && t.Epoch == j.rec.Epoch && !s.quitting {
		why := "it was given back"
		if t.Why != "" {
			why += ": " + t.Why
		}
		return s.retake(ctx, j, at, why)
	}
	e := Event{Kind: Lost}
	switch {
	case t == nil:
		e.Text = "there is no such task any more"
	case t.State == task.Failed:
		e.Kind, e.Text = Failed, t.Why
		if err := s.Teller.Tell(ctx, j.rec.Session, attention.Event{Kind: attention.TaskFailed, Session: j.rec.Session, Text: fmt.Sprintf("#%d: %s", t.Number, t.Why)}); err != nil {
			return err
		}
	case t.Holder != "":
		e.Text = t.Holder + " has it now"
	default:
		e.Text = "it is " + string(t.State)
	}
	if at.known {
		var err error
		if e.Kind == Failed {
			e.Kept = "failed"
			err = s.close(ctx, j, fmt.Sprintf("task #%d failed: %s", j.rec.Task, e.Text))
		} else {
			e.Kept, err = s.retire(ctx, j, at)
		}
		if err != nil {
			return err
		}
	}
	s.tell(j, e)
	s.drop(j)
	return nil
}

// retake goes on with a task that its client gave back: that counts as a try.
func (s *supervisor) retake(ctx context.Context, j *job, at *standing, why string) error {
	given, err := s.Backlog.Take(ctx, j.rec.Session, j.rec.Task, s.Agent)
	var state *task.StateError
	var overlap *task.OverlapError
	switch {
	case errors.As(err, &state), errors.As(err, &overlap): // somebody was faster
		kept, err := s.retire(ctx, j, at)
		if err != nil {
			return err
		}
		s.tell(j, Event{Kind: Lost, Text: why, Kept: kept})
		s.drop(j)
		return nil
	case err != nil:
		return err
	}
	j.rec.Epoch = given.Task.Epoch
	return s.tryAgain(ctx, j, why)
}

// failedTry decides what is next after a client that has landed nothing.
func (s *supervisor) failedTry(ctx context.Context, j *job, at *standing) error {
	exit, err := j.exit()
	if err != nil {
		return err
	}
	what, err := lastClient(s.Repo, j.rec.Task)
	if err != nil {
		return err
	}
	switch {
	case s.quitting:
		return s.giveBack(ctx, j, at, "the pool was ended")
	case exit.NoClient:
		s.stopping = true
		s.missing = strings.TrimSpace(j.rec.Agent + j.rec.Command)
		return s.giveBack(ctx, j, at, "its client is not there")
	}
	if until, limited := s.limited(j, exit, what, at); limited {
		return s.park(ctx, j, until)
	}
	return s.tryAgain(ctx, j, reason(exit, what))
}

// exit is how the client ended, as far as that was recorded.
func (f folder) exit() (*Exit, error) {
	var e Exit
	err := f.read(exitFile, &e)
	if errors.Is(err, fs.ErrNotExist) {
		return &Exit{Signal: "its worker was killed, too", Code: -1}, nil
	}
	return &e, err
}

// reason is why a client has landed nothing, for the next one and for people.
func reason(e *Exit, what said) string {
	why := "it " + e.String()
	if e.Code == 0 && e.Error == "" && !e.Timeout && !e.Stopped {
		why = "it ended without landing anything"
	}
	if last := firstLine(what.failure); last != "" {
		return why + "; it said: " + last
	}
	if last := firstLine(what.last); last != "" {
		return why + "; it said last: " + last
	}
	return why + "; it said nothing"
}

// tryAgain has another client go on, or says that the task has failed.
func (s *supervisor) tryAgain(ctx context.Context, j *job, why string) error {
	r := j.rec
	r.Why = why
	if r.Try >= s.Tries {
		return s.fail(ctx, j)
	}
	r.Try++
	if err := j.remove(pidFile); err != nil { // the client is to be started yet
		return err
	}
	if err := j.save(r); err != nil {
		return err
	}
	j.state = again
	s.tell(j, Event{Kind: Again, Text: why})
	return nil
}

// fail says that a task was tried in vain. The worktree stays.
func (s *supervisor) fail(ctx context.Context, j *job) error {
	r := j.rec
	_, err := s.Backlog.Fail(ctx, r.Session, r.Task, r.Why)
	if err != nil && !errors.As(err, new(*task.NotHolderError)) {
		return err
	}
	if err := s.close(ctx, j, fmt.Sprintf("task #%d failed: %s", r.Task, r.Why)); err != nil {
		return err
	}
	if err := s.Teller.Tell(ctx, r.Session, attention.Event{Kind: attention.TaskFailed, Session: r.Session, Text: fmt.Sprintf("#%d: %s", r.Task, r.Why)}); err != nil {
		return err
	}
	s.tell(j, Event{Kind: Failed, Text: r.Why, Kept: "failed"})
	s.drop(j)
	return nil
}

// giveBack gives the task back, and keeps what was done for it.
func (s *supervisor) giveBack(ctx context.Context, j *job, at *standing, why string) error {
	_, err := s.Backlog.Give(ctx, j.rec.Session, j.rec.Task, why)
	if err != nil && !errors.As(err, new(*task.NotHolderError)) {
		return err
	}
	kept, err := s.retire(ctx, j, at)
	if err != nil {
		return err
	}
	s.tell(j, Event{Kind: GivenBack, Text: why, Kept: kept})
	s.drop(j)
	return nil
}

// isLimit reports whether a client's text says that a usage limit was reached.
func isLimit(text string) bool {
	return regexp.MustCompile(`(?i)(usage|session|weekly|hour|rate|request|token|quota)[a-z -]{0,30}(limit|exceed)|limit (was |is )?reached|hit your [a-z -]{0,30}limit`).MatchString(text)
}

// limitUnknown is how long is waited where the client did not say until when.
const limitUnknown = 15 * time.Minute

// limited reports whether a usage limit has ended the client, and until when it lasts.
func (s *supervisor) limited(j *job, e *Exit, what said, at *standing) (until time.Time, yes bool) {
	now := s.Now()
	text := what.failure
	if text == "" && e.Code != 0 {
		text = what.last
	}
	switch {
	case at.session.Status == bus.Parked:
		until = at.session.Until
	case !isLimit(text):
		return until, false
	default:
		until = agents.ResetsAt(text, now)
	}
	if !until.After(now) {
		until = now.Add(limitUnknown)
	}
	return until, true
}

// park has no client started until a usage limit has ended. Its session goes on then.
func (s *supervisor) park(ctx context.Context, j *job, until time.Time) error {
	parked, note := bus.Parked, "usage limit"
	if err := s.bus().SetStatus(ctx, j.rec.Session, j.rec.Session, bus.Change{Status: &parked, Until: until, Note: &note}, nil); err != nil {
		return err
	}
	j.rec.Until, j.rec.Limit = until, true
	if err := j.remove(pidFile); err != nil {
		return err
	}
	if err := j.save(j.rec); err != nil {
		return err
	}
	j.state = again
	if until.After(s.limit) {
		s.limit = until
	}
	s.tell(j, Event{Kind: Limited, Until: until})
	return nil
}

// blocked has a session wait, without a client, until somebody answers.
func (s *supervisor) blocked(ctx context.Context, j *job, at *standing) error {
	r := j.rec
	r.Asked, r.AskedAt, r.Answer = at.session.Note, at.session.Updated, ""
	if at.task.State == task.Review {
		r.Asked = "a review"
	}
	if err := j.save(r); err != nil {
		return err
	}
	f, err := os.Create(j.path(agents.PoolWaits))
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		return err
	}
	j.state = waits
	s.tell(j, Event{Kind: Blocked, Text: r.Asked})
	return s.hear(ctx, j)
}

// hear has a session go on that was answered.
func (s *supervisor) hear(ctx context.Context, j *job) error {
	at, err := s.standing(ctx, j)
	if err != nil {
		return err
	}
	if !at.mine {
		j.state = ended
		return s.judge(ctx, j)
	}
	answer, err := s.answer(ctx, j)
	if err != nil || answer == "" && at.waits() {
		return err
	}
	if answer == "" {
		answer = "go on"
	}
	running, none := bus.Running, ""
	if err := s.bus().SetStatus(ctx, bus.Orchestrator, j.rec.Session, bus.Change{Status: &running, Note: &none}, nil); err != nil {
		return err
	}
	j.rec.Answer = answer
	if err := j.remove(pidFile); err != nil {
		return err
	}
	if err := j.save(j.rec); err != nil {
		return err
	}
	if err := j.remove(agents.PoolWaits); err != nil {
		return err
	}
	j.state = again
	s.tell(j, Event{Kind: Answered, Text: answer})
	return nil
}

// answer is what was written to the session since it asked: all that is a reply, or
// that is from no other session of the pool, whose pushes write notices.
func (s *supervisor) answer(ctx context.Context, j *job) (string, error) {
	all, err := s.bus().Inbox(ctx, j.rec.Session, true)
	if err != nil {
		return "", err
	}
	var texts []string
	for _, m := range all {
		if m.At.Before(j.rec.AskedAt) {
			continue
		}
		_, pooled := os.Stat(string(folderOf(s.Repo, m.From)))
		notice := strings.HasPrefix(m.Body, "my push to ") || pooled == nil
		if reply := m.InReplyTo != 0 || m.Answered != ""; reply || !notice {
			texts = append(texts, m.From+": "+m.Body)
		}
	}
	return strings.Join(texts, "\n"), nil
}
