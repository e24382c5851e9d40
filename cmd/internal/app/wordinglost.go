package app

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/refstore/file"
)

// formatNoRepository words that there is no repository here: of a linked worktree, which
// names its repository by its path, that this was moved or deleted.
func (c *call) formatNoRepository() *wording {
	if c != nil && c.App != nil && c.Env.Get("GIT_DIR") == "" {
		if top, record := lostWorktree(c.Dir); record != "" {
			return &wording{
				"this worktree looks for its repository in '" + record + "', and it is not there",
				"if the repository was moved, in its main checkout: git worktree repair " + text.ShellWord(top), exitFatal,
			}
		}
	}
	return &wording{"not a git repository (or any of the parent directories)", "git init", exitFatal}
}

// lostWorktree is the linked worktree that dir is in, and git's record of it that is not
// where its .git file says; record is "" where dir is in none.
func lostWorktree(dir string) (top, record string) {
	dir, err := filepath.Abs(dir)
	for ; err == nil; dir = filepath.Dir(dir) {
		content, failed := file.Read(filepath.Join(dir, ".git"), 4096)
		path, ok := strings.CutPrefix(strings.TrimRight(string(content), "\r\n"), "gitdir: ")
		if failed == nil && ok {
			if !filepath.IsAbs(path) {
				path = filepath.Join(dir, path)
			}
			if _, err := os.Stat(path); err != nil && strings.Contains(path, "/worktrees/") {
				return dir, path
			}
			return "", ""
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	return "", ""
}
