package repo

import (
	"io/fs"
	"os"
	"path/filepath"
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
