package repo

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/git-swarm/git-swarm/refstore/object"
)

// Repo is a repository as seen from the directory it was looked for from. The
// paths are absolute and free of symbolic links, as git rev-parse prints them.
type Repo struct {
	GitDir    string // the worktree's own: HEAD, index
	CommonDir string // shared by all worktrees: refs, config; GitDir itself in the main one
	WorkTree  string // its top; empty in a bare repository and inside a git dir
	Prefix    string // where we are below WorkTree, with slashes and none at the end; empty at the top
	ObjectDir string
	Bare      bool        // as git rev-parse --is-bare-repository
	Algo      object.Algo // the object format
	RefFormat string      // "files" or "reftable"

	env    Env
	dir    string // where git is run
	linked bool   // .git is a symbolic link
	format format

	configOnce sync.Once
	config     *Config
	configErr  error
}

// Discover finds the repository that git would use in dir, which is relative to
// the process's working directory; empty means there. It honours what git
// honours: GIT_DIR, GIT_WORK_TREE, GIT_COMMON_DIR, GIT_OBJECT_DIRECTORY,
// GIT_CEILING_DIRECTORIES, GIT_DISCOVERY_ACROSS_FILESYSTEM, core.worktree,
// core.bare, .git files, safe.directory and safe.bareRepository. In one thing it is
// stricter: a bare repository in the work tree of another one is a folder of that
// one, for five committed files make a bare repository; [DiscoverNamed] uses it.
//
// The error wraps [ErrNotRepository] if there is none, is a [NotTrustedError] if
// git refuses to use it, and a [GitError] if git cannot read it.
func Discover(env Env, dir string) (*Repo, error) { return discover(env, dir, false) }

// DiscoverNamed is Discover for a directory that the user named, as with -C: a bare
// repository there is used wherever it lies.
func DiscoverNamed(env Env, dir string) (*Repo, error) { return discover(env, dir, true) }

func discover(env Env, dir string, named bool) (*Repo, error) {
	cwd, err := physical(dir)
	if err != nil {
		return nil, err
	}
	f := finder{Repo: &Repo{env: env, dir: cwd}, byName: named}
	if gitDir, set := env.Lookup("GIT_DIR"); set {
		err = f.named(gitDir)
	} else {
		err = f.walk()
	}
	var content *contentError
	if errors.As(err, &content) {
		return at(env, content.outer, cwd)
	}
	if err != nil {
		return nil, err
	}
	f.withNoted()
	return f.Repo, nil
}

// contentError says that a bare repository was found that is only content of
// another repository's work tree.
type contentError struct {
	outer string // the top of that work tree
}

func (e *contentError) Error() string { return "a bare repository in the work tree of " + e.outer }

// physical is dir, absolute and without symbolic links.
func physical(dir string) (string, error) {
	if dir == "" || dir == "." {
		return workingDir()
	}
	if !filepath.IsAbs(dir) {
		cwd, err := workingDir()
		if err != nil {
			return "", err
		}
		dir = cwd + string(filepath.Separator) + dir // not cleaned: "link/.." is not "."
	}
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", err
	}
	if info, err := os.Stat(real); err == nil && !info.IsDir() {
		return "", &fs.PathError{Op: "chdir", Path: dir, Err: syscall.ENOTDIR}
	}
	return real, nil
}

// finder is a Repo in the making.
type finder struct {
	*Repo
	byName bool // the user named the directory
}

// refused asks git about a repository that looked wrong for this reason, and
// returns git's own refusal if there is one.
func (f *finder) refused(reason error) error {
	if err := askGit(f.env, f.dir); err != nil {
		return err
	}
	return fmt.Errorf("git accepts this repository, but: %w", reason)
}

// named uses the repository that GIT_DIR names. Its owner is not checked: who
// names it trusts it.
func (f *finder) named(gitDir string) error {
	path := f.from(gitDir)
	if info, err := os.Stat(path); gitDir != "" && err == nil && info.Mode().IsRegular() {
		target, err := followGitFile(path)
		if err != nil {
			return f.refused(err)
		}
		path = target
	}
	if gitDir == "" || !f.adopt(path, false) {
		return fmt.Errorf("%w: %q", ErrNotRepository, gitDir)
	}
	return f.explicit(true)
}

// walk goes up from the directory until something is a repository.
func (f *finder) walk() error {
	across, sure := f.env.truth("GIT_DISCOVERY_ACROSS_FILESYSTEM", false)
	if !sure {
		return f.refused(errors.New("bad boolean GIT_DISCOVERY_ACROSS_FILESYSTEM"))
	}
	ceilings := f.ceilings()
	device, _ := deviceOf(f.dir)
	for dir := f.dir; ; {
		found, err := f.at(dir)
		if found || err != nil {
			return err
		}
		parent := filepath.Dir(dir)
		if parent == dir || slices.Contains(ceilings, parent) {
			return ErrNotRepository
		}
		if d, ok := deviceOf(parent); !across && (!ok || d != device) {
			return ErrNotRepository
		}
		dir = parent
	}
}

