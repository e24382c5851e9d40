package retire

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/lock/queue"
	"github.com/git-swarm/git-swarm/lock/task"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/launch"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/review"
)

// Swarm is what sessions are retired from.
type Swarm struct {
	Repo       *repo.Repo
	Env        repo.Env
	Bus        *bus.Bus
	Claims     *lock.Claims
	Book       *review.Store
	Now        func() time.Time
	StaleAfter time.Duration
	// Target is the ref on which work of the branch, a full name, lands, as this clone
	// knows it. Its errors are those of repo.TargetRef.
	Target func(ctx context.Context, branch string) (string, error)
}

// Session is a session, with what goes when it is retired.
type Session struct {
	bus.Session
	Clients   []agents.Client
	Worktrees []Worktree // that git swarm made, which are removed
	Stay      []string   // checkouts that it works in, which are not
	Claims    []string
	Reviews   []*review.Review // that wait for its verdict
	Own       *review.Review   // its own that is open, which is withdrawn; nil for none
	Task      *task.Task       // that it has, which is given back; nil for none
	Branch    string           // the full name of the branch that is deleted, "" for none
	Tip       string           // what that is at
	Landed    bool             // it has had something land, and nothing is left to land
	Obstacles []Obstacle
	Subagents []*Session // that work for it, and are retired before it

	swarm *Swarm
	main  *Session // the session that it works for and is retired with, nil for none
	keep  []snapshot
}

// Obstacle is why a session is not retired.
type Obstacle struct {
	Kind  Kind
	Where string   // a branch, or the path of a worktree; "" for none
	Items []string // files, commits or processes
	Onto  string   // what Unlanded commits have not landed on, "" if nothing says where they land
}

// Kind is a kind of obstacle.
type Kind string

// The kinds of obstacles. What a Session keeps is one no longer once it is kept.
const (
	Unlanded   Kind = "unlanded"   // commits
	Changed    Kind = "changed"    // files that are changed, staged or untracked
	Missing    Kind = "missing"    // its worktree is not where it was: deleted, or moved
	Foreign    Kind = "client"     // a client at work that git swarm did not launch, or that runs elsewhere
	Landing    Kind = "landing"    // its branch is being pushed at this moment
	Locked     Kind = "locked"     // its worktree is locked, as by git worktree lock
	Inside     Kind = "inside"     // the caller works in its worktree
	Nested     Kind = "nested"     // another worktree or repository lies in its worktree
	Submodule  Kind = "submodule"  // of its worktree, with changes or with commits that no remote has
	Unreadable Kind = "unreadable" // git cannot say what is in its worktree
)

// Kept reports whether refs/swarm-lost/ can keep what is in the way. Of a worktree that
// is missing, that is what it had staged.
func (k Kind) Kept() bool { return k == Unlanded || k == Changed || k == Missing }

// Find looks at a session and all that it has. It changes nothing. An unknown session
// gives *bus.UnknownSessionError.
func (s *Swarm) Find(ctx context.Context, id string) (*Session, error) {
	if strings.EqualFold(id, bus.Orchestrator) {
		return nil, bus.Inputf("the orchestrator is always there")
	}
	known, err := s.Bus.Session(ctx, id)
	if err != nil {
		return nil, err
	}
	f := &Session{Session: known, swarm: s}
	if err := f.findState(ctx); err != nil {
		return nil, err
	}
	subagents, err := s.Bus.Subagents(ctx, f.ID)
	if err != nil {
		return nil, err
	}
	for _, known := range subagents {
		sub := &Session{Session: known, swarm: s, main: f}
		if err := sub.findState(ctx); err != nil {
			return nil, err
		}
		f.Subagents = append(f.Subagents, sub)
	}
	return f, f.look(ctx)
}

// All are the sessions that are retired with this one, in that order: its subagents, and
// itself.
func (f *Session) All() []*Session { return append(slices.Clone(f.Subagents), f) }

// findState finds what the refs and the records have of the session.
func (f *Session) findState(ctx context.Context) error {
	claims, err := f.swarm.Claims.List(ctx, "")
	if err == nil {
		f.Task, err = (&task.Backlog{Bus: f.swarm.Bus}).Held(ctx, f.ID)
	}
	if err != nil {
		return err
	}
	for _, c := range claims {
		if c.Session == f.ID {
			f.Claims = append(f.Claims, c.Path)
		}
	}
	var failed error
	err = f.swarm.Book.ListOpen(ctx, func(r *review.Review) bool {
		waits := r.State == review.Pending && slices.Contains(r.Waiting(), f.ID)
		if !waits && r.From != f.ID {
			return true
		}
		failed = f.swarm.Book.MarkLanded(ctx, r)
		switch {
		case r.State == review.Landed:
		case r.From == f.ID:
			f.Own = r
		default:
			f.Reviews = append(f.Reviews, r)
		}
		return failed == nil
	})
	return errors.Join(err, failed)
}

