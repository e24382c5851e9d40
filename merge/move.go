package merge

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// InTheWayError says that uncommitted changes, or untracked files, stand where
// the branch's new tip would put files.
type InTheWayError struct{ Line string }

func (e *InTheWayError) Error() string { return e.Line }

// lockFile opens the file with an flock that ends with the process. It does not
// wait: another command of the same worktree is in the way.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, ErrAtWork
		}
		return nil, err
	}
	return f, nil
}

// ErrAtWork says that another push or pull runs in the same worktree.
var ErrAtWork = errors.New("another push or pull is at work in this worktree")

// mayMove checks that the checked out branch can be moved from tip to next
// without touching anything that is not committed. It changes nothing.
func mayMove(ctx context.Context, r *repo.Repo, tip, next string) error {
	_, _ = repo.Output(r.GitParsed(ctx, "update-index", "-q", "--refresh")) // stat data only; it complains of what is changed
	_, err := repo.Output(r.GitParsed(ctx, "read-tree", "-n", "-m", "-u", "--exclude-per-directory=.gitignore", tip, next))
	var no *repo.GitError
	if errors.As(err, &no) {
		return &InTheWayError{no.Line()}
	}
	return err
}

// moveFile holds "BRANCH OLD NEW" while a branch is being moved.
func moveFile(r *repo.Repo) string { return filepath.Join(r.GitDir, "swarm-move") }

// move takes branch, index and files from c.tip to next, keeping what is not
// committed. Killed half-way it is completed by resume.
func move(ctx context.Context, r *repo.Repo, c checkout, next string) error {
	if err := mayMove(ctx, r, c.tip, next); err != nil {
		return err
	}
	if err := os.WriteFile(moveFile(r), []byte(c.branch+" "+c.tip+" "+next+"\n"), 0o666); err != nil {
		return err
	}
	_, err := repo.Output(r.GitParsed(ctx, "read-tree", "-m", "-u", "--exclude-per-directory=.gitignore", c.tip, next))
	if err == nil {
		err = moveBranch(ctx, r, c, next)
	}
	if err != nil {
		return err
	}
	return os.Remove(moveFile(r))
}

func moveBranch(ctx context.Context, r *repo.Repo, c checkout, next string) error {
	_, err := repo.Output(r.GitParsed(ctx, "-c", "core.warnAmbiguousRefs=false", "update-ref", "-m", "git swarm: rebase", "refs/heads/"+c.branch, next, c.tip))
	return err
}

// resume completes a move that was killed: files that the move was to change and
// that are as they were before it, or as they should be after it, are brought to
// the new state; what the user changed since is left alone.
func resume(ctx context.Context, r *repo.Repo) error {
	content, err := os.ReadFile(moveFile(r))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	words := strings.Fields(string(content))
	if len(words) != 3 {
		return os.Remove(moveFile(r)) // killed while it was written: nothing was moved yet
	}
	c, next := checkout{words[0], words[1]}, words[2]
	ref, err := said(r.GitParsed(ctx, "symbolic-ref", "--quiet", "HEAD"))
	if err != nil || ref != "refs/heads/"+c.branch {
		return orElse(err, os.Remove(moveFile(r))) // the user went elsewhere
	}
	head, err := said(r.GitParsed(ctx, "rev-parse", "HEAD"))
	if err != nil {
		return err
	}
	if head == c.tip {
		if err := redoFiles(ctx, r, c.tip, next); err != nil {
			return fmt.Errorf("complete a move that was killed: %w", err)
		}
		if err := moveBranch(ctx, r, c, next); err != nil {
			return fmt.Errorf("complete a move that was killed: %w", err)
		}
	}
	return os.Remove(moveFile(r))
}

// entry is one file that differs between two commits; an empty id: not there.
type entry struct{ oldID, mode, newID, path string }

func redoFiles(ctx context.Context, r *repo.Repo, tip, next string) error {
	fields, err := listed(r.GitParsed(ctx, "diff", "--raw", "--no-abbrev", "--no-renames", "-z", tip, next))
	if err != nil {
		return err
	}
	var index, checkOut strings.Builder
	for i := 0; i+1 < len(fields); i += 2 {
		words := strings.Fields(strings.TrimPrefix(fields[i], ":")) // :oldmode newmode oldid newid status
		if len(words) != 5 {
			return fmt.Errorf("git diff answered %.80q", fields[i])
		}
		e := entry{present(words[2]), words[1], present(words[3]), fields[i+1]}
		ours, err := untouched(ctx, r, e)
		if err != nil {
			return err
		}
		if !ours {
			continue
		}
		if e.newID == "" {
			fmt.Fprintf(&index, "0 %s\t%s\x00", words[3], e.path)
			_ = os.Remove(filepath.Join(r.WorkTree, filepath.FromSlash(e.path)))
			continue
		}
		fmt.Fprintf(&index, "%s %s\t%s\x00", e.mode, e.newID, e.path)
		checkOut.WriteString(e.path + "\x00")
	}
	update := r.GitParsed(ctx, "update-index", "-z", "--index-info")
	update.Stdin, update.Dir = strings.NewReader(index.String()), r.WorkTree
	if _, err := repo.Output(update); err != nil {
		return err
	}
	out := r.GitParsed(ctx, "checkout-index", "-f", "-u", "-z", "--stdin")
	out.Stdin, out.Dir = strings.NewReader(checkOut.String()), r.WorkTree
	_, err = repo.Output(out)
	return err
}

// present is the id, or "" for git's all zeros.
func present(id string) string {
	if strings.Trim(id, "0") == "" {
		return ""
	}
	return id
}

// untouched reports whether the file is as the old or as the new commit has it.
func untouched(ctx context.Context, r *repo.Repo, e entry) (bool, error) {
	path := filepath.Join(r.WorkTree, filepath.FromSlash(e.path))
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return true, nil // not written yet, or removed already
	}
	if err != nil {
		return false, err
	}
	if info.Mode()&fs.ModeSymlink != 0 || info.IsDir() {
		return false, nil // git status will show it
	}
	cmd := r.GitParsed(ctx, "hash-object", "--path", e.path, "--", path)
	cmd.Dir = r.WorkTree
	id, err := said(cmd)
	return err == nil && (id == e.oldID || id == e.newID), err
}
