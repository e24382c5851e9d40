package hook

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/lock/task"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/standing"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// Greeting is what a session is told when it begins.
type Greeting struct {
	Session  bus.Session
	Stand    map[string]standing.Standing // how the peers stand
	Target   string                       // the branch that its work lands on, "" if nothing says which
	Detached bool                         // no branch is checked out
	Branch   string                       // the one that is checked out, without refs/heads/
	Here     string                       // whose checkout it is, if it is another session's
	Own      string                       // where the session's own worktree is, if it is not this one
	Peers    []bus.Session                // the others that are not done
	Held     []string                     // what the session claims
	Theirs   []lock.Claim                 // all others'
	Unread   []bus.Message
	Context  []bus.Context // the newest, newest first
	Older    bool          // there are more
	Task     *task.Task    // that the session has taken, nil for none
	Ready    bool          // it has none, and there are some to take
}

// greetContext is how many context entries a greeting can hold.
const greetContext = 20

// sessionStart makes the agent known and greets it. After a compaction that is
// said again: the agent has forgotten it.
func (h *Handler) sessionStart(ctx context.Context, id string) error {
	h.stopWaiting()
	if err := errIfGone(h.Bus.Resolve(ctx, id)); err != nil {
		return err
	}
	if h.Input.Subagent == "" {
		if err := h.agent.Become(id); err != nil {
			return err
		}
	}
	if err := exportSession(h.Env.Get("CLAUDE_ENV_FILE"), id); err != nil {
		return err
	}
	if h.Input.Subagent == "" {
		if err := h.resume(ctx, id, bus.Done, bus.Parked); err != nil {
			return err
		}
	}
	g, err := h.greeting(ctx, id)
	if err != nil {
		return err
	}
	greeted := false
	greet := func(*bus.News) error {
		greeted = true
		return h.Say(g)
	}
	err = h.Bus.Sync(ctx, id, greet)
	if err == nil && !greeted {
		err = greet(nil)
	}
	if err == nil {
		err = h.agent.Update(ctx, func(a *agents.Record) { a.Told = h.Now().Unix() })
	}
	return err
}

// resume sets a session with one of these statuses to running: it is at work again.
func (h *Handler) resume(ctx context.Context, id string, from ...bus.Status) error {
	s, err := h.Bus.Session(ctx, id)
	if err != nil || !slices.Contains(from, s.Status) {
		return err
	}
	running, none := bus.Running, ""
	return h.Bus.SetStatus(ctx, id, id, bus.Change{Status: &running, Note: &none}, nil)
}

// errIfGone adds to an error that the session is not registered.
func errIfGone(id string, err error) error {
	if err != nil {
		return fmt.Errorf("%w: %w", agents.ErrDeleted, err)
	}
	return nil
}

// exportSession lets the agent's commands know which session they are.
func exportSession(envFile, id string) error {
	if envFile == "" {
		return nil
	}
	line := "export GIT_SWARM_SESSION=" + id + "\n"
	content, _ := os.ReadFile(envFile)
	if strings.Contains("\n"+string(content), "\n"+line) {
		return nil
	}
	if len(content) > 0 && !strings.HasSuffix(string(content), "\n") {
		line = "\n" + line
	}
	file, err := os.OpenFile(envFile, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(line)
	if closed := file.Close(); err == nil {
		err = closed
	}
	return err
}

func (h *Handler) greeting(ctx context.Context, id string) (*Greeting, error) {
	g := &Greeting{}
	all, err := h.Bus.Sessions(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range all {
		switch {
		case s.ID == id:
			g.Session = s
		case s.Status != bus.Done:
			g.Peers = append(g.Peers, s)
		}
	}
	if g.Session.ID == "" { // the orchestrator
		g.Session.ID = id
	}
	if g.Stand, err = h.standing().All(ctx, g.Peers); err != nil {
		return nil, err
	}
	if g.Target, err = LandsOn(ctx, h.Bus, "HEAD"); err != nil {
		return nil, err
	}
	if head, err := h.Repo.Head(ctx); err == nil {
		g.Detached = !strings.HasPrefix(head, "refs/")
		if !g.Detached {
			g.Branch = strings.TrimPrefix(head, "refs/heads/")
		}
	}
	if here := h.sessionHere(); !strings.EqualFold(here, id) && !(agents.Checkout{Session: here}).Shares(id) {
		g.Here = here
		if own, err := agents.FindWorktree(h.Repo, id); err == nil {
			g.Own = own
		}
	}
	claims, err := h.Claims.List(ctx, "")
	if err != nil {
		return nil, err
	}
	for _, c := range claims {
		if c.Session == id {
			g.Held = append(g.Held, c.Path)
		} else {
			g.Theirs = append(g.Theirs, c)
		}
	}
	if g.Unread, err = h.Bus.Inbox(ctx, id, false); err != nil {
		return nil, err
	}
	if g.Task, g.Ready, err = h.tasks().Standing(ctx, id); err != nil {
		return nil, err
	}
	err = h.Bus.Context(ctx, func(c bus.Context) bool {
		g.Older = len(g.Context) == greetContext
		if !g.Older {
			g.Context = append(g.Context, c)
		}
		return !g.Older
	})
	return g, err
}

// standing reads how sessions stand.
func (h *Handler) standing() *standing.Reader {
	return &standing.Reader{Repo: h.Repo, Bus: h.Bus, Book: h.Book}
}
