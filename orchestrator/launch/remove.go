package launch

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/setup"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// KeptError says that a worktree is not removed, for something in it is nowhere else.
type KeptError struct {
	Worktree
	Files []string // changed, untracked or ignored, as git status --porcelain has them
}

func (e *KeptError) Error() string {
	return fmt.Sprintf("the worktree of %s has files that are nowhere else: '%s'", e.Session, e.Path)
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
// yes to, it changes nothing and gives a KeptError.
func RemoveWorktree(ctx context.Context, r *repo.Repo, w Worktree, disposable func(name string) bool) error {
	out, err := repo.Output(r.GitParsed(ctx, "-C", w.Path, "status", "--porcelain", "-z", "--ignored=matching", "--untracked-files=all"))
	if err != nil {
		return err
	}
	var files []string
	for entry := range strings.SplitSeq(strings.TrimSuffix(out, "\x00"), "\x00") {
		if len(entry) > 3 && !(strings.HasPrefix(entry, "!! ") && disposable(entry[3:])) {
			files = append(files, entry[3:])
		}
	}
	if len(files) > 0 {
		return &KeptError{w, files}
	}
	_, err = repo.Output(r.GitParsed(ctx, "worktree", "remove", w.Path))
	return err
}
