package pool

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/lock/task"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/launch"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Kind is a kind of event.
type Kind string

// The kinds of events.
const (
	Begins    Kind = "begins"     // a client is at work on a task
	Adopted   Kind = "adopted"    // one that another supervisor has started
	Landed    Kind = "landed"     // the task has
	Kept      Kind = "kept"       // its session and worktree stay, for what is nowhere else
	Again     Kind = "again"      // a client landed nothing, and the next one tries
	Failed    Kind = "failed"     // no further one does
	Blocked   Kind = "blocked"    // a session waits for an answer
	Answered  Kind = "answered"   // it was given one
	Limited   Kind = "limited"    // a usage limit was reached
	Lost      Kind = "lost"       // the task is not the session's any more
	GivenBack Kind = "given-back" // the supervisor gave the task back
	Stopping  Kind = "stopping"   // nothing more is begun
)

// Event is something that a supervisor did or saw.
type Event struct {
	Kind    Kind
	At      time.Time
	Task    int
	Title   string
	Session string
	Try     int
	Text    string        // a question, an answer or a reason
	Kept    string        // why the session and its worktree stay, "" where they do not
	Commit  string        // with which it landed
	Took    time.Duration // since it was begun
	Until   time.Time     // with Limited
	Used    launch.Usage  // with Landed and Failed: by all clients of the task
	Ends    bool          // with Stopping: the clients are ended
	AtWork  int           // with Stopping: how many there are
}

// tell shows an event of a session.
func (s *supervisor) tell(j *job, e Event) {
	e.At, e.Task, e.Session, e.Try = s.Now(), j.rec.Task, j.rec.Session, j.rec.Try
	if t, _, err := s.Backlog.Get(context.Background(), j.rec.Task); err == nil {
		e.Title = t.Title
	}
	if e.Kind == Landed || e.Kind == Failed {
		e.Used, _ = UsageOf(s.Repo, e.Task)
	}
	s.Tell(e)
}

// Summary is how far the backlog is when a supervisor ends.
type Summary struct {
	Tasks    int // without dropped ones
	Landed   int
	Failed   int
	Blocked  int           // wait for an answer
	Left     int           // the others
	Took     time.Duration // of this supervisor
	Reviewed time.Duration // for how long its sessions have waited for verdicts, together
	Healed   int           // conflicts that pushes have healed meanwhile
	Used     launch.Usage  // by all clients of the tasks that it had a part in

	// What is ready, and not begun: for it is for others, or overlaps with what they have.
	Others []*task.Task
	Passed []task.InTheWay
}

// Done reports whether all has landed.
func (s *Summary) Done() bool { return s.Landed == s.Tasks }

func (s *supervisor) summary(ctx context.Context) (*Summary, error) {
	all, err := s.Backlog.List(ctx)
	if err != nil {
		return nil, err
	}
	sum := &Summary{Took: s.Now().Sub(s.began), Reviewed: s.reviewed}
	for _, j := range s.jobs {
		if !j.inReview.IsZero() {
			sum.Reviewed += s.Now().Sub(j.inReview)
		}
	}
	if s.none != nil {
		sum.Others, sum.Passed = s.none.Others, s.none.Passed
	}
	for _, t := range all {
		if t.State == task.Dropped {
			continue
		}
		sum.Tasks++
		switch {
		case t.State == task.Landed:
			sum.Landed++
		case t.State == task.Failed:
			sum.Failed++
		case t.State.Held() && Waits(s.Repo, t.Holder):
			sum.Blocked++
		default:
			sum.Left++
		}
	}
	for n := range s.worked {
		used, err := UsageOf(s.Repo, n)
		if err != nil {
			return nil, err
		}
		sum.Used.Cost += used.Cost
		sum.Used.Tokens += used.Tokens
		sum.Used.Turns += used.Turns
	}
	sum.Healed, err = s.healed(ctx)
	return sum, err
}

// Waits reports whether the session of the pool waits for an answer.
func Waits(r *repo.Repo, session string) bool {
	_, err := os.Stat(folderOf(r, session).path(agents.PoolWaits))
	return !errors.Is(err, fs.ErrNotExist)
}

// healed is how many conflicts the commits healed that have come onto the target
// meanwhile, by their trailers.
func (s *supervisor) healed(ctx context.Context) (int, error) {
	tip, err := s.tip(ctx)
	if err != nil || tip == "" || tip == s.from {
		return 0, err
	}
	args := []string{"log", "--no-show-signature", "--no-color", "--format=%(trailers:key=Healed,valueonly)", tip}
	if s.from != "" {
		args = append(args, "^"+s.from)
	}
	out, err := repo.Output(s.Repo.GitParsed(ctx, append(args, "--")...))
	return len(strings.FieldsFunc(out, func(c rune) bool { return c == '\n' })), err
}
