package monitor

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/lock/queue"
	"github.com/git-swarm/git-swarm/lock/task"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/attention"
	"github.com/git-swarm/git-swarm/orchestrator/standing"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/review"
)

// Monitor watches over a swarm: it takes snapshots, warns sessions whose branches
// would conflict, and approves reviews if AutoApprove lets it. It is not safe for
// use by several goroutines at once.
type Monitor struct {
	Repo        *repo.Repo
	Bus         *bus.Bus
	Book        *review.Store
	Push        *lock.PushLock
	Now         func() time.Time
	StaleAfter  time.Duration
	AutoApprove bool // approve reviews that name the orchestrator and that it has not rejected
	Attention   *attention.Teller
	Target      string // ref that the sessions' branches are to land on, "" if there is none

	pairs  pairs
	counts counts
	landed map[int]landing
	tasks  backlog
	before *Snapshot
}

// Snapshot is the state of a swarm at one moment.
type Snapshot struct {
	At         time.Time
	Sessions   []bus.Session
	Stand      map[string]standing.Standing // by session id
	Stale      []string                     // ids of sessions that are neither done nor ended, silent for StaleAfter, and of which no process is there
	Reviews    []*review.Review
	Messages   []bus.Message       // unread, to the orchestrator
	Holder     *lock.PushHolder    // who is landing, nil for nobody
	Queue      []*queue.Entry      // what waits to land, and is not decided
	Claims     map[string][]string // by session id, the paths that it holds
	Collisions []Collision
	Commits    map[string]Commits       // by session id; without those of which nothing is known
	Tasks      []*task.Task             // all, by number; empty where there is no backlog
	Damage     []*refstore.DamagedError // what of the refs cannot be read, and is left out
}

// Waiters are the sessions that wait to land, but for who is landing.
func (s *Snapshot) Waiters() (ids []string) {
	for _, e := range s.Queue {
		if e.Stage == queue.Waiting && (s.Holder == nil || s.Holder.Session != e.Session) {
			ids = append(ids, e.Session)
		}
	}
	return ids
}

