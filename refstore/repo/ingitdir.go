package repo

import (
	"path/filepath"
	"strings"
)

// InGitDir reports whether dir, an absolute path without symbolic links, is a git
// dir or lies in one: below a folder named .git, whatever is in it, or below any
// other that git would take for a repository.
func InGitDir(env Env, dir string) bool {
	for {
		f := finder{Repo: &Repo{env: env, dir: dir}}
		if strings.EqualFold(filepath.Base(dir), ".git") || f.adopt(dir, true) {
			return true
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return false
		}
		dir = parent
	}
}
