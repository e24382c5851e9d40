package agents

// The events that the hooks of a coding agent report, as "git swarm hook" takes
// them.
const (
	SessionStart = "session-start"
	Prompt       = "prompt"
	PreEdit      = "pre-edit"
	PrePush      = "pre-push"
	PreSync      = "pre-sync"
	PreTool      = "pre-tool" // PreEdit, PrePush or both, as the tool's input says
	Batch        = "batch"
	Asks         = "asks"
	Subagent     = "subagent"
	SubagentStop = "subagent-stop"
	Stop         = "stop"
	StopFailure  = "stop-failure" // the turn ended by an error of the client's
	Wait         = "wait"
	SessionEnd   = "session-end"
)

// HookEvents are all of them.
var HookEvents = []string{SessionStart, Prompt, PreEdit, PrePush, PreSync, PreTool, Batch, Asks, Subagent, SubagentStop, Stop, StopFailure, Wait, SessionEnd}
