// Package pool works through the backlog: it keeps sessions at work on tasks, one
// after the other, until nothing is left that could be begun.
//
// # How
//
// A supervisor ([Pool.Run]) takes a task for a session that is made for it, and starts a
// worker: a process of its own ([Worker.Run]) that makes the worktree, runs one client in it,
// and records how that ended. The supervisor then looks at what has become of the task:
// it has landed, the client has asked something, or it is tried again.
//
// Each session has a folder in [agents.PoolDir]:
//
//	record.json  what the session is for, and how far that is
//	owner        locked by the supervisor that looks after it
//	worker       locked as long as the worker is there
//	pid, client  the worker's process, and the client's
//	prompt.md    what the client was told
//	exit.json    how the client ended
//	waits        there while the session waits for an answer, without a client
//
// What the clients of task 12 say is in 12.log beside these folders, and stays.
//
// # Guarantees
//
// A supervisor may be killed at any moment: its workers go on, and the next supervisor,
// or one beside it, looks after them from where they are. No task that was taken is
// without a folder. Each session has at most one supervisor and one client. A worker that
// was killed leaves no client behind once a supervisor has looked.
//
// A worktree is removed when its task has landed and nothing in it is nowhere else. It is
// kept where the task failed or waits.
//
// # Not guaranteed
//
// That a client does what it was told. What one has used is what it reports.
package pool
