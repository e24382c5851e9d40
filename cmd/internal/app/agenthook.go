package app

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/hook"
	"github.com/git-swarm/git-swarm/orchestrator/launch"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/review"
)

// The rules of an agent's hook: JSON in, JSON or nothing out, exit 0 whatever
// happens, within hookTime. What goes wrong is kept for doctor, and never stands
// in the agent's way. Only wait lasts, and ends with exitWake to wake its agent.
const (
	hookTime     = time.Second
	hookPatience = 500 * time.Millisecond // how long a change waits for others
	hookMargin   = 100 * time.Millisecond // for writing down that the time was up
	exitWake     = 2
	maxInput     = 64 << 20
)

// agentHook runs "hook [--agent NAME] EVENT".
func (c *call) agentHook(ctx context.Context) error {
	agent, args := "claude", c.args
	if len(args) >= 2 && args[0] == "--agent" {
		agent, args = args[1], args[2:]
	}
	app := *c.App // what runs out of time goes on with these, unseen, to the end of the process
	h := &agentHook{call: &call{App: &app, verb: c.verb, cmd: c.cmd, args: c.args}, agent: agent}
	h.dialect, _ = dialects(agent)
	if len(args) > 0 {
		h.event = args[0]
	}
	signal.Ignore(syscall.SIGPIPE) // who does not read the answer is not killed for it
	if h.event == agents.Wait {
		return h.answer(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, hookTime-hookMargin)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- h.answer(ctx) }()
	var err error
	select {
	case err = <-done:
	case <-time.After(hookTime): // it reads, or waits for a disk
		late := &agentHook{call: &call{App: c.App, verb: c.verb, cmd: c.cmd}, event: h.event}
		late.problem(fmt.Errorf("no answer within %s", hookTime))
	}
	if h.dialect.silence != nil {
		_ = h.object(h.dialect.silence)
	}
	h.said.Store(true)
	return err
}

// agentHook is one run of an agent's hook.
type agentHook struct {
	*call
	agent   string // whose JSON it speaks
	dialect dialect
	event   string
	name    string // the event's name as the agent has it
	works   string // the folder that the agent works in
	places  *hook.Places
	session string // whom the agent works as, once that is known
	said    atomic.Bool
	woken   bool
}

// answer does it. The error is nil but for the exit code of wait.
func (h *agentHook) answer(ctx context.Context) (err error) {
	defer h.open.close()
	defer func() {
		if p := recover(); p != nil {
			h.problem(fmt.Errorf("panic: %v", p))
			err = nil
		}
	}()
	if err := h.run(ctx); err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("ran out of time: %w", err)
		}
		h.problem(err)
	}
	if h.woken {
		return &statusError{exitWake}
	}
	return nil
}

// problem keeps what went wrong for doctor, if there is a repository to keep it in.
func (h *agentHook) problem(err error) {
	r, found := h.Repo()
	if found != nil {
		return
	}
	line, hint, _ := h.word(err)
	if hint != "" {
		line += " (" + hint + ")"
	}
	_ = agents.In(r).NoteProblem(h.Now(), h.event, text.Inert(line))
}

