package app

import (
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/hook"
)

// dialect is how an agent wants to be answered: with one object on standard
// output, in exit code 0.
type dialect struct {
	context func(event, session, text string) any // what the model is to know
	deny    func(event, reason string) any        // the tool is not used
	keep    func(reason string) any               // the model goes on
	silence any                                   // nothing to say; nil is said by saying nothing
}

type fields = map[string]any

// specific is how Claude Code, Codex and Gemini CLI have what belongs to one event.
func specific(event string, f fields) any {
	f["hookEventName"] = event
	return fields{"hookSpecificOutput": f}
}

func wordContext(event, _, text string) any {
	return specific(event, fields{"additionalContext": text})
}

func keepWorking(reason string) any { return fields{"decision": "block", "reason": reason} }

// dialects by the name in "hook --agent NAME". For sources see orchestrator's
// tables of hooks.
func dialects(name string) (dialect, bool) {
	switch name {
	case "claude", "codex":
		return dialect{
			context: wordContext,
			deny: func(event, reason string) any {
				return specific(event, fields{"permissionDecision": "deny", "permissionDecisionReason": reason})
			},
			keep: keepWorking,
		}, true
	case "gemini":
		return dialect{
			context: wordContext,
			deny:    func(_, reason string) any { return fields{"decision": "deny", "reason": reason} },
			keep:    keepWorking,
		}, true
	case "cursor": // the model was seen to get one message or the other: both say the same
		return dialect{
			context: func(event, session, text string) any {
				if event == "sessionStart" {
					return fields{"additional_context": text, "env": fields{"GIT_SWARM_SESSION": session}}
				}
				return fields{"additional_context": text}
			},
			deny: func(_, reason string) any {
				return fields{"permission": "deny", "user_message": reason, "agent_message": reason}
			},
			keep:    func(reason string) any { return fields{"followup_message": reason} },
			silence: fields{},
		}, true
	}
	return dialect{}, false
}

// ended reports whether the agent's turn was ended by its user, or by a failure:
// there is nobody to remind.
func (in *hookInput) ended() bool { return in.Status == "aborted" || in.Status == "error" }

// from makes of an agent's input what all have in common.
func (in *hookInput) from(event string) hook.Input {
	input := hook.Input{
		Name: in.Event, Session: in.SessionID, Subagent: in.AgentID, Dir: in.Dir, Reason: in.Reason,
		StopActive: in.StopHookActive || in.LoopCount > 0,
	}
	if input.Session == "" {
		input.Session = in.ConversationID
	}
	if input.Dir == "" && len(in.WorkspaceRoots) > 0 {
		input.Dir = in.WorkspaceRoots[0]
	}
	if event == agents.Stop && in.ended() {
		input.StopActive = true
	}
	return input
}
