// Package hook decides what to answer when the hook of a coding agent reports an
// event: a greeting, news, a refusal, a reminder, or nothing.
//
// A Handler handles one event in one repository. Places finds out which repository
// that is, for each file that is about to be edited. How an agent words its events
// and wants to be answered is the business of the caller.
//
// # Guarantees
//
// A file that is free is claimed before the agent edits it, and an edit of a file
// that another session claims is denied: of any number of agents that ask at once,
// one gets it (package lock decides that). News is passed to Say before the
// session's cursor moves past it: it may be told twice, but never not at all. At
// most one process waits for messages on behalf of an idle agent. In a repository
// where nobody has set up git swarm, nothing is written.
//
// # What it does not guarantee
//
// Hooks bind only tools that run them: a shell command can change any file. If the
// repository is busy for longer than a hook may take, or damaged, the edit goes on
// without a claim, and the error is for doctor. A git push that a shell's text hides
// well is not denied.
package hook
