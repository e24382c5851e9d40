package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Worktree is a session's own checkout.
type Worktree struct {
	Session string
	Branch  string
	Path    string
	Made    bool // by this call
}

// ErrNoCommit says that a worktree cannot be made of a repository without any
// commit.
var ErrNoCommit = errors.New("the repository has no commit yet")

// WorktreeDir is the folder that holds the sessions' worktrees: beside the main
// checkout, or beside the bare repository, never in it.
func WorktreeDir(r *repo.Repo) string {
	top := r.CommonDir
	if filepath.Base(top) == ".git" {
		top = filepath.Dir(top)
	}
	return strings.TrimSuffix(top, ".git") + ".worktrees"
}

// CheckWorktrees returns an error if worktrees cannot be made at all.
func CheckWorktrees(ctx context.Context, r *repo.Repo) error {
	if _, err := repo.Output(r.GitParsed(ctx, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")); err != nil {
		var git *repo.GitError
		if errors.As(err, &git) {
			return ErrNoCommit
		}
		return err
	}
	return nil
}

// AddWorktree makes a linked worktree with the session's branch in it, begun at
// HEAD if there is no such branch, and gives the worktree the session's
// identity. One that is there already is left alone.
func AddWorktree(ctx context.Context, r *repo.Repo, session, branch string) (Worktree, error) {
	w := Worktree{Session: session, Branch: branch, Path: filepath.Join(WorktreeDir(r), session)}
	if there, err := identified(r, session); err != nil || there != "" {
		w.Path = there
		return w, err
	}
	if cutShort(r, w.Path) {
		return w, identify(w)
	}
	if gone(r, w) {
		return w, &GoneError{w}
	}
	args := []string{"worktree", "add", "--quiet"}
	if _, err := repo.Output(r.GitParsed(ctx, "rev-parse", "--verify", "--quiet", "refs/heads/"+branch)); err == nil {
		args = append(args, w.Path, branch)
	} else {
		args = append(args, "-b", branch, w.Path, "HEAD")
	}
	if _, err := repo.Output(r.GitParsed(ctx, args...)); err != nil {
		return w, fmt.Errorf("worktree for %s: %w", session, err)
	}
	w.Made = true
	return w, identify(w)
}

// GoneError says that the folder of a session's worktree is not where it was made.
// Whether it was deleted, and what is in its index is of no more use, or moved, only
// a person knows.
type GoneError struct{ Worktree }

func (e *GoneError) Error() string {
	return fmt.Sprintf("the worktree of %s is not at '%s' any more", e.Session, e.Path)
}

// gone reports whether git still counts on a worktree of the session's at that
// path, of which somebody has deleted the folder.
func gone(r *repo.Repo, w Worktree) bool {
	if _, err := os.Lstat(w.Path); !errors.Is(err, fs.ErrNotExist) {
		return false
	}
	files, err := filepath.Glob(filepath.Join(r.CommonDir, "worktrees", "*", sessionFile))
	return err == nil && slices.ContainsFunc(files, func(file string) bool {
		id, err := os.ReadFile(file)
		return err == nil && strings.EqualFold(strings.TrimSpace(string(id)), w.Session) && dotGitOf(file) == filepath.Join(w.Path, ".git")
	})
}

// dotGitOf is the .git file of the worktree whose git dir the file is in, be it
// there or not; "" if that cannot be told.
func dotGitOf(file string) string {
	back, err := os.ReadFile(filepath.Join(filepath.Dir(file), "gitdir"))
	if err != nil {
		return ""
	}
	dotGit := strings.TrimSpace(string(back))
	if !filepath.IsAbs(dotGit) {
		dotGit = filepath.Join(filepath.Dir(file), dotGit)
	}
	return dotGit
}

// cutShort reports whether a worktree of the repository stands at path without
// an identity, as a kill between the two leaves it.
func cutShort(r *repo.Repo, path string) bool {
	gitDir, err := gitDirOf(path)
	if err != nil || filepath.Dir(gitDir) != filepath.Join(r.CommonDir, "worktrees") {
		return false
	}
	_, err = os.Lstat(filepath.Join(gitDir, sessionFile))
	return errors.Is(err, fs.ErrNotExist)
}

// identify gives the worktree its session's identity.
func identify(w Worktree) error {
	gitDir, err := gitDirOf(w.Path)
	if err == nil {
		err = os.WriteFile(filepath.Join(gitDir, sessionFile), []byte(w.Session+"\n"), 0o666)
	}
	if err != nil {
		return fmt.Errorf("worktree for %s: %w", w.Session, err)
	}
	return nil
}

// sessionFile is repo.Repo.SessionFile's name in each worktree's git dir.
const sessionFile = "swarm-session"

// gitDirOf reads the .git file of a linked worktree.
func gitDirOf(worktree string) (string, error) {
	content, err := os.ReadFile(filepath.Join(worktree, ".git"))
	if err != nil {
		return "", err
	}
	dir := strings.TrimSpace(strings.TrimPrefix(string(content), "gitdir: "))
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(worktree, dir)
	}
	return dir, nil
}

// identified returns the linked worktree that has the session's identity, "" if
// there is none, or if its folder is gone.
func identified(r *repo.Repo, session string) (string, error) {
	files, err := filepath.Glob(filepath.Join(r.CommonDir, "worktrees", "*", sessionFile))
	if err != nil {
		return "", err
	}
	for _, file := range files {
		id, err := os.ReadFile(file)
		if err != nil || !strings.EqualFold(strings.TrimSpace(string(id)), session) {
			continue
		}
		dotGit := dotGitOf(file)
		if _, err := os.Stat(dotGit); err == nil {
			return filepath.Dir(dotGit), nil
		}
	}
	return "", nil
}

// checkedOut is what the sessions' worktrees have checked out: by id the full name of
// a branch, or a commit.
func checkedOut(r *repo.Repo) map[string]string {
	files, err := filepath.Glob(filepath.Join(r.CommonDir, "worktrees", "*", sessionFile))
	if err != nil {
		return nil
	}
	heads := map[string]string{}
	for _, file := range append(files, filepath.Join(r.CommonDir, sessionFile)) {
		id, err := os.ReadFile(file)
		head, err2 := os.ReadFile(filepath.Join(filepath.Dir(file), "HEAD"))
		if err == nil && err2 == nil {
			heads[strings.TrimSpace(string(id))] = strings.TrimPrefix(strings.TrimSpace(string(head)), "ref: ")
		}
	}
	return heads
}

// ErrNoWorktree says that a session has no worktree here.
var ErrNoWorktree = errors.New("no worktree")

// FindWorktree is the path of the session's worktree, or ErrNoWorktree.
func FindWorktree(r *repo.Repo, session string) (string, error) {
	path, err := identified(r, session)
	if err == nil && path == "" {
		err = ErrNoWorktree
	}
	return path, err
}
