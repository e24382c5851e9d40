package agenthook

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/swarm"
	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/hook"
	"github.com/git-swarm/git-swarm/orchestrator/install"
	"github.com/git-swarm/git-swarm/orchestrator/launch"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/review"
)

// The rules of an agent's hook: JSON in, JSON or nothing out, exit 0 whatever
// happens, within its limits. What goes wrong is kept for doctor, and never stands in the
// agent's way. Only wait lasts, and ends with exitWake to wake its agent.
const (
	margin   = 100 * time.Millisecond // for writing down that the time was up
	exitWake = 2
	maxInput = 64 << 20
)

// limits are how long a hook may take. A greeting may take longer: no other event makes up
// for one that is missing, and all clients wait 5 s for it.
type limits struct {
	answer, greet time.Duration
	store         time.Duration // how long a change waits for others
	hub           time.Duration // how much longer it takes where the hub has to grant a claim
}

// TimeEnv is a variable with the time that a hook may take, such as 4s, where the machine
// is too busy for a second.
const TimeEnv = "GIT_SWARM_HOOK_TIME"

// limitsIn are those of the environment.
func limitsIn(env repo.Env) limits {
	set, _ := time.ParseDuration(env.Get(TimeEnv))
	return limits{max(time.Second, set), max(4*time.Second, set), max(500*time.Millisecond, set/2), max(hook.HubWait, set)}
}

// whole is how long the event's hook may take.
func (l limits) whole(event string) time.Duration {
	if event == agents.SessionStart {
		return l.greet
	}
	return l.answer
}

// Process is the process that the agent's client started.
type Process struct {
	Env    repo.Env
	Dir    string
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	Now    func() time.Time

	Describe func(error) string // words an error for a person, on one line
}

// Run runs "hook [--agent NAME] EVENT" and returns the exit code. What runs out of
// time goes on unseen to the end of the process: it answers no more.
func Run(ctx context.Context, p Process, args []string) int {
	return run(ctx, p, limitsIn(p.Env), args)
}

func run(ctx context.Context, p Process, l limits, args []string) int {
	h := &invocation{Process: p, limits: l, agent: "claude", args: args}
	if len(args) >= 2 && args[0] == "--agent" {
		h.agent, args = args[1], args[2:]
	}
	if len(args) > 0 {
		h.event = args[0]
	}
	if h.agent == "claude" && inCopilot(p.Env) {
		h.agent = "copilot"
		if h.event == agents.Wait || install.CopilotIn(p.Dir) {
			return 0 // it would wait for that; there, its own hooks answer
		}
	}
	h.dialect, _ = dialectOf(h.agent)
	signal.Ignore(syscall.SIGPIPE) // who does not read the answer is not killed for it
	if h.event == agents.Wait {
		return h.answer(ctx)
	}
	limit := h.limits.whole(h.event)
	h.whole, h.began, h.late = ctx, time.Now(), time.NewTimer(limit)
	ctx, cancel := context.WithTimeout(ctx, limit-margin)
	defer cancel()
	done := make(chan int, 1)
	go func() { done <- h.answer(ctx) }()
	code := 0
	select {
	case code = <-done:
	case <-h.late.C: // it reads, or waits for a disk
		late := &invocation{Process: p, event: h.event}
		late.keep(fmt.Errorf("no answer within %s", time.Since(h.began).Round(time.Second)))
	}
	if h.dialect.silence != nil {
		_ = h.object(h.dialect.silence)
	}
	h.answered.Store(true)
	return code
}

// longer puts off the end of the answer's time for a claim that the hub has to grant.
func (h *invocation) longer() (context.Context, context.CancelFunc) {
	left := h.limits.hub + h.limits.answer - time.Since(h.began)
	h.late.Reset(left)
	return context.WithTimeout(h.whole, left-margin)
}

// inCopilot reports whether Copilot CLI runs this hook: it reads Claude Code's
// settings, too. A Claude Code that was started by a command of Copilot's has the
// variable as well, and one of its own.
func inCopilot(env repo.Env) bool {
	return env.Get("COPILOT_CLI") == "1" && (env.Get("CLAUDE_PID") == "" || env.Get("COPILOT_PROJECT_DIR") != "")
}

// invocation is one run of an agent's hook.
type invocation struct {
	Process
	limits  limits
	agent   string // whose JSON it speaks
	dialect dialect
	event   string
	args    []string // of the hook
	text    []byte   // of its input
	kept    bool     // something went wrong
	name    string   // the event's name as the agent has it

	places   *hook.Places
	swarm    *swarm.Swarm // where it acts, nil before
	works    string       // the folder that the agent works in
	thread   string       // the agent's own id of its session
	client   int          // the process that is told of what comes, 0 if unknown
	session  string       // whom the agent works as, once that is known
	answered atomic.Bool

	whole context.Context // of the process
	began time.Time
	late  *time.Timer // until it must have answered
	woken bool
}

// answer answers the event, and returns the exit code.
func (h *invocation) answer(ctx context.Context) (code int) {
	defer func() { h.swarm.Close() }()
	defer func() {
		if p := recover(); p != nil {
			h.keep(fmt.Errorf("panic: %v", p))
		}
	}()
	if err := h.run(ctx); err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("ran out of time: %w", err)
		}
		h.keep(err)
	}
	if h.woken {
		return exitWake
	}
	return 0
}

