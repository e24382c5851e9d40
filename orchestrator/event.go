package orchestrator

// The events of an agent, as "git swarm hook" takes them.
const (
	EventSessionStart = "session-start"
	EventPrompt       = "prompt"
	EventPreEdit      = "pre-edit"
	EventPrePush      = "pre-push"
	EventBatch        = "batch"
	EventSubagent     = "subagent"
	EventStop         = "stop"
	EventWait         = "wait"
	EventSessionEnd   = "session-end"
)

// Events are all of them.
var Events = []string{EventSessionStart, EventPrompt, EventPreEdit, EventPrePush, EventBatch, EventSubagent, EventStop, EventWait, EventSessionEnd}
