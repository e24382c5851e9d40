package gitlock

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Clear removes the locks that killed commands of ours have left, and returns
// their paths. A lock that may be another's stays, and so does its note.
func Clear(r *repo.Repo) (cleared []string, err error) {
	notes, err := readNotes(r)
	if err != nil {
		return nil, err
	}
	for _, path := range notes {
		content, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return cleared, err
		}
		n := parseNote(string(content))
		if len(n.processes) == 0 && old(path) { // it was never written whole: nothing was started
			removeNote(path)
		}
		if !n.gone(path) {
			continue
		}
		kept := false
		for _, lock := range n.locks {
			done, err := clearLock(r, lock)
			if err != nil {
				return cleared, err
			}
			if done {
				cleared = append(cleared, lock)
			} else if _, err := os.Lstat(lock); err == nil {
				kept = true
			}
		}
		if !kept {
			removeNote(path)
		}
	}
	return cleared, nil
}

// old reports whether a note has been empty for longer than it takes to write it.
func old(path string) bool {
	info, err := os.Stat(path)
	return err == nil && time.Since(info.ModTime()) > time.Minute
}

// clearLock removes the lock, unless a living git command may have made it. It is
// first given another name, for another process may be clearing it, too, and a
// third may take it again in between.
func clearLock(r *repo.Repo, lock string) (bool, error) {
	before, err := os.Lstat(lock)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, fs.ErrPermission) { // with reftables, refs/heads is a file
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if len(holdersOf(r, lock, before.ModTime())) > 0 {
		return false, nil
	}
	if now, err := os.Lstat(lock); err != nil || !sameLock(before, now) { // that look took a while
		return false, nil
	}
	aside := filepath.Join(r.CommonDir, "swarm", fmt.Sprintf("cleared-%08x", rand.Uint32()))
	if err := os.Rename(lock, aside); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		return false, err
	}
	defer os.Remove(aside)
	now, err := os.Lstat(aside)
	if err != nil {
		return false, err
	}
	if !sameLock(before, now) {
		if err := os.Link(aside, lock); !errors.Is(err, fs.ErrExist) { // it was taken anew: give it back
			return false, err
		}
		return false, nil
	}
	return true, nil
}

func sameLock(a, b fs.FileInfo) bool { return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) }

// AtWork is the first of the locks that is to be waited for, "" if none is: commands
// that were started by a process that is gone still run, and may hold it; or they are
// gone, and have left it, but another command may have it by now.
func AtWork(r *repo.Repo, locks ...string) string {
	notes, _ := readNotes(r)
	for _, path := range notes {
		content, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		n := parseNote(string(content))
		if len(n.processes) == 0 || !file.ProcessGone(n.processes[0].pid, n.processes[0].mark) {
			continue
		}
		for _, lock := range locks {
			if slices.Contains(n.locks, lock) && (!n.gone(path) || exists(lock)) {
				return lock
			}
		}
	}
	return ""
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
