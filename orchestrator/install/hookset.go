package install

import (
	"path/filepath"

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

// handler is one command. With args it is run as it is, without them by a shell.
type handler struct {
	Type        string   `json:"type"`
	Command     string   `json:"command"`
	Args        []string `json:"args,omitempty"`
	If          string   `json:"if,omitempty"`
	AsyncRewake bool     `json:"asyncRewake,omitempty"`
	Timeout     int      `json:"timeout"`
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

// claudeHooks are the hooks in Claude Code's settings, in the order in which they
// are written. "if" is a pattern for the command. Timeouts are in seconds.
func claudeHooks(c Claude) []hookGroup {
	run := func(event string, timeout int) handler {
		if c.Shared {
			return handler{Type: "command", Command: portable(event), Timeout: timeout}
		}
		return handler{Type: "command", Command: filepath.ToSlash(c.Command), Args: []string{"hook", event}, Timeout: timeout}
	}
	push := run(agents.PrePush, 5)
	push.If = "Bash(git push *)"
	wait := run(agents.Wait, 86400)
	wait.AsyncRewake = true
	return []hookGroup{
		{"SessionStart", matched{"", []handler{run(agents.SessionStart, 10)}}},
		{"UserPromptSubmit", matched{"", []handler{run(agents.Prompt, 5)}}},
		{"PreToolUse", matched{"Edit|Write|MultiEdit|NotebookEdit", []handler{run(agents.PreEdit, 5)}}},
		{"PreToolUse", matched{"Bash", []handler{push}}},
		{"PostToolBatch", matched{"", []handler{run(agents.Batch, 5)}}},
		{"PermissionRequest", matched{"", []handler{run(agents.Asks, 5)}}},
		{"Notification", matched{"permission_prompt|elicitation_dialog", []handler{run(agents.Asks, 5)}}},
		{"SubagentStart", matched{"", []handler{run(agents.Subagent, 5)}}},
		{"Stop", matched{"", []handler{run(agents.Stop, 10), wait}}},
		{"SessionEnd", matched{"", []handler{run(agents.SessionEnd, 5)}}},
	}
}

// geminiHooks are Gemini CLI's, as its docs/hooks/reference.md has them; timeouts
// are in milliseconds.
func geminiHooks() []hookGroup {
	run := func(event string) []handler {
		return []handler{{Type: "command", Command: portable("--agent gemini " + event), Timeout: 5000}}
	}
	return []hookGroup{
		{"SessionStart", matched{"", run(agents.SessionStart)}},
		{"BeforeAgent", matched{"", run(agents.Prompt)}},
		{"BeforeTool", matched{"^(write_file|replace)$", run(agents.PreEdit)}},
		{"BeforeTool", matched{"^run_shell_command$", run(agents.PrePush)}},
		{"AfterTool", matched{"", run(agents.Batch)}},
		{"AfterAgent", matched{"", run(agents.Stop)}},
		{"SessionEnd", matched{"", run(agents.SessionEnd)}},
	}
}

// codexHooks are Codex's, as its page on hooks has them; timeouts are in seconds.
// Codex asks its user to trust each command as it is written, so they stay as
// they are. Its event for the end of a session is too new to be relied on: an
// ended session's claims are taken over once it has been silent for long enough.
func codexHooks() []hookGroup {
	run := func(event string) []handler {
		return []handler{{Type: "command", Command: portable("--agent codex " + event), Timeout: 5}}
	}
	return []hookGroup{
		{"SessionStart", matched{"", run(agents.SessionStart)}},
		{"UserPromptSubmit", matched{"", run(agents.Prompt)}},
		{"PreToolUse", matched{"apply_patch", run(agents.PreEdit)}},
		{"PreToolUse", matched{"Bash", run(agents.PrePush)}},
		{"PostToolUse", matched{"", run(agents.Batch)}},
		{"Stop", matched{"", run(agents.Stop)}},
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
