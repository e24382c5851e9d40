package hook

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/install"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/review"
)

// Input is what an agent says of an event, whichever agent it is.
type Input struct {
	Name       string // the event's name as the agent has it
	Session    string // the agent's own id of its session
	Subagent   string // within that, "" for the session itself
	Dir        string // where the session works
	Paths      []string
	Command    string
	StopActive bool   // it was kept from stopping already
	Reason     string // why it ended
	PID        int    // the agent's process, 0 if unknown
}

// Answer is what a hook has to say; of its fields at most one is set.
type Answer struct {
	Greeting *Greeting
	News     *bus.News
	Held     *lock.HeldError // deny: the edit is of another's file
	Push     string          // deny: the push is of this branch, which git swarm push lands on
	Keep     *Reminder       // do not stop yet
	Wake     *bus.News       // what an idle session is woken for
	Parent   *Greeting       // for a subagent: whom it works for
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
	Target string // the branch that work lands on, "" to find it
	Remote string
	Linger bool // wait also where nobody sits before the agent
	Input  Input

	// Say puts an answer out for good before it returns nil: then the session's
	// cursor moves.
	Say func(Answer) error

	agent *agents.Agent
}

// errLater leaves news for another event.
var errLater = errors.New("not now")

// Run answers the event. With nothing to say, Say is not called.
func (h *Handler) Run(ctx context.Context, event string) error {
	h.agent = &agents.Agent{
		Kind: h.Kind, ID: h.Input.Session, PID: h.Input.PID, Named: h.Env.Get("GIT_SWARM_SESSION"),
		Repo: h.Repo, Bus: h.Bus, StaleAfter: h.Claims.StaleAfter, Now: h.Now, MayJoin: install.MayJoin,
	}
	id, err := h.agent.Identify(ctx)
	if err != nil {
		return err
	}
	switch event {
	case agents.SessionStart:
		return h.sessionStart(ctx, id)
	case agents.Prompt, agents.Batch:
		return h.news(ctx, id)
	case agents.PreEdit:
		return h.preEdit(ctx, id)
	case agents.PrePush:
		return h.prePush(ctx)
	case agents.Subagent:
		return h.subagent(ctx, id)
	case agents.Stop:
		return h.stop(ctx, id)
	case agents.Wait:
		return h.wait(ctx, id)
	case agents.SessionEnd:
		return h.sessionEnd(ctx, id)
	}
	return errors.New("unknown event " + strconv.Quote(event))
}

// known is what is known of the repository's agents.
func (h *Handler) known() agents.Agents { return agents.In(h.Repo) }

// newsEvery is how often a session is given news that is not urgent.
const newsEvery = 30 * time.Second

// news tells what came since the cursor, and beats the heart. A subagent is told
// nothing: what it is told, the session itself would never see.
func (h *Handler) news(ctx context.Context, id string) error {
	h.stopWaiting()
	if h.agent.Record != nil {
		h.known().Alive(h.Input.Session)
	}
	told := false
	err := h.Bus.Sync(ctx, id, func(n *bus.News) error {
		if h.Input.Subagent != "" {
			return errLater
		}
		if h.agent.Record != nil && within(h.Now().Sub(time.Unix(h.agent.Record.Told, 0)), newsEvery) && !h.urgent(ctx, n) {
			return errLater
		}
		told = true
		return h.Say(Answer{News: n})
	})
	if errors.Is(err, errLater) {
		return nil
	}
	if told {
		err = errors.Join(err, h.agent.Update(ctx, func(a *agents.Record) { a.Told = h.Now().Unix() }))
	}
	return err
}

// within reports whether so little time has passed. What lies in the future by a
// clock that was ahead is no sign of anything.
func within(since, limit time.Duration) bool { return since >= 0 && since < limit }

// urgent is a message from the orchestrator, one that says so, and whatever names
// a path that the session holds.
func (h *Handler) urgent(ctx context.Context, n *bus.News) bool {
	var texts []string
	for _, m := range n.Messages {
		if m.From == bus.Orchestrator || strings.HasPrefix(strings.ToLower(strings.TrimLeft(m.Body, "[(*! ")), "urgent") {
			return true
		}
		texts = append(texts, m.Body)
	}
	for _, c := range n.Context {
		texts = append(texts, c.Body)
	}
	own, err := h.own(ctx, n.Session)
	return err == nil && slices.ContainsFunc(own.Paths, func(path string) bool {
		return slices.ContainsFunc(texts, func(t string) bool { return strings.Contains(t, path) })
	})
}