// keep keeps what went wrong for doctor, if there is a repository to keep it in.
func (h *invocation) keep(err error) {
	if h.swarm == nil {
		r, found := repo.DiscoverOwn(h.Env, h.Dir)
		if found != nil {
			return
		}
		h.swarm = swarm.In(r, swarm.Options{Now: h.Now})
	}
	h.kept = true
	_ = agents.In(h.swarm.Repo).NoteProblem(h.Now(), text.Inert(h.event), text.Inert(h.Describe(err)))
}

func (h *invocation) run(ctx context.Context) error {
	if file := h.Env.Get(launch.ProbeEnv); file != "" {
		return launch.AnswerProbe(file, h.event)
	}
	if h.dialect.context == nil {
		return fmt.Errorf("unknown agent '%s'", text.Inert(h.agent))
	}
	input, err := h.input()
	if err != nil {
		return err
	}
	h.name, h.thread, h.client = input.Name, input.Session, input.Client
	if !filepath.IsAbs(input.Dir) {
		input.Dir = filepath.Join(h.Dir, input.Dir)
	}
	h.works = input.Dir
	h.places = hook.NewPlaces(h.Env, append(projectDirs(h.Env), input.Dir)...)
	if h.outranked(input.Dir) {
		return nil
	}
	switch h.event {
	case agents.PreEdit:
		return h.preEdit(ctx, input)
	case agents.PrePush:
		return h.preShell(ctx, input)
	case agents.PreTool:
		err := h.preEdit(ctx, input)
		if !h.answered.Load() {
			err = errors.Join(err, h.preShell(ctx, input))
		}
		return err
	}
	return h.here(ctx, h.event, input)
}

// outranked reports whether other hooks of ours handle the event: a client runs those of
// its settings, of the project's and of a plugin, one beside the other.
func (h *invocation) outranked(dir string) bool {
	hooks := h.Env.Get(install.HooksEnv)
	if hooks == "" {
		return false
	}
	r, err := h.places.Repo(append(projectDirs(h.Env), dir)[0])
	return err == nil && install.Outranked(r, hooks, h.event)
}

// here handles the event where the agent works, or where it was started.
func (h *invocation) here(ctx context.Context, event string, input *hook.Input) error {
	for _, dir := range append([]string{input.Dir}, projectDirs(h.Env)...) {
		r, err := h.places.Repo(dir)
		if err == nil {
			err = h.handle(ctx, r, event, input, nil)
		}
		if !noSwarm(err) {
			return err
		}
	}
	return nil
}

// noSwarm reports whether the error says that git swarm is not used there.
func noSwarm(err error) bool {
	return errors.Is(err, agents.ErrNoInit) || errors.Is(err, repo.ErrNotRepository)
}

// projectDirs are where the agent was started: it may have gone to a folder of
// another repository since.
func projectDirs(env repo.Env) (dirs []string) {
	for _, name := range []string{"CLAUDE_PROJECT_DIR", "CURSOR_PROJECT_DIR", "GEMINI_PROJECT_DIR", "COPILOT_PROJECT_DIR"} {
		if dir := env.Get(name); filepath.IsAbs(dir) {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// preEdit asks in the checkout of each file, which may be another worktree than the
// one that the agent works in, or a repository that the user trusts.
func (h *invocation) preEdit(ctx context.Context, input *hook.Input) error {
	edits, unread := h.places.Edits(input.Dir, input.Paths)
	for _, e := range edits {
		if h.answered.Load() {
			return nil
		}
		if err := h.handle(ctx, e.Repo, agents.PreEdit, input, e.Files); err != nil && !noSwarm(err) {
			return err
		}
	}
	return unread
}

// preShell asks about a command for a shell, if it could be one that is denied.
func (h *invocation) preShell(ctx context.Context, input *hook.Input) error {
	if !hook.ConcernsShell(input.Command) {
		return nil
	}
	return h.here(ctx, agents.PrePush, input)
}

// handle runs the hook in the repository.
func (h *invocation) handle(ctx context.Context, r *repo.Repo, event string, input *hook.Input, files []string) error {
	h.swarm.Close()
	h.swarm = swarm.In(r, swarm.Options{Now: h.Now, Timeout: h.limits.store, Quick: h.event != agents.Wait})
	claims, err := h.swarm.Claims(ctx)
	if err = cmp.Or(err, h.swarm.CheckStaleAfter()); err != nil { // a denial needs no settings: the defaults do
		h.keep(err)
	}
	b := h.swarm.Bus()
	config, err := r.Config()
	if err != nil {
		return err
	}
	linger, _ := config.Bool("swarm.linger", false)
	handler := &hook.Handler{
		Kind: h.agent, Repo: r, Bus: b, Claims: claims, Book: review.NewStore(b), Env: h.Env, Now: h.Now,
		Linger: linger, Input: *input, Files: files, Say: h.say,
	}
	if h.event != agents.Wait {
		handler.Longer, handler.HubWait = h.longer, h.limits.hub
	}
	quietly := h.lookQuiet(ctx, event, handler)
	if err := handler.Run(ctx, event); err != nil {
		return err
	}
	h.leaveQuiet(ctx, quietly, event, handler)
	switch {
	case h.agent == "gemini" && event == agents.SessionStart:
		return r.NoteIdentity(ctx) // its shell hides the user's configuration
	case h.agent == "codex" && event == agents.Stop && input.Subagent == "" && !h.answered.Load():
		return h.startWaiter(input)
	}
	return nil
}
