package agents

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Why an agent works as no session.
var (
	ErrNoInit  = errors.New("no session was ever registered here")
	errNoID    = errors.New("the hook's input names no session of the agent's, and the worktree none of git swarm's")
	ErrDeleted = errors.New("the session of this worktree is not registered (any more)")
)

// Agent is an agent that is at work, as one of its hooks knows it.
type Agent struct {
	Kind  string // such as "claude": the agent of the sessions that it joins as
	ID    string // its own id of its session, "" if it gave none
	PID   int    // its process, 0 if unknown
	Named string // the session that it was started as, "" if it was started as none
	Ours  string // the session that git swarm launched its client for, "" if it did not: see LaunchedEnv
	Job   string // the background session of the client's that it is, "" if it is none
	Title string // what its user called its session, "" for nothing: the name of the one that it joins as

	Parent string // of a subagent with a session of its own: that of its agent, see Isolated

	Repo       *repo.Repo
	Bus        *bus.Bus
	StaleAfter func() time.Duration // see Taken
	Now        func() time.Time
	MayJoin    func(*repo.Repo) (bool, error) // asked where no session was registered yet

	Record *Record // nil until Identify, and of an agent without an id
}

func (a *Agent) all() Agents { return In(a.Repo) }

// Identify returns the session that the agent works as: the one that it was started
// as, else the one that it was before, else the one that it joins as.
func (a *Agent) Identify(ctx context.Context) (string, error) {
	if a.ID != "" {
		a.Record = a.all().Load(a.ID)
	}
	if id := a.Named; id != "" && (a.Record == nil || !strings.EqualFold(a.Record.Session, id)) {
		return a.explicit(ctx, id)
	}
	if a.Record == nil {
		return a.join(ctx)
	}
	return a.Record.Session, nil
}

// Assumed is the session that the agent would work as, as far as that can be told where
// nothing can be written; "" if it would be a new one. It is [ErrNoInit] where nobody has
// asked for a swarm.
func (a *Agent) Assumed(ctx context.Context) (string, error) {
	if err := a.mayJoin(ctx); err != nil {
		return "", err
	}
	if a.Record != nil && a.Named == "" {
		return a.Record.Session, nil
	}
	here := a.Named
	if here == "" {
		var err error
		if here, err = a.identity(); err != nil || here == "" {
			return "", err
		}
	}
	return a.Bus.Resolve(ctx, here)
}

// explicit is a session that was named to the agent when it was started.
func (a *Agent) explicit(ctx context.Context, id string) (string, error) {
	id, err := a.Bus.Resolve(ctx, id)
	var unknown *bus.UnknownSessionError
	if errors.As(err, &unknown) && errors.Is(a.mayJoin(ctx), ErrNoInit) {
		err = ErrNoInit
	}
	if err != nil {
		return "", err
	}
	return id, a.Become(id)
}

// Become records whom the agent works as.
func (a *Agent) Become(id string) error {
	if a.ID == "" {
		return nil
	}
	if a.Record == nil {
		a.Record = &Record{}
	}
	if a.Record.Session != id {
		*a.Record = Record{Session: id, Parent: a.Parent} // what it was told and held is another's
	}
	a.Record.Ended = false
	a.Record.Asks, a.Record.AsksSince = "", 0
	a.Record.PID, a.Record.Process = a.PID, processMark(a.PID)
	a.Record.Ours = a.PID > 0 && strings.EqualFold(a.Ours, id)
	a.Record.Kind, a.Record.Job = a.Kind, a.Job
	return a.all().save(a.ID, a.Record)
}

// mayJoin is ErrNoInit where nobody has asked for a swarm: then nothing is
// written, either.
func (a *Agent) mayJoin(ctx context.Context) error {
	tip, err := a.Bus.Store().Tip(ctx, bus.SessionsRef)
	if err != nil || tip != "" {
		return err
	}
	may, err := a.MayJoin(a.Repo)
	if err == nil && !may {
		err = ErrNoInit
	}
	return err
}

// identity is the worktree's own, else swarm.session.
func (a *Agent) identity() (string, error) {
	content, err := file.Read(a.Repo.SessionFile(), 1024)
	if id := strings.TrimSpace(string(content)); err == nil && id != "" {
		return id, bus.CheckID(id)
	}
	config, err := a.Repo.Config()
	if err != nil {
		return "", err
	}
	id, _ := config.Get("swarm.session")
	return id, nil
}

// Taken reports whether another agent is at work as the session. An agent whose
// session got another id (as /clear does) is the same process.
func (a *Agent) Taken(id string) bool {
	for _, k := range a.all().of(id, a.Now()) {
		silent := k.PID == 0 && bus.Stale(k.active, a.Now(), a.StaleAfter())
		if k.name != fileName(a.ID) && !k.Over() && !silent && (k.PID == 0 || k.PID != a.PID) {
			return true
		}
	}
	return false
}

// Update changes the agent's record. It is read anew, and nobody else changes it
// meanwhile: other hooks of the same agent may run now.
func (a *Agent) Update(ctx context.Context, change func(r *Record)) error {
	if a.ID == "" {
		return nil
	}
	unlock, err := a.all().lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if now := a.all().Load(a.ID); now != nil {
		a.Record = now
	}
	if a.Record == nil {
		return nil
	}
	change(a.Record)
	return a.all().save(a.ID, a.Record)
}

// processMark is "" without a process.
func processMark(pid int) string {
	if pid <= 0 {
		return ""
	}
	return file.ProcessMark(pid)
}
