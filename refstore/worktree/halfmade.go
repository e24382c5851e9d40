package worktree

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/gitlock"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// standing is what is where a worktree is to be.
type standing struct {
	what   kind
	record string // git's record of it, if it is a worktree and has one
}

type kind int

const (
	nothing   kind = iota // or an empty folder
	halfMade              // a worktree of this repository that was never whole
	completed             // one that is, for git has completed it after our kill
	other
)

// look finds out what is at path.
func look(ctx context.Context, r *repo.Repo, path string) (standing, error) {
	entries, err := os.ReadDir(path)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && len(entries) == 0:
		return standing{}, nil
	case err != nil: // it is no folder
		return standing{what: other}, nil
	}
	record, err := recordOf(path)
	if err != nil || filepath.Dir(record) != filepath.Join(r.CommonDir, "worktrees") {
		return standing{what: other}, nil
	}
	half, err := HalfMade(ctx, r, path)
	if err != nil || !half {
		return standing{completed, record}, err
	}
	info, err := os.Lstat(record)
	if err != nil { // Mend has taken it away
		return standing{what: halfMade}, nil
	}
	if holders := gitlock.Holders(r, info.ModTime()); len(holders) > 0 {
		return standing{}, &gitlock.LockedError{Path: record}
	}
	if unreadable(record) { // git fails on it, whatever it is to do
		_, err = putAside(r, record)
	}
	return standing{halfMade, record}, err
}

// HalfMade reports whether the folder is a worktree of the repository that was never
// whole: git cannot read its record, or git worktree add was killed before the index
// was there.
func HalfMade(ctx context.Context, r *repo.Repo, path string) (bool, error) {
	record, err := recordOf(path)
	if err != nil || filepath.Dir(record) != filepath.Join(r.CommonDir, "worktrees") {
		return false, nil
	}
	if unreadable(record) {
		return true, nil
	}
	if !initializing(record) {
		return false, nil
	}
	if _, err := os.Lstat(filepath.Join(record, "index")); errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	return emptied(ctx, r, record)
}

// lockedName is the file by which a record is locked. git worktree add writes it, with a
// reason of its own, and removes it at its end.
const lockedName = "locked"

// initializing reports whether git worktree add has locked the record.
func initializing(record string) bool {
	text, err := file.Read(filepath.Join(record, lockedName), 64)
	return err == nil && strings.TrimSpace(string(text)) == "initializing"
}

// BeingMade reports whether the folder is a worktree that git worktree add has begun and
// not ended: it is at work, or was killed. [Make] waits for it, and ends it.
func BeingMade(path string) bool {
	record, err := recordOf(path)
	return err == nil && initializing(record)
}

// emptied reports whether the index has none of the files of the commit that is
// checked out: it was begun anew after the kill.
func emptied(ctx context.Context, r *repo.Repo, record string) (bool, error) {
	count := func(args ...string) (int, error) {
		paths, err := repo.Fields(r.GitParsed(ctx, append([]string{"--git-dir=" + record}, args...)...))
		return len(paths), err
	}
	all, err := count("ls-tree", "-r", "-z", "--name-only", "HEAD")
	if err != nil {
		return false, err
	}
	missing, err := count("diff-index", "--cached", "--no-renames", "--diff-filter=D", "--name-only", "-z", "HEAD")
	return all > 0 && missing == all, err
}

// unreadable reports whether git fails on the record, or it is gone.
func unreadable(record string) bool {
	for _, name := range []string{"commondir", "gitdir"} {
		if text, err := file.Read(filepath.Join(record, name), 4096); err != nil || len(bytes.TrimSpace(text)) == 0 {
			return true
		}
	}
	head, err := file.Read(filepath.Join(record, "HEAD"), 4096)
	text := strings.TrimSpace(string(head))
	return err != nil || strings.Trim(text, "0") == "" // git worktree add begins with an id of zeros
}

// recordOf is the git dir that the .git file of a linked worktree names.
func recordOf(worktree string) (string, error) {
	content, err := os.ReadFile(filepath.Join(worktree, ".git"))
	if err != nil {
		return "", err
	}
	dir := strings.TrimSpace(strings.TrimPrefix(string(content), "gitdir: "))
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(worktree, dir)
	}
	return dir, nil
}

// discard takes the record away from git's.
func (s standing) discard(r *repo.Repo) error {
	if s.record == "" {
		return nil
	}
	_, err := putAside(r, s.record)
	return err
}

// putAside moves a record of a worktree to swarm/lost and returns its path there.
func putAside(r *repo.Repo, record string) (string, error) {
	dir := filepath.Join(r.CommonDir, "swarm", "lost")
	if err := file.MkdirAll(dir); err != nil {
		return "", err
	}
	to := filepath.Join(dir, strconv.FormatInt(time.Now().UnixNano(), 10)+"-"+recordPrefix+filepath.Base(record))
	err := os.Rename(record, to)
	if errors.Is(err, fs.ErrNotExist) { // another process was faster
		return "", nil
	}
	return to, err
}

// replace takes a half-made worktree out of the way of the new one, and returns where
// its files are kept, "" if none differed.
func (m *making) replace(found standing) (kept string, err error) {
	same, err := partOf(m.Path, m.dir)
	if err != nil {
		return "", err
	}
	if !same && found.record == "" { // somebody has pruned it, and may have worked in it before
		return "", &ExistsError{m.Path}
	}
	if err := found.discard(m.repo); err != nil {
		return "", err
	}
	return m.keep(m.Path, same)
}

// keep removes the folder of a half-made worktree, or gives it a name beside the
// worktree if its files are not the same as those of the whole one.
func (m *making) keep(half string, same bool) (kept string, err error) {
	if !same {
		kept = m.Path + ".kept-" + strconv.FormatInt(time.Now().Unix(), 10)
		return kept, os.Rename(half, kept)
	}
	if err := os.Rename(half, m.old); err != nil {
		return "", err
	}
	return "", os.RemoveAll(m.old)
}

// partOf reports whether every file below half is in whole, too, with the same
// content or more of it: git was killed while it wrote them.
func partOf(half, whole string) (bool, error) {
	same := true
	err := filepath.WalkDir(half, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(half, path)
		if err != nil || rel == ".git" || d.IsDir() {
			return err
		}
		if same = begins(path, filepath.Join(whole, rel)); !same {
			return filepath.SkipAll
		}
		return nil
	})
	return same, err
}

// begins reports whether the file at path has what the other begins with, or the link
// the same target.
func begins(path, other string) bool {
	a, errA := os.Lstat(path)
	b, errB := os.Lstat(other)
	if errA != nil || errB != nil || a.Mode().Type() != b.Mode().Type() || a.Size() > b.Size() {
		return false
	}
	if a.Mode().Type() == fs.ModeSymlink {
		x, errX := os.Readlink(path)
		y, errY := os.Readlink(other)
		return errX == nil && errY == nil && x == y
	}
	if !a.Mode().IsRegular() {
		return false
	}
	x, errX := os.ReadFile(path)
	y, errY := os.ReadFile(other)
	return errX == nil && errY == nil && bytes.HasPrefix(y, x)
}
