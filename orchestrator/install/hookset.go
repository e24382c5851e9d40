package install

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/orchestrator/agents"
)

// hookGroup is one entry under an event in an agent's settings.
type hookGroup struct {
	event string // as the agent calls it
	entry any    // as its settings have it
}

// matched is an entry of Claude Code's, Codex's and Gemini CLI's: a matcher, a
// pattern for the tool's name alone, and handlers.
type matched struct {
	Matcher string    `json:"matcher,omitempty"`
	Hooks   []handler `json:"hooks"`
}

// handler is one command, run by a shell.
type handler struct {
	Type        string `json:"type"`
	Command     string `json:"command"`
	If          string `json:"if,omitempty"`
	AsyncRewake bool   `json:"asyncRewake,omitempty"`
	Timeout     int    `json:"timeout"`
}

// flat is an entry of Cursor's: a handler with its matcher.
type flat struct {
	Command string `json:"command"`
	Matcher string `json:"matcher,omitempty"`
	Timeout int    `json:"timeout"`
}

// portableBegin is how a command begins that runs git-swarm where it is installed,
// in every clone.
const portableBegin = "command -v git-swarm >/dev/null || "

func portable(args string) string {
	return portableBegin + "exit 0; exec git-swarm hook " + args
}

// portableFrom is portable where it is to be known which hooks these are, see Outranked.
func portableFrom(hooks, event string) string {
	return portableBegin + "exit 0; " + claudeCall(HooksEnv+"="+hooks+" ", "git-swarm", event)
}

// claudeCall runs the program for an event of Claude Code's in place of the shell. Before a
// tool the shell stays, and succeeds even where the program crashes: Copilot CLI, which
// runs these hooks as well, would refuse the tool, and Claude Code would not.
func claudeCall(env, program, event string) string {
	call := program + " hook " + event
	if slices.Contains([]string{agents.PreEdit, agents.PrePush, agents.PreSync}, event) {
		return env + call + succeeds
	}
	return env + "exec " + call
}

const succeeds = "; exit 0"

// atPath runs the git-swarm at that path, and does nothing where that is gone: some
// agents that read Claude Code's settings, too, refuse every tool for which a hook
// fails. They ignore "args", so it is one text for a shell.
func atPath(path, event string) string {
	word := shellWord(path)
	return localBegin + word + " || exit 0; " + claudeCall("", word, event)
}

const localBegin = "test -x "

