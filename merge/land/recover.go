package land

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/git-swarm/git-swarm/refstore/gitlock"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// recoverMove completes a move that was killed. If the user has since changed a file
// that the move is to change, it returns *InTheWayError and leaves the file.
func recoverMove(ctx context.Context, r *repo.Repo) error {
	content, err := os.ReadFile(moveFile(r))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	words := strings.Fields(string(content))
	if len(words) != 3 || !strings.HasSuffix(string(content), "\n") {
		return os.Remove(moveFile(r)) // killed while it was written: nothing was moved yet
	}
	c, next := checkout{words[0], words[1]}, words[2]
	ref, err := repo.Line(r.GitParsed(ctx, "symbolic-ref", "--quiet", "HEAD"))
	var none *repo.GitError
	if errors.As(err, &none) && none.ExitCode == 1 {
		ref, err = detached, nil
	}
	if err != nil || ref != c.ref() {
		return errors.Join(err, os.Remove(moveFile(r))) // the user went elsewhere
	}
	head, err := repo.Line(r.GitParsed(ctx, "rev-parse", "HEAD"))
	if err != nil {
		return err
	}
	if head == c.tip {
		if err := redoReadTree(ctx, r, c.tip, next); err != nil {
			return fmt.Errorf("complete a move that was killed: %w", err)
		}
		if err := moveBranch(ctx, r, c, next); err != nil {
			return fmt.Errorf("complete a move that was killed: %w", err)
		}
	}
	return os.Remove(moveFile(r))
}

// redoReadTree repeats a readTree that was killed. git writes the files first and
// the index last, so files that are already as in the new commit look like changes
// of the user's to it. They are staged first, and git goes on from there.
func redoReadTree(ctx context.Context, r *repo.Repo, from, to string) error {
	changes, err := changedFiles(ctx, r, from, to)
	if err != nil {
		return err
	}
	behind, err := notDone(ctx, r, changes)
	if err != nil {
		return err
	}
	for _, s := range changes {
		if behind[s.path] {
			if err := s.removeBegun(ctx, r); err != nil {
				return err
			}
		}
	}
	var arrived []fileChange
	for _, s := range changes {
		if !behind[s.path] && s.plausible(r.WorkTree) {
			arrived = append(arrived, s)
		}
	}
	if err := stage(ctx, r, arrived); err != nil {
		return err
	}
	_, _ = inIndex(ctx, r, "update-index", "-q", "--refresh") // it complains of what is changed
	between, err := partialTree(ctx, r, from, arrived)
	if err != nil {
		return err
	}
	return readTree(ctx, r, between, to)
}

// partialTree is the tree of the commit with the changes made. git can go on from it
// where it could not from the commit, as a file may stand in a folder's place.
func partialTree(ctx context.Context, r *repo.Repo, from string, done []fileChange) (string, error) {
	file := filepath.Join(r.GitDir, "swarm-index")
	defer os.Remove(file)
	index := "GIT_INDEX_FILE=" + file
	read := indexGit(ctx, r, "read-tree", from)
	read.Env = append(read.Env, index)
	if _, err := repo.Output(read); err != nil {
		return "", err
	}
	if err := stage(ctx, r, done, index); err != nil {
		return "", err
	}
	write := r.GitParsed(ctx, "write-tree")
	write.Env = append(write.Env, index)
	return repo.Line(write)
}

// fileChange is one file that differs between two commits.
type fileChange struct {
	path    string
	info    string // "MODE ID" of the new one
	removed bool
}

// plausible reports whether what is at the path can be the result of the change:
// nothing or a folder where it removes a file, a folder for a submodule.
func (s fileChange) plausible(top string) bool {
	info, err := os.Lstat(filepath.Join(top, filepath.FromSlash(s.path)))
	switch {
	case s.removed:
		return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || (err == nil && info.IsDir())
	case strings.HasPrefix(s.info, "160000 "):
		return err == nil && info.IsDir()
	}
	return err == nil
}