func (h *agentHook) run(ctx context.Context) error {
	if file := h.Env.Get(launch.ProbeEnv); file != "" {
		return launch.AnswerProbe(file, h.event)
	}
	if h.dialect.context == nil {
		return fmt.Errorf("unknown agent '%s'", text.Inert(h.agent))
	}
	h.open.patience = hookPatience
	input, err := h.input()
	if err != nil {
		return err
	}
	h.name = input.Name
	if !filepath.IsAbs(input.Dir) {
		input.Dir = filepath.Join(h.Dir, input.Dir)
	}
	h.works = input.Dir
	h.places = hook.NewPlaces(h.Env)
	if h.event == agents.PreEdit {
		return h.preEdit(ctx, input)
	}
	for _, dir := range append([]string{input.Dir}, projectDirs(h.Env)...) {
		r, err := h.places.Repo(dir)
		if err == nil {
			err = h.handle(ctx, r, input, nil)
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
	for _, name := range []string{"CLAUDE_PROJECT_DIR", "CURSOR_PROJECT_DIR", "GEMINI_PROJECT_DIR"} {
		if dir := env.Get(name); filepath.IsAbs(dir) {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// preEdit asks in the repository of each file, which may be another than the one
// that the agent works in.
func (h *agentHook) preEdit(ctx context.Context, input *hook.Input) error {
	edits, unread := h.places.Edits(input.Dir, input.Paths)
	for _, e := range edits {
		if h.said.Load() {
			return nil
		}
		if err := h.handle(ctx, e.Repo, input, e.Files); err != nil && !noSwarm(err) {
			return err
		}
	}
	return unread
}

// handle runs the hook in the repository.
func (h *agentHook) handle(ctx context.Context, r *repo.Repo, input *hook.Input, files []string) error {
	h.open.close()
	h.open = opened{patience: h.open.patience, repo: r}
	settings, err := h.Settings()
	if err != nil {
		return err
	}
	claims, err := h.Claims()
	if err != nil {
		return err
	}
	b, err := h.Bus()
	if err != nil {
		return err
	}
	config, err := r.Config()
	if err != nil {
		return err
	}
	linger, _ := config.Bool("swarm.linger", false)
	handler := &hook.Handler{
		Kind: h.agent, Repo: r, Bus: b, Claims: claims, Book: review.NewStore(b), Env: h.Env, Now: h.Now,
		Target: settings.Target, Remote: settings.Remote, Linger: linger, Input: *input, Files: files, Say: h.say,
	}
	return handler.Run(ctx, h.event)
}

// hookInput is what the agents give a hook. Most names they have in common; those
// of the second half are Cursor's.
type hookInput struct {
	SessionID      string          `json:"session_id"`
	AgentID        string          `json:"agent_id"`
	Dir            string          `json:"cwd"`
	Event          string          `json:"hook_event_name"`
	Tool           json.RawMessage `json:"tool_input"`
	StopHookActive bool            `json:"stop_hook_active"`
	Reason         string          `json:"reason"`

	ConversationID string   `json:"conversation_id"`
	WorkspaceRoots []string `json:"workspace_roots"`
	Command        string   `json:"command"`
	Status         string   `json:"status"`
	LoopCount      int      `json:"loop_count"`
}

// toolInput is what is known of the tool that is about to be used.
type toolInput struct {
	FilePath     string `json:"file_path"`
	NotebookPath string `json:"notebook_path"`
	Path         string `json:"path"`
	Command      string `json:"command"`
	Patch        string `json:"patch"`
}

func (h *agentHook) input() (*hook.Input, error) {
	text, err := io.ReadAll(io.LimitReader(h.Stdin, maxInput+1))
	if err != nil {
		return nil, fmt.Errorf("read the hook's input: %w", err)
	}
	if len(text) > maxInput {
		return nil, fmt.Errorf("the hook's input has more than %d bytes", maxInput)
	}
	var in hookInput
	if err := json.Unmarshal(bytes.TrimPrefix(text, []byte("\ufeff")), &in); err != nil {
		var kind *json.UnmarshalTypeError
		if errors.As(err, &kind) {
			err = fmt.Errorf("%s is of kind %s", cmp.Or(kind.Field, "it"), kind.Value)
		}
		return nil, fmt.Errorf("the hook's input is malformed: %w", err)
	}
	input := new(hook.Input)
	*input = in.from(h.event)
	if input.Session == "" && h.agent == "claude" {
		input.Session = h.Env.Get("CLAUDE_CODE_SESSION_ID")
	}
	input.PID, _ = strconv.Atoi(h.Env.Get("CLAUDE_PID"))
	if h.event != agents.PreEdit && h.event != agents.PrePush {
		return input, nil
	}
	var tool toolInput
	if in.Command != "" { // a shell's command, of no tool
		input.Command = in.Command
		return input, nil
	}
	if err := json.Unmarshal(in.Tool, &tool); err != nil {
		return nil, fmt.Errorf("the hook's tool_input is malformed: %w", err)
	}
	input.Command = tool.Command
	for _, path := range []string{tool.FilePath, tool.NotebookPath, tool.Path} {
		if path != "" {
			input.Paths = append(input.Paths, path)
		}
	}
	switch h.agent {
	case "codex":
		input.Paths = append(input.Paths, patchedPaths(tool.Command)...)
	case "cursor":
		input.Paths = append(input.Paths, patchedPaths(tool.Patch)...)
	}
	return input, nil
}

var patchLine = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?m)^\*\*\* (?:Add File|Update File|Delete File|Move to): (.+?)\r?$`)
})

// patchedPaths are the files that a patch of apply_patch's form is about to change.
func patchedPaths(patch string) (paths []string) {
	for _, m := range patchLine().FindAllStringSubmatch(patch, -1) {
		paths = append(paths, m[1])
	}
	return paths
}
