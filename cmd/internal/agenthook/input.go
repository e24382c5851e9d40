package agenthook

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/quiet"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/hook"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// hookInput is what the agents give a hook. Most names they have in common; those
// of the second part are Cursor's, that of the third our plugin's and waiter's.
type hookInput struct {
	SessionID      string          `json:"session_id"`
	AgentID        string          `json:"agent_id"`
	Dir            string          `json:"cwd"`
	Event          string          `json:"hook_event_name"`
	ToolName       string          `json:"tool_name"`
	Tool           json.RawMessage `json:"tool_input"`
	Message        string          `json:"message"`
	Notification   string          `json:"notification_type"`
	StopHookActive bool            `json:"stop_hook_active"`
	Reason         string          `json:"reason"`
	Title          json.RawMessage `json:"session_title"`
	Error          json.RawMessage `json:"error"` // text of some clients, an object of others
	ErrorDetails   json.RawMessage `json:"error_details"`
	LastMessage    json.RawMessage `json:"last_assistant_message"`
	ToolCalls      []struct {
		ToolName string `json:"tool_name"`
	} `json:"tool_calls"` // of a batch

	ConversationID string   `json:"conversation_id"`
	WorkspaceRoots []string `json:"workspace_roots"`
	Command        string   `json:"command"`
	Status         string   `json:"status"`
	LoopCount      int      `json:"loop_count"`

	ClientPID int `json:"client_pid"`
}

// toolInput is what is known of the tool that is about to be used. The model wrote it,
// so a key counts only as the client spells it: encoding/json would let "FILE_PATH"
// take the place of "file_path".
type toolInput map[string]json.RawMessage

// texts are the values of these keys, without those that are not there or empty.
func (t toolInput) texts(keys ...string) ([]string, error) {
	var texts []string
	for _, key := range keys {
		var s string
		if value := t[key]; value == nil {
			continue
		} else if err := json.Unmarshal(value, &s); err != nil {
			var kind *json.UnmarshalTypeError
			if errors.As(err, &kind) {
				kind.Field = key
			}
			return nil, err
		}
		if s != "" {
			texts = append(texts, s)
		}
	}
	return texts, nil
}

func (h *invocation) input() (*hook.Input, error) {
	text, err := io.ReadAll(io.LimitReader(h.Stdin, maxInput+1))
	if err != nil {
		return nil, fmt.Errorf("read the hook's input: %w", err)
	}
	if len(text) > maxInput {
		return nil, fmt.Errorf("the hook's input has more than %d bytes", maxInput)
	}
	h.text = text
	var in hookInput
	if err := json.Unmarshal(bytes.TrimPrefix(text, []byte("\ufeff")), &in); err != nil {
		return nil, malformed("input", err)
	}
	input := new(hook.Input)
	*input = in.from(h.event)
	if input.Session == "" && h.agent == "claude" {
		input.Session = h.Env.Get("CLAUDE_CODE_SESSION_ID")
	}
	if h.agent == "claude" {
		input.PID, _ = strconv.Atoi(h.Env.Get("CLAUDE_PID"))
		input.Job = jobOf(h.Env, input.Session)
	}
	switch h.event {
	case agents.PreEdit, agents.PrePush, agents.PreSync, agents.PreTool, agents.Asks:
		if in.Tool == nil && h.event == agents.Asks { // it tells its user something
			return input, nil
		}
		if err := in.tool(input); err != nil {
			return nil, malformed("tool_input", err)
		}
	}
	return input, nil
}

// jobOf is the background session of Claude Code's that runs this hook: its id begins
// the conversation's. A client that a command of it started has the variable, too.
func jobOf(env repo.Env, conversation string) string {
	job := filepath.Base(env.Get("CLAUDE_JOB_DIR"))
	if strings.HasPrefix(conversation, job) && len(job) >= 8 {
		return job
	}
	return ""
}

