// Package app is the git swarm command line: the table of its verbs (verbs.go), one
// file for each, and the wording of every error (wording.go, wordinglanding.go,
// refusal.go). Text, the screen, the agents' hooks, the settings and the demonstration
// have packages of their own beside it. Only they and this package print, and only this one decides exit codes.
//
// To add a verb, write a function that returns a *verb in a file of its own, list it in
// verbs.go, and tell its story in cmd/git-swarm/testdata/script/VERB_SITUATION.txt.
// Its run function gets a *call: what was typed, and the swarm of the repository,
// opened when it is first asked for. It returns errors as they are.
//
// The rules of the interface, stated once:
//
//   - Data goes to stdout, everything else to stderr.
//   - Exit codes: 0 done, yes; 1 a plain no (held, blocked, unknown, nothing such);
//     75 try again (a wait ran out, the repository is busy); 128 not a repository,
//     or state damaged; 129 wrong usage.
//   - A refusal is one line, and where there is a next step, a second line
//     "hint: …" with one plain command.
//   - What another session wrote is printed inert: on one line, quoted, control
//     characters escaped. With --json it is given as it was stored.
//   - --json prints one object a line on stdout, each with a "kind", keys in lower
//     case, times in RFC 3339. A refusal is one object too, of kind "error", with
//     "error", "hint" and "code", and "passed_over" where tasks were; its lines on
//     stderr stay.
//   - Options may stand before or after arguments; "--" ends them. An argument that
//     begins with "-" and contains a space is text, not an option.
//   - A body given as "-" is read from standard input, to the byte.
//   - On a terminal, a command that waits says for whom and how long.
package app