// shellWord quotes a word for the shell where that is needed.
func shellWord(s string) string {
	plain := func(c rune) bool {
		return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || strings.ContainsRune("/._-+", c)
	}
	if s != "" && strings.IndexFunc(s, func(c rune) bool { return !plain(c) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// programOf is the path of the git-swarm that a command of ours runs; "" of the
// portable form.
func programOf(command string) string {
	if strings.HasPrefix(command, portableBegin) {
		return ""
	}
	word, ok := strings.CutPrefix(command, localBegin)
	if !ok {
		return command // of earlier versions, with its arguments apart
	}
	word, _, _ = strings.Cut(word, " || exit 0; ")
	if quoted, ok := strings.CutPrefix(word, "'"); ok {
		word = strings.ReplaceAll(strings.TrimSuffix(quoted, "'"), `'\''`, "'")
	}
	return word
}

// claudeHooks are the hooks in Claude Code's settings, in the order in which they
// are written. "if" is a pattern for the command. Timeouts are in seconds.
func claudeHooks(c Claude) []hookGroup {
	run := func(event string, timeout int) handler {
		if c.Shared {
			return handler{Type: "command", Command: portableFrom(sharedHooks, event), Timeout: timeout}
		}
		return handler{Type: "command", Command: atPath(filepath.ToSlash(c.Command), event), Timeout: timeout}
	}
	push := run(agents.PrePush, 5)
	push.If = "Bash(*git*)"
	sync, inbox := run(agents.PreSync, 5), run(agents.PreSync, 5)
	sync.If, inbox.If = "Bash(*swarm sync*)", "Bash(*swarm inbox*)"
	wait := run(agents.Wait, 86400)
	wait.AsyncRewake = true
	all := []hookGroup{
		{"SessionStart", matched{"", []handler{run(agents.SessionStart, 10)}}},
		{"UserPromptSubmit", matched{"", []handler{run(agents.Prompt, 5)}}},
		{"PreToolUse", matched{"Edit|Write|MultiEdit|NotebookEdit", []handler{run(agents.PreEdit, 5)}}},
		{"PreToolUse", matched{"Bash", []handler{push, sync, inbox}}},
		{"PostToolBatch", matched{"", []handler{run(agents.Batch, 5)}}},
		{"PermissionRequest", matched{"", []handler{run(agents.Asks, 5)}}},
		{"Notification", matched{"permission_prompt|elicitation_dialog", []handler{run(agents.Asks, 5)}}},
		{"SubagentStart", matched{"", []handler{run(agents.Subagent, 5)}}},
		{"SubagentStop", matched{"", []handler{run(agents.SubagentStop, 5)}}},
		{"Stop", matched{"", []handler{run(agents.Stop, 10), wait}}},
		{"StopFailure", matched{"rate_limit|billing_error", []handler{run(agents.StopFailure, 5)}}},
		{"SessionEnd", matched{"", []handler{run(agents.SessionEnd, 5)}}},
	}
	if c.worktrees {
		all = append(all,
			hookGroup{"WorktreeCreate", matched{"", []handler{run(WorktreeCreate, 600)}}},
			hookGroup{"WorktreeRemove", matched{"", []handler{run(WorktreeRemove, 60)}}})
	}
	return all
}

// The events by which Claude Code has a worktree made and removed. What the hook of the
// first prints is the path of the worktree; where it fails, there is none.
const (
	WorktreeCreate = "worktree-create"
	WorktreeRemove = "worktree-remove"
)

// geminiHooks are Gemini CLI's; timeouts are in milliseconds.
func geminiHooks() []hookGroup {
	run := func(event string) []handler {
		return []handler{{Type: "command", Command: portable("--agent gemini " + event), Timeout: 5000}}
	}
	return []hookGroup{
		{"SessionStart", matched{"", run(agents.SessionStart)}},
		{"BeforeAgent", matched{"", run(agents.Prompt)}},
		{"BeforeTool", matched{"^(write_file|replace|run_shell_command)$", run(agents.PreTool)}},
		{"AfterTool", matched{"", run(agents.Batch)}},
		{"AfterAgent", matched{"", run(agents.Stop)}},
		{"SessionEnd", matched{"", run(agents.SessionEnd)}},
	}
}

// codexHooks are Codex's; timeouts are in seconds, that of SessionEnd at most 3.
// Codex asks its user to trust each command as it is written and where it stands, so
// they stay as they are. A patch in a shell's command comes as Bash.
func codexHooks() []hookGroup {
	run := func(event string, timeout int) []handler {
		return []handler{{Type: "command", Command: portable("--agent codex " + event), Timeout: timeout}}
	}
	return []hookGroup{
		{"SessionStart", matched{"", run(agents.SessionStart, 5)}},
		{"UserPromptSubmit", matched{"", run(agents.Prompt, 5)}},
		{"PreToolUse", matched{"apply_patch|Bash", run(agents.PreTool, 5)}},
		{"PostToolUse", matched{"", run(agents.Batch, 5)}},
		{"SubagentStart", matched{"", run(agents.Subagent, 5)}},
		{"Stop", matched{"", run(agents.Stop, 5)}},
		{"SessionEnd", matched{"", run(agents.SessionEnd, 3)}},
	}
}

// copilotHooks are Copilot CLI's, by the names that it has in common with Claude
// Code; timeouts are in seconds. A hook that fails refuses the tool, and so these
// succeed even where git-swarm crashes.
func copilotHooks() []hookGroup {
	run := func(event string) []handler {
		command := portableBegin + "exit 0; git-swarm hook --agent copilot " + event + succeeds
		return []handler{{Type: "command", Command: command, Timeout: 5}}
	}
	return []hookGroup{
		{"SessionStart", matched{"", run(agents.SessionStart)}},
		{"UserPromptSubmit", matched{"", run(agents.Prompt)}},
		{"PreToolUse", matched{"Edit|Write|apply_patch|Bash", run(agents.PreTool)}},
		{"PostToolUse", matched{"", run(agents.Batch)}},
		{"Stop", matched{"", run(agents.Stop)}},
		{"SessionEnd", matched{"", run(agents.SessionEnd)}},
	}
}

// cursorHooks are Cursor's, as its page on hooks has them; timeouts are in
// seconds. One event that it does not know would void the file, so there are
// only those that it had from the first. An answer without an opinion is {}.
func cursorHooks() []hookGroup {
	run := func(event, matcher string) flat {
		return flat{portableBegin + "{ echo '{}'; exit 0; }; exec git-swarm hook --agent cursor " + event, matcher, 5}
	}
	return []hookGroup{
		{"sessionStart", run(agents.SessionStart, "")},
		{"preToolUse", run(agents.PreEdit, "Write|StrReplace|MultiEdit|ApplyPatch|EditNotebook|Delete")},
		{"beforeShellExecution", run(agents.PrePush, "git.*push")},
		{"postToolUse", run(agents.Batch, "")},
		{"stop", run(agents.Stop, "")},
		{"sessionEnd", run(agents.SessionEnd, "")},
	}
}
