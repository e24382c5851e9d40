package repo

import (
	"path/filepath"
	"strings"
)

// maxIncludeDepth is how deep git follows include.path.
const maxIncludeDepth = 10

// include follows an include.path in the file at from.
func (l *loader) include(e entry, from string, depth int) error {
	path, sure := expandHome(l.env, e.value)
	if !sure || path == "" || depth == maxIncludeDepth {
		return errUnsure
	}
	if !filepath.IsAbs(path) {
		path = filepath.Dir(from) + "/" + path
	}
	return l.file(path, false, depth+1)
}

// expandHome expands ~/ as git does in paths. sure is false for what git alone
// knows: ~user, %(prefix) and :(optional).
func expandHome(env Env, path string) (expanded string, sure bool) {
	if strings.HasPrefix(path, "%(prefix)/") || strings.HasPrefix(path, ":(") {
		return "", false
	}
	if !strings.HasPrefix(path, "~") {
		return path, true
	}
	home, set := env.Lookup("HOME")
	if !set || !strings.HasPrefix(path, "~/") {
		return "", false
	}
	return home + path[1:], true
}

// includeIf follows an includeIf.<condition>.path in the file at from. The common
// condition "gitdir:<folder>/" without wildcards is decided here, others by git.
func (l *loader) includeIf(e entry, from string, depth int) error {
	condition := strings.TrimPrefix(e.key, "includeif.")
	condition, isPath := strings.CutSuffix(condition, ".path")
	folder, isGitDir := strings.CutPrefix(condition, "gitdir:")
	if !isPath || !isGitDir || l.repo == nil {
		return errUnsure
	}
	within, sure := l.within(folder)
	if !sure {
		return errUnsure
	}
	if !within {
		return nil
	}
	return l.include(e, from, depth)
}

// within reports whether the git dir lies in folder, which ends in a slash.
func (l *loader) within(folder string) (within, sure bool) {
	if below, inHome := strings.CutPrefix(folder, "~/"); inHome {
		home, err := filepath.EvalSymlinks(l.env.Get("HOME"))
		if err != nil {
			return false, false
		}
		folder = home + "/" + below
	}
	if !filepath.IsAbs(folder) || !strings.HasSuffix(folder, "/") || strings.ContainsAny(folder, `*?[\`) {
		return false, false
	}
	if strings.HasPrefix(l.repo.GitDir, folder) {
		return true, true
	}
	// git then tries the path by which it came here, with its symbolic links.
	return false, !strings.HasPrefix(l.repo.GitDir+"/", folder) && l.cameStraight()
}

// cameStraight reports whether git knows the git dir by no other path than the
// one without symbolic links.
func (l *loader) cameStraight() bool {
	if _, named := l.env.Lookup("GIT_DIR"); named || l.repo.linked {
		return false
	}
	pwd := l.env.Get("PWD")
	if pwd == "" || pwd == l.repo.dir {
		return true
	}
	real, err := filepath.EvalSymlinks(pwd)
	return err != nil || real == pwd
}
