package land

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

// resume completes a move that was killed. What the user has changed since in
// files that the move is to change gives *InTheWayError, and stays.
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
	if err != nil || ref != "refs/heads/"+c.branch {
		return refusedAs(err, os.Remove(moveFile(r))) // the user went elsewhere
	}
	head, err := repo.Line(r.GitParsed(ctx, "rev-parse", "HEAD"))
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

// redoFiles is readTree again after one that was killed. That one wrote the
// files first and the index last: files that are as the new commit has them
// while the index still has the old would be taken for changes of the user's.
// They are entered into the index, and git goes on from there.
func redoFiles(ctx context.Context, r *repo.Repo, from, to string) error {
	steps, err := moveSteps(ctx, r, from, to)
	if err != nil {
		return err
	}
	behind, err := unlike(ctx, r, steps)
	if err != nil {
		return err
	}
	var arrived []step
	for _, s := range steps {
		if !behind[s.path] && s.there(r.WorkTree) {
			arrived = append(arrived, s)
		}
	}
	if err := enter(ctx, r, arrived); err != nil {
		return err
	}
	_, _ = repo.Output(r.GitParsed(ctx, "update-index", "-q", "--refresh")) // it complains of what is changed
	between, err := partWay(ctx, r, from, arrived)
	if err != nil {
		return err
	}
	return readTree(ctx, r, between, to)
}

// partWay is the tree of the commit with the steps done. From there git goes on
// where it would stumble over a file in a folder's place from the commit itself.
func partWay(ctx context.Context, r *repo.Repo, from string, done []step) (string, error) {
	path := filepath.Join(r.GitDir, "swarm-index")
	defer os.Remove(path)
	index := "GIT_INDEX_FILE=" + path
	read := r.GitParsed(ctx, "read-tree", from)
	read.Env = append(read.Env, index)
	if _, err := repo.Output(read); err != nil {
		return "", err
	}
	if err := enter(ctx, r, done, index); err != nil {
		return "", err
	}
	write := r.GitParsed(ctx, "write-tree")
	write.Env = append(write.Env, index)
	return repo.Line(write)
}

// step is one file that differs between two commits.
type step struct {
	path    string
	info    string // "MODE ID" of the new one
	removed bool
}

// there reports whether what stands at the path can be what the step makes of
// it: nothing or a folder where it removes a file, a folder for a submodule.
func (s step) there(top string) bool {
	info, err := os.Lstat(filepath.Join(top, filepath.FromSlash(s.path)))
	switch {
	case s.removed:
		return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || (err == nil && info.IsDir())
	case strings.HasPrefix(s.info, "160000 "):
		return err == nil && info.IsDir()
	}
	return err == nil
}

// moveSteps lists the files that differ, those to be removed first.
func moveSteps(ctx context.Context, r *repo.Repo, from, to string) ([]step, error) {
	fields, err := repo.Fields(r.GitParsed(ctx, "diff-tree", "-r", "--raw", "--no-abbrev", "--no-renames", "-z", from, to))
	if err != nil {
		return nil, err
	}
	var removed, others []step
	for i := 0; i+1 < len(fields); i += 2 {
		words := strings.Fields(fields[i]) // :MODE MODE ID ID STATUS
		if len(words) != 5 {
			return nil, errors.New("git diff-tree answered " + fields[i])
		}
		s := step{fields[i+1], words[1] + " " + words[3], words[4] == "D"}
		if s.removed {
			removed = append(removed, s)
		} else {
			others = append(others, s)
		}
	}
	return append(removed, others...), nil
}

// unlike returns which files are not as the steps would have them. git looks
// itself, with a copy of the index in which they are all done.
func unlike(ctx context.Context, r *repo.Repo, steps []step) (map[string]bool, error) {
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
	if err := enter(ctx, r, steps, "GIT_INDEX_FILE="+copied); err != nil {
		return nil, err
	}
	refresh := r.GitParsed(ctx, "-c", "core.fsmonitor=false", "update-index", "-q", "--refresh")
	refresh.Env = append(refresh.Env, "GIT_INDEX_FILE="+copied)
	_, _ = repo.Output(refresh) // it complains of what is changed
	diff := r.GitParsed(ctx, "-c", "core.fsmonitor=false", "diff-files", "--name-only", "--no-relative", "--ignore-submodules=all", "-z")
	diff.Env = append(diff.Env, "GIT_INDEX_FILE="+copied)
	paths, err := repo.Fields(diff)
	if err != nil {
		return nil, err
	}
	behind := map[string]bool{}
	for _, path := range paths {
		behind[path] = true
	}
	return behind, nil
}

// enter does the steps in the index alone.
func enter(ctx context.Context, r *repo.Repo, steps []step, env ...string) error {
	var lines strings.Builder
	for _, s := range steps {
		lines.WriteString(s.info + "\t" + s.path + "\x00") // mode 0 removes
	}
	cmd := r.GitParsed(ctx, "update-index", "-z", "--index-info")
	cmd.Stdin, cmd.Env = strings.NewReader(lines.String()), append(cmd.Env, env...)
	_, err := repo.Output(cmd)
	return err
}
