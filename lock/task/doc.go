// Package task keeps the backlog: tasks that wait for each other, who has taken
// which, and what became of each.
//
//	refs/swarm/tasks  table  the tasks a hundred to a blob, one a line, and the text of each
//
// git log refs/swarm/tasks reads as the project's diary.
//
// # Guarantees
//
// A task is ready when all that it comes after has landed, and becomes so by the
// transaction in which the last of that lands. No task comes after itself, directly
// or through others.
//
// [Backlog.Take] gives each session that asks at once another task. It never gives one
// whose files overlap with what another session that is still there has claimed or
// taken; where it cannot tell, they overlap. A task that was passed over ten times for
// that reason is waited for: nothing that overlaps with it is given before it. A session
// that is gone, or done, gives its task back with the next Take. Each grant has an epoch, higher
// than that of any grant before it.
//
// A task lands with commits that name it in a trailer, as soon as they are on the
// target, however they came there; the same commits land it once. Two clones that do
// not share refs/swarm/tasks have different swarm ids in that trailer, and so do not
// close each other's tasks.
//
// # Not guaranteed
//
// Taking a task claims no path. A task's files are what it is expected to change, and
// bind nobody: claims do. Who lands a task's commits by plain git cannot hold it open:
// only [Backlog.KeepOpen] does.
//
// Taking and giving back cost the same however many tasks there are. What changes the
// graph reads all of it.
//
// The bytes of the table are in refstore/FORMAT.md.
package task
