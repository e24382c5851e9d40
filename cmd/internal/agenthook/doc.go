// Package agenthook answers the hooks of coding agents, "git swarm hook EVENT": it
// reads an agent's JSON, has orchestrator/hook handle the event, and words the answer
// in the form that the agent expects.
//
// It promises, but for the event "wait", an exit code of 0 within about a second (four
// for a greeting), whatever happens, and at most one answer. A hook never stands in an agent's way:
// what goes wrong is written down for git swarm doctor, and the agent goes on. Text of
// other sessions is quoted, labelled and bounded, for it stays in the agent's context.
//
// It does not promise that an agent obeys: see the guide "agents".
package agenthook
