package agenthook

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

func additionalContext(event, _, text string) any {
	return specific(event, fields{"additionalContext": text})
}

func keepWorking(reason string) any { return fields{"decision": "block", "reason": reason} }

// dialectOf finds a dialect by the name in "hook --agent NAME". For sources see orchestrator's
// tables of hooks.
func dialectOf(name string) (dialect, bool) {
	switch name {
	case "claude", "codex", "opencode": // opencode's plugin is ours
		return dialect{
			context: additionalContext,
			deny: func(event, reason string) any {
				return specific(event, fields{"permissionDecision": "deny", "permissionDecisionReason": reason})
			},
			keep: keepWorking,
		}, true
	case "copilot": // context under hookSpecificOutput is dropped
		return dialect{
			context: func(_, _, text string) any { return fields{"additionalContext": text} },
			deny: func(event, reason string) any {
				return specific(event, fields{"permissionDecision": "deny", "permissionDecisionReason": reason})
			},
			keep: keepWorking,
		}, true
	case "gemini":
		return dialect{
			context: additionalContext,
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
