package worktree

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/gitlock"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Mend puts in order git's records of worktrees that were being made when their
// process was killed: those that git cannot read, on which a git fetch would fail, go
// to swarm/lost; one that only lacked its place gets it, and a whole one is no longer
// locked as one that is being made. It returns the names of the records. A record that a
// living git command may be writing stays.
func Mend(ctx context.Context, r *repo.Repo) (mended []string, err error) {
	records := filepath.Join(r.CommonDir, "worktrees")
	entries, err := os.ReadDir(records)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		record := filepath.Join(records, e.Name())
		info, err := os.Lstat(record)
		if err != nil || !info.IsDir() || !unreadable(record) || len(gitlock.Holders(r, info.ModTime())) > 0 {
			continue
		}
		to, err := putAside(r, record)
		if err != nil {
			return mended, err
		}
		if to != "" {
			mended = append(mended, e.Name())
		}
	}
	for _, s := range begun(r) {
		if half, err := HalfMade(ctx, r, s.path); err != nil || half {
			continue // or damaged otherwise, which is not ours to mend
		}
		if os.Remove(filepath.Join(s.record, lockedName)) == nil {
			mended = append(mended, filepath.Base(s.record))
		}
	}
	left, err := filepath.Glob(filepath.Join(r.CommonDir, "swarm", recordPrefix+"*"+lockSuffix))
	for _, lock := range left {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(lock), recordPrefix), lockSuffix)
		done, err := complete(r, strings.TrimSuffix(lock, lockSuffix))
		if err != nil {
			return mended, err
		}
		if done {
			mended = append(mended, name)
		}
	}
	return mended, err
}

// CutShort are the folders of worktrees that were never whole, and that nobody is
// making at this moment.
func CutShort(ctx context.Context, r *repo.Repo) ([]string, error) {
	var found []string
	for _, s := range begun(r) {
		half, err := HalfMade(ctx, r, s.path)
		if err != nil {
			return found, err
		}
		if half {
			found = append(found, s.path)
		}
	}
	return found, nil
}

// unfinished is a worktree that git worktree add has begun and not ended.
type unfinished struct{ record, path string }

// begun are the worktrees that git worktree add has begun and nobody is making any more.
func begun(r *repo.Repo) []unfinished {
	locked, _ := filepath.Glob(filepath.Join(r.CommonDir, "worktrees", "*", lockedName))
	var found []unfinished
	for _, path := range locked {
		record := filepath.Dir(path)
		if !initializing(record) {
			continue
		}
		back, err := file.Read(filepath.Join(record, "gitdir"), 4096)
		info, statErr := os.Lstat(path)
		if err != nil || statErr != nil || len(gitlock.Holders(r, info.ModTime())) > 0 {
			continue
		}
		found = append(found, unfinished{record, filepath.Dir(strings.TrimSpace(string(back)))})
	}
	return found
}

// complete gives a record its place, if its folder has its own and nobody is at it.
func complete(r *repo.Repo, record string) (bool, error) {
	back, err := file.Read(filepath.Join(record, "gitdir"), 4096)
	if err != nil {
		return false, nil
	}
	unlock, err := file.TryLockPath(record + lockSuffix)
	if err != nil {
		return false, nil
	}
	defer unlock()
	return newMaking(r, Plan{Path: filepath.Dir(strings.TrimSpace(string(back)))}).finish()
}