// look finds what stands in the way, and what is to be kept.
func (f *Session) look(ctx context.Context) error {
	f.Clients = agents.In(f.swarm.Repo).Clients(f.ID, f.swarm.Now(), f.swarm.StaleAfter)
	if f.main != nil { // whose client it runs in
		f.Clients = slices.DeleteFunc(f.Clients, func(c agents.Client) bool {
			return slices.ContainsFunc(f.main.Clients, func(o agents.Client) bool { return o.PID == c.PID })
		})
	}
	f.Obstacles, f.Worktrees, f.Stay, f.keep, f.Branch, f.Tip = nil, nil, nil, nil, "", ""
	for _, c := range f.Clients {
		if !c.Ours || !c.Here() {
			f.obstacle(Foreign, "", fmt.Sprint(c.PID))
		}
	}
	entry, err := queue.Find(ctx, f.swarm.Bus, f.ID)
	if err != nil {
		return err
	}
	if entry != nil && entry.Stage == queue.Landing {
		f.obstacle(Landing, "")
	}
	for _, c := range agents.Checkouts(f.swarm.Repo) {
		if !strings.EqualFold(c.Session, f.ID) {
			continue
		}
		if !launch.Made(f.swarm.Repo, c) {
			f.Stay = append(f.Stay, filepath.Dir(c.DotGit()))
			continue
		}
		if err := f.lookAt(ctx, c); err != nil {
			return err
		}
	}
	if err := f.lookAtBranch(ctx); err != nil {
		return err
	}
	put, err := f.swarm.Bus.Store().Tip(ctx, refstore.PinPrefix+f.ID)
	f.Landed = put != "" && !slices.ContainsFunc(f.Obstacles, func(o Obstacle) bool { return o.Kind.Kept() })
	for _, sub := range f.Subagents {
		if err != nil {
			return err
		}
		err = sub.look(ctx)
		f.Landed = f.Landed && !slices.ContainsFunc(sub.Obstacles, func(o Obstacle) bool { return o.Kind.Kept() })
	}
	return err
}

func (f *Session) obstacle(kind Kind, where string, items ...string) {
	f.Obstacles = append(f.Obstacles, Obstacle{Kind: kind, Where: where, Items: items})
}

// unlanded adds the commits of tip, of a branch or of what a worktree has checked out,
// that have not landed. Where nothing says where they land, only what no other branch
// has counts.
func (f *Session) unlanded(ctx context.Context, where, tip string) error {
	branch := "refs/heads/" + f.Session.Branch
	onto, err := f.swarm.Target(ctx, branch)
	if errors.Is(err, repo.ErrNoTarget) {
		onto, err = "", nil
	}
	if err != nil {
		return err
	}
	commits, err := f.swarm.missing(ctx, onto, branch, tip)
	if err != nil || len(commits) == 0 {
		return err
	}
	f.Obstacles = append(f.Obstacles, Obstacle{Kind: Unlanded, Where: where, Items: commits, Onto: onto})
	f.keep = append(f.keep, snapshot{tip: tip})
	return nil
}

// lookAtBranch looks at the session's branch, which goes if git swarm made it and
// nobody else has it checked out.
func (f *Session) lookAtBranch(ctx context.Context) error {
	if f.Session.Branch == "" {
		return nil
	}
	r, ref := f.swarm.Repo, "refs/heads/"+f.Session.Branch
	tip, err := repo.Line(r.GitParsed(ctx, "for-each-ref", "--format=%(objectname) %(worktreepath)", ref))
	if err != nil || tip == "" {
		return err
	}
	tip, path, _ := strings.Cut(tip, " ")
	if !slices.ContainsFunc(f.keep, func(s snapshot) bool { return s.tip == tip && s.worktree == "" }) {
		if err := f.unlanded(ctx, f.Session.Branch, tip); err != nil {
			return err
		}
	}
	own, err := f.swarm.Bus.IsSessionBranch(ctx, f.Session.Branch)
	if err != nil || !own || path != "" && !slices.ContainsFunc(f.Worktrees, func(w Worktree) bool { return w.Path == path }) {
		return err
	}
	onto, err := f.swarm.Target(ctx, ref)
	if err != nil && !errors.Is(err, repo.ErrNoTarget) {
		return err
	}
	if onto != "" && onto != ref {
		f.Branch, f.Tip = ref, tip
	}
	return nil
}
