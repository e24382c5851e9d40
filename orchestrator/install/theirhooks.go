package install

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// theirHooks are where git would look for hooks if there were none of ours.
type theirHooks struct {
	set   bool     // core.hooksPath is set, else it is the git dir's own folder
	value string   // of core.hooksPath
	path  string   // the folder: absolute, or as seen from where git runs hooks
	dirs  []string // where that is in the worktrees and the git dir, without those behind a link that a work tree holds
}

// findTheirs asks git, leaving out the folder of ours. A value of one worktree alone
// does not count: what is set for the repository does not reach that worktree.
func findTheirs(ctx context.Context, r *repo.Repo) (theirHooks, error) {
	t := theirHooks{path: ownHooksDir(r)}
	config, err := r.ConfigNow()
	if err != nil {
		return t, err
	}
	if _, set := config.Get("core.hooksPath"); !set {
		return t.in(ctx, r)
	}
	if t.value, t.set, err = hooksPathOf(ctx, r, "--no-type"); err != nil {
		return t, err
	}
	if t.set {
		if t.path, _, err = hooksPathOf(ctx, r, "--type=path"); err != nil { // with ~ expanded
			return t, err
		}
		t.path = cmp.Or(t.path, "/") // as for git
	}
	return t.in(ctx, r)
}

// in looks where that is in the worktrees.
func (t theirHooks) in(ctx context.Context, r *repo.Repo) (theirHooks, error) {
	tops, err := workTreeTops(ctx, r)
	if err != nil {
		return t, err
	}
	dirs := []string{t.path}
	if !filepath.IsAbs(t.path) {
		dirs = nil
		for _, top := range append(slices.Clone(tops), r.CommonDir) { // hooks of a push that comes in run in the git dir
			dirs = append(dirs, filepath.Join(top, t.path))
		}
	}
	if !slices.Contains(dirs, ownHooksDir(r)) { // ours may be there from when it was not set
		dirs = append(dirs, ownHooksDir(r))
	}
	inWorkTree := func(dir string) bool {
		return slices.ContainsFunc(tops, func(top string) bool { return within(top, dir) }) && !within(r.CommonDir, dir)
	}
	for _, dir := range dirs {
		if !linkIn(inWorkTree, dir) {
			t.dirs = append(t.dirs, dir)
		}
	}
	return t, nil
}

// hooksPathOf is the last value of core.hooksPath that is not ours.
func hooksPathOf(ctx context.Context, r *repo.Repo, kind string) (value string, set bool, err error) {
	out, err := repo.Output(r.GitParsed(ctx, "config", "--show-scope", kind, "-z", "--get-all", "core.hooksPath"))
	var no *repo.GitError
	if err != nil && !(errors.As(err, &no) && no.ExitCode == 1) { // 1: not set
		return "", false, err
	}
	fields := strings.Split(out, "\x00") // scope and value by turns
	for i := 0; i+1 < len(fields); i += 2 {
		if scope := fields[i]; scope != "worktree" && scope != "command" && fields[i+1] != dispatchDir(r) {
			value, set = fields[i+1], true
		}
	}
	return value, set, nil
}

// leavesRoom reports whether our hooks can be files in the git dir's own folder.
func (t theirHooks) leavesRoom(r *repo.Repo, wanted []string) (bool, error) {
	if t.set {
		return len(wanted) == 0, nil
	}
	real, err := filepath.EvalSymlinks(ownHooksDir(r))
	if err == nil && len(wanted) > 0 && !within(r.CommonDir, real) {
		return false, nil // it is a link to a folder that may serve others, too
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	for _, name := range wanted {
		path := filepath.Join(ownHooksDir(r), name)
		if _, err := os.Lstat(path); err != nil {
			continue
		}
		if ours, err := isOurs(path); err != nil || !ours {
			return false, err
		}
	}
	return true, nil
}

// has reports whether a hook of that name is in one of the folders.
func (t theirHooks) has(name string) bool {
	return slices.ContainsFunc(t.dirs, func(dir string) bool {
		info, err := os.Stat(filepath.Join(dir, name))
		return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
	})
}

// chained is the ending of the name under which versions before kept a hook that was
// there, to run it before theirs. managers are the endings under which lefthook and
// pre-commit keep a hook, ours, that they install theirs over.
const chained = ".before-git-swarm"

var managers = []string{".old", ".legacy"}

// removeKept takes out what is left in a folder of hooks that others have: a hook of a
// version before, so that the one which it kept counts again, and ours under the name
// that a hook manager gave it.
func removeKept(dir string) error {
	for _, name := range []string{PreCommit, PrePush} {
		path := filepath.Join(dir, name)
		for _, ending := range managers {
			if err := removeOurs(path + ending); err != nil {
				return err
			}
		}
		content, err := readHook(path)
		if err != nil {
			return err
		}
		ours := strings.Contains(content, hookMark) && strings.Contains(content, chained)
		if _, err := os.Lstat(path); err == nil && !ours {
			continue
		}
		err = os.Rename(path+chained, path)
		if isAbsent(err) && ours {
			err = os.Remove(path)
		}
		if err != nil && !isAbsent(err) {
			return err
		}
	}
	return nil
}
