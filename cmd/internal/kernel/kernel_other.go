//go:build !linux || !(amd64 || arm64)

package kernel

import (
	"os"
	"syscall"
	"time"
	"unsafe"
)

// Stat is the status of the file at the path, or with follow that of what a link there
// leads to. Without one, there is none at the path, if missing says so.
func Stat(path string, follow bool) (f File, missing, ok bool) {
	stat := os.Lstat
	if follow {
		stat = os.Stat
	}
	info, err := stat(path)
	if err != nil {
		return File{}, os.IsNotExist(err), false
	}
	sys, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return File{}, false, false
	}
	return File{Dev: uint64(sys.Dev), Ino: uint64(sys.Ino), UID: sys.Uid, Mode: uint32(sys.Mode), Size: info.Size(), Time: info.ModTime().UnixNano()}, false, true
}

// AppendFile appends the content of a file of at most that many bytes, and does not wait
// for a pipe.
func AppendFile(b []byte, path string, most int64) ([]byte, bool) {
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC|syscall.O_NONBLOCK, 0)
	if err != nil {
		return b, false
	}
	defer syscall.Close(fd)
	var st syscall.Stat_t
	if syscall.Fstat(fd, &st) != nil || st.Size > most {
		return b, false
	}
	at := len(b)
	b = append(b, make([]byte, st.Size+1)...)
	n := Read(fd, b[at:])
	return b[:at+max(n, 0)], int64(n) == st.Size
}

// Read reads at most len(b) bytes, 0 at the end and less if there is an error.
func Read(fd int, b []byte) (n int) {
	for {
		n, err := syscall.Read(fd, b)
		if err == nil {
			return n
		}
		if err != syscall.EINTR {
			return -1
		}
	}
}

// Now is the time in ns since 1970.
func Now() int64 { return time.Now().UnixNano() }

// Geteuid is the user by whose rights files are read.
func Geteuid() int { return os.Geteuid() }

// Exit ends the process.
func Exit(code int) { os.Exit(code) }

// Args are the arguments of the process, its name not among them.
func Args() (args []string, ok bool) {
	if len(os.Args) == 0 {
		return nil, false
	}
	return os.Args[1:], true
}

// Environ is the environment that the process was started with.
func Environ() ([]string, bool) { return syscall.Environ(), true }

// Populate provides memory in one call where the kernel can do so.
func Populate(unsafe.Pointer, uintptr) {}

// PopulateProgram does the same with the program's own pages.
func PopulateProgram() {}