// removeBegun removes the file if it holds the beginning of what it is to hold and no
// more: a checkout that was killed while it wrote leaves such a one, and it has nothing
// that the whole file has not.
func (s fileChange) removeBegun(ctx context.Context, r *repo.Repo) error {
	mode, id, _ := strings.Cut(s.info, " ")
	if s.removed || !strings.HasPrefix(mode, "100") {
		return nil
	}
	for dir := path.Dir(s.path); dir != "."; dir = path.Dir(dir) {
		if info, err := os.Lstat(filepath.Join(r.WorkTree, filepath.FromSlash(dir))); err != nil || !info.IsDir() {
			return nil
		}
	}
	name := filepath.Join(r.WorkTree, filepath.FromSlash(s.path))
	if info, err := os.Lstat(name); err != nil || !info.Mode().IsRegular() {
		return nil
	}
	have, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	want, err := repo.Output(r.GitParsed(ctx, "cat-file", "--filters", "--path="+s.path, id))
	var failed *repo.GitError
	if errors.As(err, &failed) { // a filter: git says so when it makes the file
		return nil
	}
	if err != nil || len(have) >= len(want) || !strings.HasPrefix(want, string(have)) {
		return err
	}
	return os.Remove(name)
}

// changedFiles lists the files that differ, those to be removed first.
func changedFiles(ctx context.Context, r *repo.Repo, from, to string) ([]fileChange, error) {
	fields, err := repo.Fields(r.GitParsed(ctx, "diff-tree", "-r", "--raw", "--no-abbrev", "--no-renames", "-z", from, to))
	if err != nil {
		return nil, err
	}
	var removed, others []fileChange
	for i := 0; i+1 < len(fields); i += 2 {
		words := strings.Fields(fields[i]) // :MODE MODE ID ID STATUS
		if len(words) != 5 {
			return nil, errors.New("git diff-tree answered " + fields[i])
		}
		s := fileChange{fields[i+1], words[1] + " " + words[3], words[4] == "D"}
		if s.removed {
			removed = append(removed, s)
		} else {
			others = append(others, s)
		}
	}
	return append(removed, others...), nil
}

// notDone returns the files that are not as after the changes. It lets git compare
// them with a copy of the index in which all changes are made.
func notDone(ctx context.Context, r *repo.Repo, changes []fileChange) (map[string]bool, error) {
	index, err := repo.Line(r.GitParsed(ctx, "rev-parse", "--path-format=absolute", "--git-path", "index"))
	if err != nil {
		return nil, err
	}
	content, err := os.ReadFile(index)
	if err != nil {
		return nil, err
	}
	copied := filepath.Join(r.GitDir, "swarm-index")
	if err := os.WriteFile(copied, content, 0o666); err != nil {
		return nil, err
	}
	defer os.Remove(copied)
	if err := stage(ctx, r, changes, "GIT_INDEX_FILE="+copied); err != nil {
		return nil, err
	}
	refresh := indexGit(ctx, r, "-c", "core.fsmonitor=false", "update-index", "-q", "--refresh")
	refresh.Env = append(refresh.Env, "GIT_INDEX_FILE="+copied)
	_, _ = repo.Output(refresh) // it complains of what is changed
	diff := r.GitParsed(ctx, "-c", "core.fsmonitor=false", "diff-files", "--name-only", "--no-relative", "--ignore-submodules=all", "-z")
	diff.Env = append(diff.Env, "GIT_INDEX_FILE="+copied)
	paths, err := repo.Fields(diff)
	if err != nil {
		return nil, err
	}
	behind := map[string]bool{}
	for _, name := range paths {
		behind[name] = true
	}
	return behind, nil
}

// stage makes the changes in the index alone, or in the one that env names.
func stage(ctx context.Context, r *repo.Repo, changes []fileChange, env ...string) error {
	var lines strings.Builder
	for _, s := range changes {
		lines.WriteString(s.info + "\t" + s.path + "\x00") // mode 0 removes
	}
	_, err := gitlock.Output(ctx, r, []string{gitlock.Index(r), filepath.Join(r.GitDir, "swarm-index.lock")}, func() *exec.Cmd {
		cmd := indexGit(ctx, r, "update-index", "-z", "--index-info")
		cmd.Stdin, cmd.Env = strings.NewReader(lines.String()), append(cmd.Env, env...)
		return cmd
	})
	return err
}
