package repo

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/file"
)

// TrustedKey names, in the user's or the system's configuration, common git dirs
// of repositories that lie in the work tree of another one and that hooks may use
// all the same. Like safe.directory it has no meaning in a repository's own file.
const TrustedKey = "swarm.trusted"

// DiscoverOwn finds the repository in which an agent's hook may act for dir. It
// is the outermost one: a repository found in another's work tree was perhaps
// written there by whoever the hook is to guard against, and is a folder like any
// other. Two kinds count as [Discover] has them: a linked worktree of the
// outermost repository that its common dir lists, and a repository that
// [TrustedKey] names. With GIT_DIR it is Discover.
//
// git runs at the top of what was found, whatever lies between there and dir. The
// errors are those of Discover.
func DiscoverOwn(env Env, dir string) (*Repo, error) {
	if _, set := env.Lookup("GIT_DIR"); set {
		return Discover(env, dir)
	}
	cwd, err := physical(dir)
	if err != nil {
		return nil, err
	}
	found, err := around(env, cwd)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, ErrNotRepository
	}
	own, err := ownOf(env, found)
	if err != nil {
		return nil, err
	}
	return at(env, own.dir, cwd)
}

// IsContent reports whether what git would find for dir is not what DiscoverOwn
// does: content of another repository. It reads what makes a repository one, and no
// more; with GIT_DIR the answer is no.
func IsContent(env Env, dir string) bool {
	if _, set := env.Lookup("GIT_DIR"); set {
		return false
	}
	cwd, err := physical(dir)
	if err != nil {
		return false
	}
	found, err := around(env, cwd)
	if err != nil || len(found) < 2 {
		return false
	}
	own, err := ownOf(env, found)
	return err != nil || own.dir != found[0].dir
}

// at is the repository found at top, as seen from cwd below it; git runs at top.
func at(env Env, top, cwd string) (*Repo, error) {
	f := finder{Repo: &Repo{env: env, dir: top}}
	if ok, err := f.at(top); err != nil || !ok {
		return nil, cmpErr(err, ErrNotRepository)
	}
	f.Prefix = ""
	if f.WorkTree != "" {
		if rel, err := filepath.Rel(f.WorkTree, cwd); err == nil && filepath.IsLocal(rel) && rel != "." {
			f.Prefix = filepath.ToSlash(rel)
		}
	}
	f.withNoted()
	return f.Repo, nil
}

// NearestCommonDir is the common dir of the repository that git would find from
// dir, without opening it; "" if there is none.
func NearestCommonDir(env Env, dir string) string {
	cwd, err := physical(dir)
	if err != nil {
		return ""
	}
	found, err := around(env, cwd)
	if err != nil || len(found) == 0 {
		return ""
	}
	return found[0].commonDir
}

// ownOf is the one of the repositories, the nearest of which is the first, that is
// not only content of another.
func ownOf(env Env, found []surrounding) (surrounding, error) {
	outer := found[len(found)-1]
	if len(found) == 1 {
		return outer, nil
	}
	trusted, err := trustedDirs(env)
	if err != nil {
		return outer, err
	}
	for _, s := range found {
		if slices.Contains(trusted, s.commonDir) || s.commonDir == outer.commonDir && s.listed() {
			return s, nil
		}
	}
	return outer, nil
}

// surrounding is a repository that a folder lies in. Nothing of it was read but
// what makes it one.
type surrounding struct {
	dir       string // where it was found: the top of its work tree, or itself if bare
	gitDir    string
	commonDir string
	bare      bool // found as a git dir, not by its .git
}

// holds reports whether path lies in the work tree, and not in the git dir.
func (s surrounding) holds(path string) bool {
	return !s.bare && within(s.dir, path) && !within(s.gitDir, path) && !within(s.commonDir, path)
}

