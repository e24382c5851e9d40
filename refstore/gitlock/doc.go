// Package gitlock runs the git commands that take git's lock files, so that a kill
// leaves none of these for ever.
//
// # Purpose
//
// git takes a lock by making a file beside the one that it changes (index.lock) and
// removes it when it ends. Killed, it leaves the file, and every later command on
// the same index, ref or configuration is refused.
//
// # Guarantees
//
//   - [Output] runs git in a session of its own: what kills our process group does not
//     reach it, and it ends its work. When its context ends, git and all that it has
//     started get SIGTERM. [Attached] is for commands that may need the terminal.
//   - Before git starts, the locks that it may take are noted in swarm/git, and who
//     started it; its own process as soon as it is known.
//   - What a command that a signal has ended leaves of its locks is cleared at once.
//   - [Clear] removes a lock only if it was noted, the processes of its note are
//     certainly gone, and no git command that works in the repository is as old as the
//     lock. It costs one look at the folder if nothing is noted.
//   - A command that is refused because of a lock is tried again for [Patience].
//
// # What it does not guarantee
//
// Processes on another machine, in another container, or outside of ours are not seen:
// the locks that they note are not cleared, and stand in [List] like any other. Neither
// are they where there is no /proc. What was noted before the machine was started anew,
// or in a container of it that has ended, is cleared from the machine itself.
package gitlock
