//go:build unix

package repo

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
)

// searchable reports whether path is a directory to look into, as git asks it.
func searchable(path string) bool { return syscall.Access(path, 1) == nil }

// executableIn is dir/name if that is a file that can be run, else empty.
func executableIn(dir, name string) string {
	path := filepath.Join(dir, name)
	if syscall.Access(path, 1) != nil {
		return ""
	}
	if info, err := os.Stat(path); err != nil || info.IsDir() {
		return ""
	}
	return path
}

// readFile is the first limit bytes of a file. It asks the system directly: os.Open
// would also offer the file to the runtime's poller, which costs more than the read.
func readFile(path string, limit int) ([]byte, error) {
	fd, err := again(func() (int, error) { return syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0) })
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer syscall.Close(fd)
	buf := make([]byte, 0, min(limit, 1024))
	for len(buf) < limit {
		if len(buf) == cap(buf) {
			buf = slices.Grow(buf, len(buf))
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

// again repeats a system call that a signal interrupted.
func again(call func() (int, error)) (int, error) {
	for {
		if n, err := call(); err != syscall.EINTR {
			return n, err
		}
	}
}

// ownedByUs reports whether path, itself and not what it links to, belongs to
// the effective user; root is also whoever called sudo.
func ownedByUs(env Env, path string) bool {
	var st syscall.Stat_t
	if syscall.Lstat(path, &st) != nil {
		return false
	}
	uid := uint64(os.Geteuid())
	if uid == 0 && st.Uid != 0 {
		if id, err := strconv.ParseUint(env.Get("SUDO_UID"), 10, 32); err == nil {
			uid = id
		}
	}
	return uint64(st.Uid) == uid
}

// deviceOf is the file system that path is on.
func deviceOf(path string) (uint64, bool) {
	var st syscall.Stat_t
	if syscall.Stat(path, &st) != nil {
		return 0, false
	}
	return uint64(st.Dev), true
}

// workingDir is the current directory without symbolic links.
func workingDir() (string, error) {
	dir, err := syscall.Getwd()
	if err != nil {
		return "", &fs.PathError{Op: "getwd", Path: ".", Err: err}
	}
	return dir, nil
}
