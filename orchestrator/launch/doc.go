// Package launch starts sessions: their worktrees, their prompts, and the Claude
// Code client in them, on a terminal, in tmux or without either.
//
// # Guarantees
//
// A worktree is made once for each session, and found again where git has moved it;
// one that was never whole is made anew, and one without an identity gets it. Nothing
// else that stands in the place of a worktree is overwritten (see refstore/worktree). A client is a session of
// its own: it gets no variables that another client or git sets for its children.
// The text of a task reaches the client to the byte.
//
// # What it does not guarantee
//
// That a client does what its prompt says. A worktree whose folder was deleted by
// hand is not made again: it may have been moved, see GoneError.
package launch
