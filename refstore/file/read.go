package file

import (
	"io/fs"
	"math"
	"os"
	"slices"
	"syscall"
)

// Open is os.OpenFile for a file on a disk. It does not offer the file to the runtime's
// poller first, which costs four system calls a file and the start of the poller: as much
// as reading or writing one of git's small files.
func Open(path string, flag int, perm fs.FileMode) (*os.File, error) {
	fd, err := again(func() (int, error) { return syscall.Open(path, flag|syscall.O_CLOEXEC, uint32(perm.Perm())) })
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(fd), path), nil
}

// Read returns at most the first limit bytes of the file, with as few system
// calls as there can be; see Open. Errors are *fs.PathError.
func Read(path string, limit int) ([]byte, error) {
	fd, err := again(func() (int, error) { return syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0) })
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer syscall.Close(fd)
	buf := make([]byte, 0, min(limit, 1024))
	for len(buf) < limit {
		if len(buf) == cap(buf) {
			buf = slices.Grow(buf, min(restOf(fd, len(buf)), limit-len(buf)))
		}
		n, err := again(func() (int, error) { return syscall.Read(fd, buf[len(buf):min(cap(buf), limit)]) })
		if err != nil {
			return nil, &fs.PathError{Op: "read", Path: path, Err: err}
		}
		if n == 0 {
			break
		}
		buf = buf[:len(buf)+n]
	}
	return buf, nil
}

// restOf is for how many bytes more there is to be room, where n have been read: all that
// the file has, one that shows that it ends, and where it says nothing of its size as much
// again.
func restOf(fd, n int) int {
	var s syscall.Stat_t
	if err := syscall.Fstat(fd, &s); err != nil || s.Size < int64(n) || s.Size > math.MaxInt32 {
		return n
	}
	return int(s.Size) - n + 1
}

// again repeats a system call that a signal interrupted.
func again(call func() (int, error)) (int, error) {
	for {
		if n, err := call(); err != syscall.EINTR {
			return n, err
		}
	}
}