// listed reports whether the common dir knows the linked worktree at that place.
func (s surrounding) listed() bool {
	if s.gitDir == s.commonDir {
		return s.bare || s.gitDir == filepath.Join(s.dir, ".git")
	}
	back, err := file.Read(s.gitDir+"/gitdir", maxGitFile)
	path := strings.TrimRight(string(back), "\r\n")
	if err != nil || !within(s.commonDir+"/worktrees", s.gitDir) {
		return false
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(s.gitDir, path)
	}
	return ResolveLinks(path) == filepath.Join(s.dir, ".git")
}

func within(dir, path string) bool {
	return path == dir || strings.HasPrefix(path, strings.TrimSuffix(dir, "/")+"/")
}

// around lists the repositories that dir lies in, the nearest first. It reads
// only HEAD, commondir and .git files, and runs nothing.
func around(env Env, dir string) ([]surrounding, error) {
	f := finder{Repo: &Repo{env: env, dir: dir}}
	across, sure := env.truth("GIT_DISCOVERY_ACROSS_FILESYSTEM", false)
	if !sure {
		return nil, f.refused(errors.New("bad boolean GIT_DISCOVERY_ACROSS_FILESYSTEM"))
	}
	ceilings := f.ceilings()
	device, _ := deviceOf(dir)
	var found []surrounding
	for {
		if s, ok := surroundingAt(env, dir); ok {
			found = append(found, s)
		}
		parent := filepath.Dir(dir)
		if parent == dir || slices.Contains(ceilings, parent) {
			return found, nil
		}
		if d, ok := deviceOf(parent); !across && (!ok || d != device) {
			return found, nil
		}
		dir = parent
	}
}

func surroundingAt(env Env, dir string) (surrounding, bool) {
	f := finder{Repo: &Repo{env: env, dir: dir}}
	dotGit := filepath.Join(dir, ".git")
	s := surrounding{dir: dir}
	switch info, err := os.Stat(dotGit); {
	case err == nil && info.IsDir():
		if f.adopt(dotGit, false) {
			s.gitDir, s.commonDir = f.GitDir, f.CommonDir
			return s, true
		}
	case err == nil && info.Mode().IsRegular():
		if target, err := followGitFile(dotGit); err == nil && f.adopt(target, false) {
			s.gitDir, s.commonDir = f.GitDir, f.CommonDir
			return s, true
		}
	}
	if !f.adopt(dir, true) {
		return surrounding{}, false
	}
	s.gitDir, s.commonDir, s.bare = f.GitDir, f.CommonDir, true
	return s, true
}

// Trusted reports whether [TrustedKey] names the repository.
func (r *Repo) Trusted() (bool, error) {
	dirs, err := trustedDirs(r.env)
	return slices.Contains(dirs, r.CommonDir), err
}

// trustedDirs are the values of [TrustedKey] in the system's and the user's files.
func trustedDirs(env Env) ([]string, error) {
	l := loader{env: env}
	err := l.shared()
	if errors.Is(err, errUnsure) { // asked where no repository is
		l.entries, err = configThroughGit(env.With("GIT_DIR=/dev/null"), "/")
	}
	var dirs []string
	for _, e := range l.entries {
		if e.key == TrustedKey {
			dirs = append(dirs, ResolveLinks(e.value))
		}
	}
	return dirs, err
}

// Outer is the top of the work tree that contains this repository's, "" if none
// does.
func (r *Repo) Outer() (string, error) {
	dir := r.WorkTree
	if dir == "" {
		dir = r.GitDir
	}
	found, err := around(r.env, filepath.Dir(dir))
	if err != nil {
		return "", err
	}
	for _, s := range found {
		if s.holds(dir) && s.commonDir != r.CommonDir {
			return s.dir, nil
		}
	}
	return "", nil
}

// outerOf is the repository in whose work tree the bare repository at dir lies.
// There it is content: five committed files make one.
func (f *finder) outerOf(dir string) (surrounding, bool) {
	found, err := around(f.env, filepath.Dir(dir))
	if err != nil {
		return surrounding{}, false
	}
	for _, s := range found {
		if s.holds(dir) {
			return s, true
		}
		if within(s.gitDir, dir) || within(s.commonDir, dir) {
			return surrounding{}, false
		}
	}
	return surrounding{}, false
}
