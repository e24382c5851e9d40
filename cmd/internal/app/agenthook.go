package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/git-swarm/git-swarm/orchestrator"
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
	if len(args) > 0 {
		h.event = args[0]
	}
	if h.event == orchestrator.EventWait {
		return h.answer(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, hookTime-hookMargin)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- h.answer(ctx) }()
	select {
	case err := <-done:
		return err
	case <-time.After(hookTime):
		return nil
	}
}

// agentHook is one run of an agent's hook.
type agentHook struct {
	*call
	agent string // whose JSON it speaks: claude, codex or gemini
	event string
	name  string // the event's name as the agent has it
	woken bool
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
	line, _, _ := h.word(err)
	_ = orchestrator.NoteProblem(r.CommonDir, h.Now(), h.event, inert(line))
}

func (h *agentHook) run(ctx context.Context) error {
	if file := h.Env.Get(orchestrator.ProbeEnv); file != "" {
		return orchestrator.AnswerProbe(file, h.event)
	}
	h.open.patience = hookPatience
	input, err := h.input()
	if err != nil {
		return err
	}
	h.name = input.Name
	if filepath.IsAbs(input.Dir) {
		h.Dir = input.Dir
	} else {
		h.Dir = filepath.Join(h.Dir, input.Dir)
	}
	input.Dir = h.Dir
	r, err := h.Repo()
	if errors.Is(err, repo.ErrNotRepository) {
		return nil
	}
	if err != nil {
		return err
	}
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
	hook := &orchestrator.Hook{
		Repo: r, Bus: b, Claims: claims, Book: review.NewBook(b), Env: h.Env, Now: h.Now,
		Target: settings.Target, Remote: settings.Remote, Linger: linger, Input: *input, Say: h.say,
	}
	return hook.Run(ctx, h.event)
}

// hookInput is what Claude Code, Codex and Gemini CLI give a hook, of which all
// three have these names.
type hookInput struct {
	SessionID      string          `json:"session_id"`
	AgentID        string          `json:"agent_id"`
	Dir            string          `json:"cwd"`
	Event          string          `json:"hook_event_name"`
	Tool           json.RawMessage `json:"tool_input"`
	StopHookActive bool            `json:"stop_hook_active"`
	Reason         string          `json:"reason"`
}

// toolInput is what is known of the tool that is about to be used.
type toolInput struct {
	FilePath     string `json:"file_path"`
	NotebookPath string `json:"notebook_path"`
	Command      string `json:"command"`
}

func (h *agentHook) input() (*orchestrator.Input, error) {
	text, err := io.ReadAll(io.LimitReader(h.Stdin, maxInput+1))
	if err != nil {
		return nil, fmt.Errorf("read the hook's input: %w", err)
	}
	if len(text) > maxInput {
		return nil, fmt.Errorf("the hook's input has more than %d bytes", maxInput)
	}
	var in hookInput
	if err := json.Unmarshal(text, &in); err != nil {
		return nil, fmt.Errorf("the hook's input is malformed: %w", err)
	}
	input := &orchestrator.Input{
		Name: in.Event, Session: in.SessionID, Subagent: in.AgentID, Dir: in.Dir, StopActive: in.StopHookActive, Reason: in.Reason,
	}
	if input.Session == "" && h.agent == "claude" {
		input.Session = h.Env.Get("CLAUDE_CODE_SESSION_ID")
	}
	input.PID, _ = strconv.Atoi(h.Env.Get("CLAUDE_PID"))
	if h.event != orchestrator.EventPreEdit && h.event != orchestrator.EventPrePush {
		return input, nil
	}
	var tool toolInput
	if err := json.Unmarshal(in.Tool, &tool); err != nil {
		return nil, fmt.Errorf("the hook's tool_input is malformed: %w", err)
	}
	input.Command = tool.Command
	for _, path := range []string{tool.FilePath, tool.NotebookPath} {
		if path != "" {
			input.Paths = append(input.Paths, path)
		}
	}
	if h.agent == "codex" {
		input.Paths = append(input.Paths, patchedPaths(tool.Command)...)
	}
	return input, nil
}

var patchLine = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?m)^\*\*\* (?:Add File|Update File|Delete File|Move to): (.+?)\r?$`)
})

// patchedPaths are the files that Codex's apply_patch is about to change.
func patchedPaths(patch string) (paths []string) {
	for _, m := range patchLine().FindAllStringSubmatch(patch, -1) {
		paths = append(paths, m[1])
	}
	return paths
}