// look takes a snapshot without the collisions and commits, which take git to find.
func (m *Monitor) look(ctx context.Context) (*Snapshot, error) {
	s := &Snapshot{At: m.Now()}
	if err := m.noticeEnds(ctx); err != nil {
		return nil, err
	}
	var err error
	if s.Sessions, err = m.Bus.Sessions(ctx); err != nil {
		return nil, err
	}
	reader := standing.Reader{Repo: m.Repo, Bus: m.Bus, Book: m.Book}
	if s.Stand, err = reader.All(ctx, s.Sessions); err != nil {
		return nil, err
	}
	for _, session := range s.Sessions {
		state := s.Stand[session.ID].State
		if state != standing.Done && state != standing.Ended && !session.Keeps(s.At, m.StaleAfter) && bus.Stale(session.Seen, s.At, m.StaleAfter) && !agents.In(m.Repo).Present(session.ID) {
			s.Stale = append(s.Stale, session.ID)
		}
	}
	err = m.Book.ListOpen(ctx, func(r *review.Review) bool {
		if r.State == review.Pending || r.State == review.Rejected {
			s.Reviews = append(s.Reviews, r)
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	if s.Messages, err = m.Bus.Inbox(ctx, bus.Orchestrator, false); err != nil {
		return nil, err
	}
	if s.Holder, err = m.Push.Landing(ctx); err != nil {
		return nil, err
	}
	if s.Queue, err = queue.Entries(ctx, m.Bus); err != nil {
		return nil, err
	}
	s.Queue = slices.DeleteFunc(s.Queue, (*queue.Entry).Decided)
	if s.Claims, err = m.claims(ctx); err != nil {
		return nil, err
	}
	if s.Tasks, err = m.tasks.read(ctx, m.Bus); err != nil {
		return nil, err
	}
	err = m.Bus.Store().CheckTips(ctx, "refs/swarm/")
	s.Damage = m.Bus.Store().SetAside()
	return s, err
}

// noticeEnds tells of ends that nobody has told of. Who may not write here cannot.
func (m *Monitor) noticeEnds(ctx context.Context) error {
	if m.Attention == nil {
		return nil
	}
	err := m.Attention.NoticeEnds(ctx)
	if errors.Is(err, fs.ErrPermission) {
		err = nil
	}
	return err
}

// Tick approves and warns where that is due, and returns a snapshot and what has
// happened since the last Tick; the first Tick reports everything as new.
func (m *Monitor) Tick(ctx context.Context) (*Snapshot, []Event, error) {
	approved, err := m.approve(ctx)
	if err != nil {
		return nil, nil, err
	}
	now, err := m.look(ctx)
	if err != nil {
		return nil, nil, err
	}
	refs, err := branchTips(ctx, m.Repo, m.Target)
	if err != nil {
		return nil, nil, err
	}
	if err := m.markLanded(ctx, now.Reviews, refs[m.Target]); err != nil {
		return nil, nil, err
	}
	at := sessionTips(m.Repo, refs, now.Sessions)
	if now.Collisions, err = m.pairs.collisions(ctx, m.Repo, refs[m.Target], at); err != nil {
		return nil, nil, err
	}
	if now.Commits, err = m.counts.commits(ctx, m.Repo, refs[m.Target], at, now.Sessions); err != nil {
		return nil, nil, err
	}
	if err := m.warn(ctx, now.Collisions); err != nil {
		return nil, nil, err
	}
	events := append(approved, compare(m.before, now)...)
	m.before = now
	return now, events, nil
}

// backlog is the tasks as they were read, and the tip of their table then.
type backlog struct {
	tip   object.Hash
	tasks []*task.Task
}

// read reads the tasks if their table has moved.
func (l *backlog) read(ctx context.Context, b *bus.Bus) ([]*task.Task, error) {
	tip, err := b.Store().Tip(ctx, task.Ref)
	if err != nil || tip == l.tip {
		return l.tasks, err
	}
	tasks, err := (&task.Backlog{Bus: b}).List(ctx)
	if err == nil {
		l.tip, l.tasks = tip, tasks
	}
	return tasks, err
}

// landing is whether a review had landed when the target was at that commit.
type landing struct {
	target string
	is     bool
}

// markLanded marks those of the reviews whose change is on its target, which push
// brings there without a verdict where no review is required. target is the tip of
// m.Target: git is asked again when it has moved.
func (m *Monitor) markLanded(ctx context.Context, reviews []*review.Review, target string) error {
	judged := map[int]landing{}
	for _, r := range reviews {
		l, known := m.landed[r.Number]
		if !known || r.Target != m.Target || l.target != target {
			state := r.State
			if err := m.Book.MarkLanded(ctx, r); err != nil {
				return err
			}
			l = landing{target, r.State == review.Landed}
			r.State = state
		}
		if l.is {
			r.State = review.Landed
		}
		judged[r.Number] = l
	}
	m.landed = judged
	return nil
}

// claims are the paths that each session holds.
func (m *Monitor) claims(ctx context.Context) (map[string][]string, error) {
	all, err := lock.NewClaims(m.Bus, m.StaleAfter, false).List(ctx, "")
	held := map[string][]string{}
	for _, c := range all {
		held[c.Session] = append(held[c.Session], c.Path)
	}
	return held, err
}

// Looked reports whether Tick has succeeded before.
func (m *Monitor) Looked() bool { return m.before != nil }

// approve approves the reviews that wait for the orchestrator's verdict.
func (m *Monitor) approve(ctx context.Context) ([]Event, error) {
	if !m.AutoApprove {
		return nil, nil
	}
	var due []*review.Review
	err := m.Book.ListOpen(ctx, func(r *review.Review) bool {
		if r.State == review.Pending && slices.Contains(r.To, bus.Orchestrator) && r.Verdict(bus.Orchestrator) == nil {
			due = append(due, r)
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	var events []Event
	for _, r := range due {
		_, err := m.Book.AddEvent(ctx, bus.Orchestrator, r.Number, review.Approve, "approved automatically (orchestrate --auto-approve)")
		if errors.Is(err, review.ErrClosed) {
			continue // withdrawn meanwhile
		}
		if err != nil {
			return events, err
		}
		events = append(events, Event{Kind: "auto-approved", Session: r.From, Number: r.Number})
	}
	return events, nil
}

// Beat records that the orchestrator is alive, for the others to see.
func (m *Monitor) Beat(ctx context.Context) error {
	return m.Bus.Update(ctx, bus.Orchestrator, func(*refstore.Tx, string) error { return nil })
}

// watchRefs are the refs whose movement is worth a look, and that a look does not
// move itself.
func (m *Monitor) watchRefs(s *Snapshot) []string {
	refs := []string{bus.SessionsRef, bus.ContextRef, lock.ClaimsRef, bus.InboxRef(bus.Orchestrator), lock.LocksRef, queue.Ref, review.NotesRef, task.Ref}
	if m.Bus.Store().Clone() != "" {
		refs = append(refs, lock.ConductorsRef)
	}
	heads := agents.Heads(m.Repo)
	for _, session := range s.Sessions {
		if head := heads[session.ID]; strings.HasPrefix(head, "refs/") {
			refs = append(refs, head)
		} else {
			refs = append(refs, "refs/heads/"+session.Branch)
		}
	}
	return refs
}

// Event is a change between two snapshots.
type Event struct {
	Kind    string   // joined, running, blocked, done, asks, ended, stale, back, review, verdict, auto-approved, message, lock, collision, clear
	Session string   // whom it is about
	Other   string   // the other session, of a collision
	Number  int      // of a review or message
	Text    string   // another session's words, if any
	Files   []string // of a collision
}

// compare returns what differs between two snapshots. before is nil the first time.
func compare(before, now *Snapshot) []Event {
	if before == nil {
		before = &Snapshot{}
	}
	events := compareSessions(before, now)
	for _, r := range now.Reviews {
		i := slices.IndexFunc(before.Reviews, func(o *review.Review) bool { return o.Number == r.Number })
		switch {
		case r.State != review.Landed && i >= 0 && before.Reviews[i].State == review.Landed:
			events = append(events, Event{Kind: "review", Session: r.From, Number: r.Number, Text: strings.Join(r.Waiting(), ", ")})
		case r.State == review.Landed:
			if i >= 0 && before.Reviews[i].State != review.Landed {
				events = append(events, Event{Kind: "review-closed", Session: r.From, Number: r.Number})
			}
		case i < 0 && r.State == review.Rejected:
			no := r.Rejection()
			events = append(events, Event{Kind: "verdict", Session: no.By, Number: r.Number, Text: string(no.Kind) + " " + no.Text})
		case i < 0:
			events = append(events, Event{Kind: "review", Session: r.From, Number: r.Number, Text: strings.Join(r.Waiting(), ", ")})
		case r.State != before.Reviews[i].State || len(r.Events) != len(before.Reviews[i].Events):
			last := r.Events[len(r.Events)-1]
			events = append(events, Event{Kind: "verdict", Session: last.By, Number: r.Number, Text: string(last.Kind) + " " + last.Text})
		}
	}
	for _, r := range before.Reviews {
		if r.State != review.Landed && !slices.ContainsFunc(now.Reviews, func(n *review.Review) bool { return n.Number == r.Number }) {
			events = append(events, Event{Kind: "review-closed", Session: r.From, Number: r.Number})
		}
	}
	for _, msg := range now.Messages {
		if !slices.ContainsFunc(before.Messages, func(o bus.Message) bool { return o.Number == msg.Number }) {
			events = append(events, Event{Kind: "message", Session: msg.From, Number: msg.Number, Text: msg.Body})
		}
	}
	if h := now.Holder; h != nil && (before.Holder == nil || before.Holder.Epoch != h.Epoch) {
		events = append(events, Event{Kind: "lock", Session: h.Session, Text: strings.Join(now.Waiters(), ", ")})
	}
	return append(events, compareCollisions(before.Collisions, now.Collisions)...)
}

func compareSessions(before, now *Snapshot) []Event {
	var events []Event
	for _, s := range now.Sessions {
		i := slices.IndexFunc(before.Sessions, func(o bus.Session) bool { return o.ID == s.ID })
		if i < 0 {
			events = append(events, Event{Kind: "joined", Session: s.ID, Text: s.Workstream})
		}
		if i < 0 && s.Status != bus.Running || i >= 0 && (before.Sessions[i].Status != s.Status || before.Sessions[i].Note != s.Note) {
			events = append(events, Event{Kind: string(s.Status), Session: s.ID, Text: s.Note})
		}
		if stood, stands := before.Stand[s.ID], now.Stand[s.ID]; stands != stood {
			switch {
			case stands.State == standing.Asks:
				events = append(events, Event{Kind: "asks", Session: s.ID, Text: stands.Asks})
			case stands.State == standing.Ended && stands.Unlanded:
				events = append(events, Event{Kind: "ended", Session: s.ID, Text: s.Branch})
			}
		}
		was, is := slices.Contains(before.Stale, s.ID), slices.Contains(now.Stale, s.ID)
		if is && !was {
			events = append(events, Event{Kind: "stale", Session: s.ID})
		} else if was && !is && s.Status != bus.Done {
			events = append(events, Event{Kind: "back", Session: s.ID})
		}
	}
	return events
}
