package refstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/internal/redo"
)

// FileRepair is a file in the git dir that stood in the way, and where it went.
type FileRepair struct {
	Path string
	Why  string
	Kept string
}

// leftLock is how old a lock file of one of our refs must be to be taken for
// left behind: neither our writers nor git keep one for seconds.
const leftLock = 10 * time.Minute

// RepairFiles puts aside a redo log that cannot be read, which stops every
// writer, lock files of our refs that were left behind, and worktrees' records
// of their session that name none. Unless write is set
// it only says what it would do. What it moves goes to swarm/lost in the common
// git dir.
func (s *Store) RepairFiles(ctx context.Context, write bool) (done []FileRepair, err error) {
	if err := s.chooseWriter(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.opts.Timeout, ErrBusy)
	defer cancel()
	log, unlock, err := redo.Lock(ctx, s.repo.CommonDir)
	if err != nil {
		return nil, err
	}
	defer unlock()
	lost := func(name string) string {
		return filepath.Join(s.repo.CommonDir, "swarm", "lost", fmt.Sprintf("%d-%s", s.Now().Unix(), name))
	}
	if _, err := log.Load(s.repo.Algo); err != nil {
		r := FileRepair{filepath.Join(s.repo.CommonDir, "swarm", "redo"), err.Error(), lost("redo")}
		done = append(done, r)
		if write {
			if err := log.PutAside(r.Kept); err != nil {
				return done, err
			}
		}
	} else if write {
		if err := s.recovery().Run(ctx, log); err != nil {
			return done, err
		}
	}
	stale := map[string]string{}
	for _, path := range s.leftLocks() {
		stale[path] = "a lock file that was left behind"
	}
	for _, path := range s.badRecords() {
		stale[path] = "no session's id in it"
	}
	for _, path := range slices.Sorted(maps.Keys(stale)) {
		r := FileRepair{path, stale[path], lost(filepath.Base(path))}
		done = append(done, r)
		if !write {
			continue
		}
		if err := file.MkdirAll(filepath.Dir(r.Kept)); err != nil {
			return done, err
		}
		if err := os.Rename(path, r.Kept); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return done, err
		}
	}
	return done, nil
}

// leftLocks are the lock files below our refs that nobody can still hold.
func (s *Store) leftLocks() (paths []string) {
	for _, below := range []string{"refs/swarm", "refs/notes/swarm"} {
		_ = filepath.WalkDir(filepath.Join(s.repo.CommonDir, filepath.FromSlash(below)), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".lock") {
				return nil // what cannot be read has nothing to repair
			}
			if info, err := d.Info(); err == nil && time.Since(info.ModTime()) > leftLock {
				paths = append(paths, path)
			}
			return nil
		})
	}
	return paths
}

// badRecords are the worktrees' files swarm-session that hold no session's id.
func (s *Store) badRecords() (paths []string) {
	all, _ := filepath.Glob(filepath.Join(s.repo.CommonDir, "worktrees", "*", "swarm-session"))
	for _, path := range append(all, filepath.Join(s.repo.CommonDir, "swarm-session")) {
		content, err := file.Read(path, 1024)
		if err == nil && !IsSessionID(strings.TrimSuffix(string(content), "\n")) {
			paths = append(paths, path)
		}
	}
	return paths
}