// own is what the session claims. The agent's record has what that was at its
// last stop, so that not all claims of all sessions have to be read.
func (h *Handler) own(ctx context.Context, id string) (lock.Held, error) {
	if h.agent.Record != nil && h.agent.Record.Session == id {
		if own, err := h.Claims.Held(ctx, id, h.agent.Record.Own()); err == nil {
			return own, nil
		}
	}
	return h.Claims.Held(ctx, id, lock.Held{})
}

// preEdit claims what is about to be edited, or denies the edit. Files outside
// the repository and ignored ones are nobody's.
func (h *Handler) preEdit(ctx context.Context, id string) error {
	var wanted, doubtful []string
	for _, path := range h.Input.Paths {
		rel, ok := h.inRepo(path)
		if !ok {
			continue
		}
		holders, err := h.Claims.Holders(ctx, []string{rel})
		if err != nil {
			return err
		}
		switch held, ok := holders[rel]; {
		case ok && held.Session == id:
		case ok && held.Path == rel:
			inTheWay, err := h.Claims.InTheWay(ctx, rel, held)
			if err != nil {
				return err
			}
			return h.Say(Answer{Held: inTheWay})
		case !h.mayBeIgnored(rel):
			wanted = append(wanted, rel)
		default:
			doubtful = append(doubtful, rel)
		}
	}
	wanted = append(wanted, h.notIgnored(ctx, doubtful)...)
	if len(wanted) == 0 {
		return nil
	}
	_, err := h.Claims.Grant(ctx, id, lock.Request{Paths: wanted})
	if held, ok := lock.IsHeld(err); ok {
		return h.Say(Answer{Held: held})
	}
	if err != nil {
		return err
	}
	return h.resume(ctx, id)
}

// inRepo is a file's path in the repository, whichever of its worktrees it is in.
func (h *Handler) inRepo(path string) (string, bool) {
	if path == "" {
		return "", false
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(h.Input.Dir, path)
	}
	path = realPath(filepath.Clean(path))
	r, err := repo.Discover(h.Env, ExistingDir(path, h.Input.Dir))
	if err != nil || r.CommonDir != h.Repo.CommonDir || r.WorkTree == "" {
		return "", false
	}
	rel, err := filepath.Rel(r.WorkTree, path)
	if err != nil {
		return "", false
	}
	clean, err := lock.CleanPath(filepath.ToSlash(rel))
	return clean, err == nil
}

// ExistingDir is the folder that path, as seen from dir, is in, or the nearest one
// above it that is there; links are resolved.
func ExistingDir(path, dir string) string {
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	for path = filepath.Dir(realPath(filepath.Clean(path))); path != filepath.Dir(path); path = filepath.Dir(path) {
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			break
		}
	}
	return path
}

// realPath resolves the links in the part of path that exists.
func realPath(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	dir := filepath.Dir(path)
	if dir == path {
		return path
	}
	return filepath.Join(realPath(dir), filepath.Base(path))
}

// notIgnored leaves out what git ignores, unless it is tracked. Where git cannot
// say, nothing is ignored.
func (h *Handler) notIgnored(ctx context.Context, paths []string) []string {
	if len(paths) == 0 {
		return nil
	}
	cmd := h.Repo.GitParsed(ctx, "-C", h.Repo.WorkTree, "check-ignore", "-z", "--stdin")
	cmd.Stdin = strings.NewReader(strings.Join(paths, "\x00"))
	out, _ := repo.Output(cmd) // with 1 if none is
	ignored := strings.Split(out, "\x00")
	return slices.DeleteFunc(paths, func(p string) bool { return slices.Contains(ignored, p) })
}

// subagent tells a subagent whom it works for.
func (h *Handler) subagent(ctx context.Context, id string) error {
	s, err := h.Bus.Session(ctx, id)
	if err != nil {
		return err
	}
	own, err := h.own(ctx, id)
	if err != nil {
		return err
	}
	return h.Say(Answer{Parent: &Greeting{Session: s, Held: own.Paths}})
}
