// Package file holds what git swarm needs of the file system beyond package os:
// one lock, one way to replace a file, one way to read a small one, one way to remove
// a folder, and marks by which a process can be recognised later.
//
// # Guarantees
//
//   - [Lock], [TryLock] and [LockPath] take an flock(2): one holder at a time. The
//     kernel gives it up when its holder ends, however that happens.
//   - [Replace] and [ReplaceMode] leave the old content or the new one, whichever
//     process is killed when. A killed one leaves at most a file .git-swarm-*
//     beside the target.
//   - [ProcessGone] says yes only of a process that has certainly ended.
//
// # Not guaranteed
//
// A lock is seen by all processes of one kernel; over a network file system it
// may not be. Replaced files are not flushed to the disk: after a power cut the
// file may hold the old content, the new one or, on some file systems, nothing.
// Where there is no /proc, processes have no marks and are never said to be gone.
package file
