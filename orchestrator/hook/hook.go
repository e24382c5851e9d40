package hook

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/lock/task"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/install"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/review"
)

// Input is what an agent reports with an event, in one form for all agents.
type Input struct {
	Name       string   // the event's name as the agent has it
	Session    string   // the agent's own id of its session
	Title      string   // the name that its user gave that, when it starts; "" for none
	Subagent   string   // within that, "" for the session itself
	Dir        string   // where the session works
	Paths      []string // the files that it is about to change, as it names them
	Command    string
	Tool       string // that it is about to use, or asks for
	Message    string // with which it turns to its user
	Waits      bool   // and waits for the answer
	Shell      bool   // a tool was a shell, which may have changed any file
	StopActive bool   // it was already kept from stopping in this turn
	Reason     string // why it ended
	PID        int    // the agent's process, 0 if unknown
	Job        string // the background session of the client's that it is, "" if it is none
	Client     int    // the process that is told of what comes, 0 if unknown; it need not be above the agent's commands
}

// Handler handles one event that an agent reports. Every error is a problem for
// doctor, never the agent's.
type Handler struct {
	Kind   string // the agent's name, as sessions that join by themselves have it
	Repo   *repo.Repo
	Bus    *bus.Bus
	Claims *lock.Claims
	Book   *review.Store
	Env    repo.Env
	Now    func() time.Time
	Linger bool // wait for messages also in a session without a terminal
	Input  Input
	Files  []string // before an edit: those of Input.Paths in Repo, see Places

	// Longer, if not nil, puts off the end of the answer's time by HubWait, and returns
	// what ends then.
	Longer  func() (context.Context, context.CancelFunc)
	HubWait time.Duration // how long the hub may take to grant a claim

	// Say writes an answer. When it returns nil the session's cursor moves past the
	// news in it.
	Say func(Answer) error

	// Idle is set by Run: there is no news, told or put off, and all that is about to be
	// edited the session had before.
	Idle bool

	agent      *agents.Agent
	parent     string      // the session for which a subagent with one of its own works, else ""
	unclaimed  []string    // what it is to be told is edited without a claim
	over       bool        // that subagent had ended before
	unwritable *Unwritable // where nothing can be written, else nil
	left       int         // the number of the last message that had come when the agent stopped
	until      time.Time   // when what the stop hook has seen corrects left, zero once it has
}

// errLater leaves news for another event.
var errLater = errors.New("not now")

// Run handles the event. If there is nothing to say, Say is not called.
func (h *Handler) Run(ctx context.Context, event string) error {
	h.agent = &agents.Agent{
		Kind: h.Kind, ID: h.Input.Session, PID: h.Input.PID, Named: h.Env.Get("GIT_SWARM_SESSION"), Ours: h.Env.Get(agents.LaunchedEnv), Job: h.Input.Job, Title: h.Input.Title,
		Repo: h.Repo, Bus: h.Bus, StaleAfter: h.Claims.StaleAfter, Now: h.Now, MayJoin: install.MayJoin,
	}
	id, err := h.agent.Identify(ctx)
	if cannotWrite(err) {
		return h.onlyLook(ctx, event, err)
	}
	if err != nil {
		return err
	}
	own, apart, err := h.apart(ctx, id)
	if apart {
		id = own
	}
	if event != agents.PreEdit && event != agents.SessionEnd { // those may be about another checkout, and be its last
		err = errors.Join(err, h.follow(ctx, id))
	}
	return errors.Join(err, h.handle(ctx, event, id))
}

// handle handles the event for the session.
func (h *Handler) handle(ctx context.Context, event, id string) error {
	switch event {
	case agents.SessionStart:
		return h.sessionStart(ctx, id)
	case agents.Prompt:
		return errors.Join(h.unpark(ctx, id), h.answered(ctx), h.giveBack(ctx, id), h.news(ctx, id, nil))
	case agents.Batch:
		if len(h.past().Unclaimed) > 0 {
			var done context.CancelFunc
			ctx, done = h.longer(ctx)
			defer done()
		}
		lost, unasked := h.askAgain(ctx, id)
		changed, err := h.changedOthers(ctx, id)
		changed = append(lost, slices.DeleteFunc(changed, func(c lock.Claim) bool {
			return slices.ContainsFunc(lost, func(l lock.Claim) bool { return l.Path == c.Path })
		})...)
		return errors.Join(unasked, err, h.answered(ctx), h.giveBack(ctx, id), h.news(ctx, id, changed))
	case agents.StopFailure:
		return h.stopFailure(ctx, id)
	case agents.Asks:
		return h.asks(ctx, id)
	case agents.PreEdit:
		return h.preEdit(ctx, id)
	case agents.PreSync:
		return h.preSync(ctx, id)
	case agents.PrePush:
		return h.preShell(ctx, id)
	case agents.Subagent:
		return h.subagent(ctx, id)
	case agents.SubagentStop:
		return h.subagentStop(ctx, id)
	case agents.Stop:
		return h.stop(ctx, id)
	case agents.Wait:
		return h.wait(ctx, id)
	case agents.SessionEnd:
		return h.sessionEnd(ctx, id)
	}
	return errors.New("unknown event " + strconv.Quote(event))
}

// tasks is the backlog.
func (h *Handler) tasks() *task.Backlog { return &task.Backlog{Bus: h.Bus, Claims: h.Claims} }

// known are the repository's agents.
func (h *Handler) known() agents.Agents { return agents.In(h.Repo) }