// at looks for a repository in dir itself: its .git, or a bare one.
func (f *finder) at(dir string) (found bool, err error) {
	dotGit := filepath.Join(dir, ".git")
	info, err := os.Lstat(dotGit)
	link := err == nil && info.Mode()&fs.ModeSymlink != 0
	if link {
		info, err = os.Stat(dotGit)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
	case err != nil || !info.IsDir() && !info.Mode().IsRegular():
		// Versions of git differ here: some go on as if there were none.
		if err := askGit(f.env, f.dir); err != nil {
			return false, err
		}
	case info.IsDir():
		if f.adopt(dotGit, !link) {
			f.linked = link
			return true, f.discovered(dir, dir, dotGit)
		}
	default:
		target, err := followGitFile(dotGit)
		if err != nil || !f.adopt(target, false) {
			return false, f.refused(cmpErr(err, fmt.Errorf("%s names no git dir", dotGit)))
		}
		return true, f.discovered(dir, dotGit, dir, f.GitDir)
	}
	if !f.adopt(dir, true) {
		return false, nil
	}
	if outer, inside := f.outerOf(dir); inside && !(f.byName && dir == f.dir) {
		return false, &contentError{outer.dir}
	}
	return true, f.bare(dir)
}

func cmpErr(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

// ceilings are the directories that GIT_CEILING_DIRECTORIES keeps us out of.
func (f *finder) ceilings() []string {
	var list []string
	resolve := true
	for _, path := range filepath.SplitList(f.env.Get("GIT_CEILING_DIRECTORIES")) {
		switch {
		case path == "": // those behind an empty entry are not to be resolved
			resolve = false
		case !filepath.IsAbs(path):
		case !resolve:
			list = append(list, filepath.Clean(path))
		default:
			if real, err := filepath.EvalSymlinks(path); err == nil {
				list = append(list, real)
			}
		}
	}
	return list
}

// discovered settles a repository with a work tree at dir. owned are the paths
// that must belong to the user.
func (f *finder) discovered(dir string, owned ...string) error {
	if err := f.trust(owned...); err != nil {
		return err
	}
	if err := f.readFormat(); err != nil {
		return err
	}
	if _, set := f.env.Lookup("GIT_WORK_TREE"); set || f.format.workTree != nil {
		return f.settle(true)
	}
	if f.format.bare == yes {
		return f.place("")
	}
	return f.place(dir)
}

// bare settles a git dir found at dir itself: a bare repository, or the inside
// of a .git.
func (f *finder) bare(dir string) error {
	if err := f.trust(dir); err != nil {
		return err
	}
	if err := f.trustBare(); err != nil {
		return err
	}
	return f.explicit(false)
}

// explicit settles a repository whose work tree is not known from where it lies.
// Without settings it is the working directory if implicit, else none.
func (f *finder) explicit(implicit bool) error {
	if err := f.readFormat(); err != nil {
		return err
	}
	return f.settle(implicit)
}

func (f *finder) settle(implicit bool) error {
	work, set := f.env.Lookup("GIT_WORK_TREE")
	if allowed, sure := f.env.truth("GIT_IMPLICIT_WORK_TREE", true); !allowed || !sure {
		implicit = false
	}
	switch {
	case set && work == "":
		return f.refused(errors.New("GIT_WORK_TREE is empty"))
	case set:
		work = f.from(work)
	case f.format.bare == yes:
		return f.place("")
	case f.format.workTree != nil:
		work = *f.format.workTree
		if !filepath.IsAbs(work) {
			work = f.GitDir + string(filepath.Separator) + work
			if info, err := os.Stat(work); err != nil || !info.IsDir() {
				return f.refused(fmt.Errorf("core.worktree %q is no directory", *f.format.workTree))
			}
		}
	case implicit:
		work = f.dir
	default:
		return f.place("")
	}
	real, err := resolved(work)
	if err != nil {
		return f.refused(err)
	}
	return f.place(real)
}

// place sets the work tree and what follows from it.
func (f *finder) place(work string) error {
	f.WorkTree = work
	f.Bare = work == "" && f.format.declared != no
	if work != "" {
		if rel, err := filepath.Rel(work, f.dir); err == nil && filepath.IsLocal(rel) && rel != "." {
			f.Prefix = filepath.ToSlash(rel)
		}
	}
	return nil
}

// from is a path of the environment, which is relative to the directory.
func (f *finder) from(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return f.dir + string(filepath.Separator) + path
}

// resolved is path without symbolic links; its last part need not exist.
func resolved(path string) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return real, err
	}
	path = strings.TrimRight(path, string(filepath.Separator))
	dir, base := filepath.Split(path)
	if base == "" || base == "." || base == ".." {
		return "", err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return "", err
	}
	return filepath.Join(dir, base), nil
}
