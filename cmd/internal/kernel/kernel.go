// Package kernel asks the kernel for the little that a command needs before any other
// package is initialised: its arguments and environment, files, standard input, the clock.
//
// Go initialises packages in the order of their import paths, each as soon as all that it
// imports is. Package os comes after some fifteen others, syscall after ten, and to start
// them costs two fifths of git rev-parse HEAD. So on Linux this
// package imports nothing, and makes its system calls itself; elsewhere it asks os and
// syscall, and comes later.
//
// Whatever fails here, fails without a reason: the caller leaves the matter to the
// ordinary path, which will know one. All numbers of system calls and layouts are those of
// the kernel's interface for programs (include/uapi), which does not change.
package kernel

// File is what counts of a file's status.
type File struct {
	Dev, Ino uint64
	UID      uint32
	Mode     uint32 // with the kind of file, as in st_mode
	Size     int64  // in bytes
	Time     int64  // of its last change, in ns since 1970
}

// The kinds of file in Mode.
const (
	kinds   = 0o170000
	regular = 0o100000
)

// IsRegular reports whether it is a plain file.
func (f File) IsRegular() bool { return f.Mode&kinds == regular }
