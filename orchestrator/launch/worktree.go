package launch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/orchestrator/agents"
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

// worktreeDir is the folder that holds the sessions' worktrees: beside the main
// checkout, or beside the bare repository, never in it.
func worktreeDir(r *repo.Repo) string {
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

// AddWorktree makes a linked worktree with the session's branch checked out, and
// gives it the session's identity. A branch that does not exist yet starts at HEAD.
// A worktree that exists already is left alone.
func AddWorktree(ctx context.Context, r *repo.Repo, session, branch string) (Worktree, error) {
	w := Worktree{Session: session, Branch: branch, Path: filepath.Join(worktreeDir(r), session)}
	if there, err := agents.FindWorktree(r, session); err == nil {
		w.Path = there
		return w, nil
	}
	if unidentified(r, w.Path) {
		return w, identify(w)
	}
	if gone(r, w) {
		return w, &GoneError{w}
	}
	args := []string{"worktree", "add", "--quiet"}
	if _, err := repo.Output(r.GitParsed(ctx, "rev-parse", "--verify", "--quiet", "refs/heads/"+branch)); err == nil {
		args = append(args, w.Path, branch)
	} else {
		args = append(args, "--no-track", "-b", branch, w.Path, "HEAD")
	}
	if _, err := repo.Output(r.GitParsed(ctx, args...)); err != nil {
		return w, fmt.Errorf("worktree for %s: %w", session, err)
	}
	w.Made = true
	return w, identify(w)
}

// GoneError says that the folder of a session's worktree is not where it was made.
// Only a person knows whether it was moved, or deleted together with what was
// staged in it.
type GoneError struct{ Worktree }

func (e *GoneError) Error() string {
	return fmt.Sprintf("the worktree of %s is not at '%s' any more", e.Session, e.Path)
}

// gone reports whether git still lists a worktree of the session at that path,
// although the folder does not exist any more.
func gone(r *repo.Repo, w Worktree) bool {
	if _, err := os.Lstat(w.Path); !errors.Is(err, fs.ErrNotExist) {
		return false
	}
	return slices.ContainsFunc(agents.Checkouts(r), func(c agents.Checkout) bool {
		return strings.EqualFold(c.Session, w.Session) && c.DotGit() == filepath.Join(w.Path, ".git")
	})
}

// unidentified reports whether path is a worktree of the repository without an
// identity, as AddWorktree leaves it when it is killed half-way.
func unidentified(r *repo.Repo, path string) bool {
	gitDir, err := gitDirOf(path)
	if err != nil || filepath.Dir(gitDir) != filepath.Join(r.CommonDir, "worktrees") {
		return false
	}
	_, err = os.Lstat(repo.SessionFileIn(gitDir))
	return errors.Is(err, fs.ErrNotExist)
}

// identify gives the worktree its session's identity.
func identify(w Worktree) error {
	gitDir, err := gitDirOf(w.Path)
	if err == nil {
		err = os.WriteFile(repo.SessionFileIn(gitDir), []byte(w.Session+"\n"), 0o666)
	}
	if err != nil {
		return fmt.Errorf("worktree for %s: %w", w.Session, err)
	}
	return nil
}

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
