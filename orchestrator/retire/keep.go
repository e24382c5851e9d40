package retire

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore/gitlock"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// snapshot is something that refs/swarm-lost/ is to keep: a commit, and what a worktree
// has on top of it.
type snapshot struct {
	tip      string // "" for a worktree without any commit
	worktree string // "" for the commit alone
	record   string // git's record of the worktree
	index    bool   // the worktree is gone: what it had staged is all
}

// Keep keeps what stands in the way and can be kept, and returns the refs that hold it:
// refs/swarm-lost/<id>, then <id>.2 and so on. On top of the tip there is a commit with
// what was staged, if that is in no file any more, and one with the files as they were.
// What is kept already is not kept twice.
func (f *Session) Keep(ctx context.Context) (refs []string, err error) {
	var commits []string
	for _, s := range f.keep {
		commit, err := f.commit(ctx, s)
		for try := 0; repo.Pruned(err) && try < prunedTries; try++ {
			commit, err = f.commit(ctx, s)
		}
		if err != nil {
			return nil, err
		}
		commits = append(commits, commit)
	}
	for i, commit := range commits {
		if commit == "" || f.partOfOther(ctx, commits, i) {
			continue
		}
		ref, err := f.keepAt(ctx, commit)
		if err != nil {
			return refs, err
		}
		refs = append(refs, ref)
	}
	return refs, nil
}

// prunedTries is how often a commit is made again that git gc has disturbed.
const prunedTries = 5

// partOfOther reports whether another of the commits has that commit below it.
func (f *Session) partOfOther(ctx context.Context, commits []string, i int) bool {
	for j, other := range commits {
		if other == "" || i == j || other == commits[i] && i < j {
			continue
		}
		if f.swarm.Repo.GitParsed(ctx, "merge-base", "--is-ancestor", commits[i], other).Run() == nil {
			return true
		}
	}
	return false
}

// keepAt points the first free name at the commit, unless one of the names holds the
// same work.
func (f *Session) keepAt(ctx context.Context, commit string) (string, error) {
	r := f.swarm.Repo
	for n := 1; ; n++ {
		ref := "refs/swarm-lost/" + f.ID
		if n > 1 {
			ref += fmt.Sprintf(".%d", n)
		}
		there, err := repo.Line(r.GitParsed(ctx, "for-each-ref", "--format=%(objectname)", ref))
		if err != nil {
			return "", err
		}
		if there == "" {
			_, err := gitlock.Output(ctx, r, gitlock.Ref(r, ref), func() *exec.Cmd {
				return r.GitParsed(ctx, "update-ref", ref, commit, strings.Repeat("0", len(commit)))
			})
			return ref, err
		}
		same, err := f.sameWork(ctx, there, commit)
		if err != nil || same {
			return ref, err
		}
	}
}

// sameWork reports whether kept holds the same files as the commit with the same commits
// before them, itself or below the commits with what was staged and not committed: of
// those the worktree may be gone since.
func (f *Session) sameWork(ctx context.Context, kept, commit string) (bool, error) {
	if kept == commit {
		return true, nil
	}
	work, err := repo.Line(f.swarm.Repo.GitParsed(ctx, "log", "-1", "--format=%T %P", commit))
	if err != nil {
		return false, err
	}
	out, err := repo.Line(f.swarm.Repo.GitParsed(ctx, "log", "-3", "--first-parent", "--format=%T %P", kept))
	return slices.Contains(strings.Split(out, "\n"), work), err
}

// commit makes the commit of a snapshot.
func (f *Session) commit(ctx context.Context, s snapshot) (string, error) {
	if s.worktree == "" {
		return s.tip, nil
	}
	dir, err := os.MkdirTemp(s.record, "swarm-index-") // left by a killed command, it goes with the record
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	index := filepath.Join(dir, "index")
	if err := copyIndex(filepath.Join(s.record, "index"), index); err != nil {
		return "", err
	}
	git := f.gitWith(ctx, s, index)
	staged, err := repo.Line(git("write-tree"))
	if err != nil { // it has unmerged files
		staged = ""
	}
	files := staged
	if !s.index {
		if _, err := repo.Output(git("add", "--all", "--", ":/")); err != nil {
			return "", err
		}
		if files, err = repo.Line(git("write-tree")); err != nil {
			return "", err
		}
	}
	return f.layers(ctx, s, staged, files)
}

// copyIndex copies an index with its time: by that git sees which files may have been
// changed right after they were staged. Without one there is nothing to copy.
func copyIndex(from, to string) error {
	content, err := os.ReadFile(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(to, content, 0o666), os.Chtimes(to, time.Time{}, info.ModTime()))
}

// gitWith is git in the snapshot's worktree, with an index of its own.
func (f *Session) gitWith(ctx context.Context, s snapshot, index string) func(args ...string) *exec.Cmd {
	return func(args ...string) *exec.Cmd {
		cmd := f.swarm.Repo.GitParsed(ctx, args...)
		cmd.Env = repo.Env(cmd.Env).With("GIT_DIR="+s.record, "GIT_INDEX_FILE="+index)
		if !s.index {
			cmd.Dir = s.worktree
			cmd.Env = repo.Env(cmd.Env).With("GIT_WORK_TREE="+s.worktree, "PWD="+s.worktree)
		}
		return cmd
	}
}

// layers commits what was staged and the files on top of the tip, each if it adds
// something.
func (f *Session) layers(ctx context.Context, s snapshot, staged, files string) (string, error) {
	tip, tree := s.tip, ""
	if tip != "" {
		var err error
		if tree, err = repo.Line(f.swarm.Repo.GitParsed(ctx, "rev-parse", "--verify", tip+"^{tree}")); err != nil {
			return "", err
		}
	}
	for _, layer := range []struct{ tree, what string }{{staged, "had staged"}, {files, "had not committed"}} {
		if layer.tree == "" || layer.tree == tree || layer.tree == staged && layer.what == "had staged" && staged == files {
			continue
		}
		args := []string{"commit-tree", layer.tree, "-m", fmt.Sprintf("What %s %s in %s", f.ID, layer.what, filepath.Base(s.worktree))}
		if tip != "" {
			args = append(args, "-p", tip)
		}
		cmd := f.swarm.Repo.GitParsed(ctx, args...)
		cmd.Env = repo.Env(cmd.Env).With("GIT_AUTHOR_NAME="+f.ID, "GIT_AUTHOR_EMAIL=", "GIT_COMMITTER_NAME=git swarm", "GIT_COMMITTER_EMAIL=")
		commit, err := repo.Line(cmd)
		if err != nil {
			return "", err
		}
		tip, tree = commit, layer.tree
	}
	return tip, nil
}
