// Package app is the git swarm command line: its verbs, what they print, how
// errors are worded. It is the only package that prints or decides exit codes.
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
//     "error", "hint" and "code"; its lines on stderr stay.
//   - Options may stand before or after arguments; "--" ends them. An argument that
//     begins with "-" and holds a blank is text, not an option.
//   - A body given as "-" is read from standard input, to the byte.
package app