// tool adds what the agent is about to do: the shell's command, and the files that it
// is about to change, by themselves or in a patch. A patch is a patch in whatever
// member it comes, or as all of the tool's input; a shell carries one out as well.
func (in *hookInput) tool(input *hook.Input) error {
	if in.Command != "" { // a shell's command, of no tool
		input.Command = in.Command
		input.Paths = shellPatch(in.Command)
		return nil
	}
	var patch string
	if json.Unmarshal(in.Tool, &patch) == nil {
		input.Paths = patchedPaths(patch)
		return nil
	}
	var tool toolInput
	if err := json.Unmarshal(in.Tool, &tool); err != nil {
		return err
	}
	command, err := tool.texts("command")
	if err != nil {
		return err
	}
	input.Command = strings.Join(command, "")
	if input.Paths, err = tool.texts("file_path", "notebook_path", "path"); err != nil {
		return err
	}
	patches, err := tool.texts("patch")
	if err != nil {
		return err
	}
	for _, patch := range patches {
		input.Paths = append(input.Paths, patchedPaths(patch)...)
	}
	input.Paths = append(input.Paths, shellPatch(input.Command)...)
	return nil
}

// shellPatch are the files that a patch in a shell's command changes, as seen from
// where the command begins, or those of a command that is a patch.
func shellPatch(command string) []string {
	text := strings.TrimSpace(command)
	if strings.HasPrefix(text, "*** ") {
		return patchedPaths(text)
	}
	if !strings.Contains(text, "apply_patch") && !strings.Contains(text, "applypatch") {
		return nil
	}
	paths := patchedPaths(text)
	rest, ok := strings.CutPrefix(text, "cd ")
	folder, _, and := strings.Cut(rest, "&&")
	if folder = strings.Trim(strings.TrimSpace(folder), `'"`); !ok || !and || strings.ContainsAny(folder, ";|\n") {
		return paths
	}
	for i, path := range paths {
		if !filepath.IsAbs(path) {
			paths[i] = filepath.Join(folder, path)
		}
	}
	return paths
}

// malformed says what is wrong with the JSON that a client gave.
func malformed(what string, err error) error {
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		err = fmt.Errorf("%s is of kind %s", cmp.Or(kind.Field, "it"), kind.Value)
	}
	return fmt.Errorf("the hook's %s is malformed: %w", what, err)
}

// patchMarkers begin the lines of a patch that name a file.
var patchMarkers = [...]string{"*** Add File: ", "*** Update File: ", "*** Delete File: ", "*** Move to: "}

// patchedPaths are the files that a patch of apply_patch's form in the text is about
// to change. Like Codex, it takes blanks around a line for nothing.
func patchedPaths(patch string) (paths []string) {
	for line := range strings.Lines(patch) {
		line = strings.TrimSpace(line)
		for _, marker := range patchMarkers {
			if path, ok := strings.CutPrefix(line, marker); ok {
				paths = append(paths, path)
			}
		}
	}
	return paths
}

// ended reports whether the agent's turn was ended by its user, or by a failure:
// there is nobody to remind.
func (in *hookInput) ended() bool { return in.Status == "aborted" || in.Status == "error" }

// waits reports whether an agent that notifies its user so waits for an answer.
func waits(notification string) bool {
	return notification == "permission_prompt" || notification == "elicitation_dialog"
}

// textOf is the value, if it is a text.
func textOf(value json.RawMessage) (text string) {
	_ = json.Unmarshal(value, &text)
	return text
}

// from makes of an agent's input what all have in common.
func (in *hookInput) from(event string) hook.Input {
	input := hook.Input{
		Name: in.Event, Session: in.SessionID, Subagent: in.AgentID, Dir: in.Dir, Reason: in.Reason,
		Tool: in.ToolName, Message: in.Message, Waits: waits(in.Notification),
		StopActive: in.StopHookActive || in.LoopCount > 0, Client: max(in.ClientPID, 0),
	}
	input.Shell = quiet.IsShell(in.ToolName)
	for _, call := range in.ToolCalls {
		input.Shell = input.Shell || quiet.IsShell(call.ToolName)
	}
	if input.Session == "" {
		input.Session = in.ConversationID
	}
	if input.Dir == "" && len(in.WorkspaceRoots) > 0 {
		input.Dir = in.WorkspaceRoots[0]
	}
	if event == agents.SessionStart {
		input.Title = textOf(in.Title)
	}
	if event == agents.StopFailure {
		input.Reason, input.Message = textOf(in.Error), textOf(in.LastMessage)+"\n"+textOf(in.ErrorDetails)
	}
	if event == agents.Stop && in.ended() {
		input.StopActive = true
	}
	return input
}
