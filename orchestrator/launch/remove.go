package launch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/setup"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// KeptError says that a worktree is not removed, for something in it is nowhere else.
type KeptError struct {
	Worktree
	Files   []string // changed, untracked or ignored, as git status --porcelain has them
	Modules []string // submodules with commits of their own
}

func (e *KeptError) Error() string {
	return fmt.Sprintf("the worktree of %s has work that is nowhere else: '%s'", e.Session, e.Path)
}

// Made reports whether the checkout is a worktree that AddWorktree made.
func Made(r *repo.Repo, c agents.Checkout) bool {
	path := c.DotGit()
	return c.Session != "" && path != "" && (setup.Made(c.GitDir()) || filepath.Dir(filepath.Dir(path)) == WorktreeDir(r))
}

// Worktrees are those that AddWorktree made and that are there.
func Worktrees(r *repo.Repo) (made []Worktree) {
	for _, c := range agents.Checkouts(r) {
		path := filepath.Dir(c.DotGit())
		if Made(r, c) {
			made = append(made, Worktree{Session: c.Session, Branch: strings.TrimPrefix(c.Head(), "refs/heads/"), Path: path})
		}
	}
	return made
}

// RemoveWorktree removes a session's worktree; its branch stays. With any file in it
// that is changed, untracked or ignored, apart from ignored ones that disposable says
// yes to, it changes nothing and gives a KeptError; so with a submodule's own commits.
func RemoveWorktree(ctx context.Context, r *repo.Repo, w Worktree, disposable func(name string) bool) error {
	files, err := notClean(ctx, r, disposable, "-C", w.Path)
	if err != nil {
		return err
	}
	record, err := repo.Line(r.GitParsed(ctx, "-C", w.Path, "rev-parse", "--absolute-git-dir"))
	if err != nil {
		return err
	}
	modules, err := Modules(record)
	if err != nil {
		return err
	}
	var ahead []string
	args := []string{"worktree", "remove"}
	for _, m := range modules {
		inside, err := notClean(ctx, r, func(string) bool { return false }, "--git-dir="+m.Dir)
		if err != nil {
			return err
		}
		for _, name := range inside {
			files = append(files, m.Name+"/"+name)
		}
		if m.HasOwnCommits(ctx, r) {
			ahead = append(ahead, m.Name)
		}
		args = []string{"worktree", "remove", "--force"} // without, git removes none that has submodules
	}
	if len(files)+len(ahead) > 0 {
		return &KeptError{w, files, ahead}
	}
	_, err = repo.Output(r.GitParsed(ctx, append(args, w.Path)...))
	return err
}

// notClean are the files of the checkout that the options name, as git status has them:
// all that are changed, untracked or ignored, apart from ignored ones that are disposable.
func notClean(ctx context.Context, r *repo.Repo, disposable func(name string) bool, where ...string) (files []string, err error) {
	entries, err := repo.Fields(r.GitParsed(ctx, append(where, "status", "--porcelain", "-z", "--no-renames", "--ignored=matching", "--untracked-files=all", "--ignore-submodules=none")...))
	for _, entry := range entries {
		if len(entry) > 3 && !(strings.HasPrefix(entry, "!! ") && disposable(entry[3:])) {
			files = append(files, entry[3:])
		}
	}
	return files, err
}

// Module is the repository of a submodule of a linked worktree.
type Module struct {
	Name string // its path in the worktree, unless the submodule was given another name
	Dir  string
}

// Modules are the repositories of the submodules of the worktree that has this git
// directory. A linked worktree keeps them there: they go when it is removed.
func Modules(gitDir string) (modules []Module, err error) {
	top := filepath.Join(gitDir, "modules")
	err = filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !d.IsDir() {
			return err
		}
		for _, part := range []string{"HEAD", "objects", "refs"} { // of a repository
			if _, err := os.Lstat(filepath.Join(path, part)); err != nil {
				return nil
			}
		}
		name, err := filepath.Rel(top, path)
		modules = append(modules, Module{filepath.ToSlash(name), path})
		return err
	})
	return modules, err
}

// HasOwnCommits reports whether the submodule has commits that no remote of its had when
// it was last fetched; where git cannot say so, it has.
func (m Module) HasOwnCommits(ctx context.Context, r *repo.Repo) bool {
	own, err := repo.Line(r.GitParsed(ctx, "--git-dir="+m.Dir, "-c", "core.worktree=", "rev-list", "--max-count=1", "HEAD", "--branches", "--tags", "--not", "--remotes"))
	return err != nil || own != ""
}
