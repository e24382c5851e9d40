// Package odb reads and writes git's object database in process: loose objects,
// packs and alternates of a repository with SHA-1 ids (the git command serves the
// others). It starts no process, keeps no file beside git's own, and [Open] reads
// nothing.
//
// # Guarantees
//
//   - An object that is returned has the id that was asked for, recomputed from its
//     content. A copy that has not is a [DamagedError], unless there is a sound copy
//     elsewhere; then that one is returned.
//   - [ErrNotFound] is returned only after the loose objects, the packs, a fresh list
//     of the packs and the loose objects once more: an object that a running git
//     gc or git repack moves is found.
//   - A written object is there whole or not at all, whatever process is killed. What a killed writer leaves is a file tmp_obj_* that git
//     gc clears. Against a power cut it is as durable as [Options] say.
//   - Bytes of a hostile or broken file give an error: no panic, no endless
//     loop, and no allocation beyond [MaxSize] for a piece of data.
//   - A [DB] may be used by several goroutines at once.
//
// # Not guaranteed
//
// Packs are never written; multi-pack indices, bitmaps and reverse indices are
// not used, for every pack has an index of its own. GIT_ALTERNATE_OBJECT_DIRECTORIES
// and GIT_OBJECT_DIRECTORY are left to the caller. A pack that git unlinks
// while it is mapped keeps answering until the packs are next listed, as in git.
// Shallow boundaries, grafts and replacement refs are not known here.
//
// The formats are git's: gitformat-pack(5), and zlib (RFC 1950) over
// "<kind> <size>\0<content>" for a loose object.
package odb
