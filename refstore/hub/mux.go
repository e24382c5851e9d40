package hub

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// muxIdle is for how long a shared connection of ssh stays without a call.
const muxIdle = time.Minute

// maxMuxDir is how long the folder's name may be: a socket's has at most 104 bytes, of
// which ssh needs the rest.
const maxMuxDir = 104 - 1 - 40 - 18

// MuxDir is the folder in which ssh keeps the sockets of connections that several calls
// share, made if it is not there; "" where there is none that this user alone can use.
func MuxDir() string {
	base := os.Getenv("XDG_RUNTIME_DIR")
	if base == "" || len(base)+len("/git-swarm") > maxMuxDir {
		base = "/tmp"
	}
	dir := filepath.Join(base, "git-swarm")
	if base == "/tmp" {
		dir = fmt.Sprintf("/tmp/git-swarm-%d", os.Getuid())
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !os.IsExist(err) {
		return ""
	}
	info, err := os.Lstat(dir)
	if err != nil || !info.IsDir() || info.Mode().Perm()&0o077 != 0 {
		return ""
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); !ok || int(owner.Uid) != os.Getuid() {
		return ""
	}
	return dir
}

// muxOptions are those with which ssh shares one connection between calls. A connection
// that no longer answers is given up, so that the next call makes another.
func (r *Remote) muxOptions() string {
	if r.Mux == "" {
		return ""
	}
	return fmt.Sprintf(" -o ControlMaster=auto -o ControlPersist=%d -o ControlPath=%s -o ServerAliveInterval=5 -o ServerAliveCountMax=2",
		int(muxIdle.Seconds()), quoted(filepath.Join(r.Mux, "%C")))
}
