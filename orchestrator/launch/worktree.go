package launch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/setup"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/refstore/worktree"
)

// Worktree is a session's own checkout.
type Worktree struct {
	Session string
	Branch  string
	Path    string
	Made    bool // by this call
	// NewBranch says that the branch was made, too.
	NewBranch bool
	// Kept is the folder in which the files are that a half-made worktree had, and that
	// are not as in the branch; "" for none.
	Kept string
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

// NewWorktree is the worktree that a session is to have.
type NewWorktree struct {
	Session  string
	Branch   string
	Start    string    // the commit at which the branch begins, if it does not exist
	Progress io.Writer // receives what a post-checkout hook prints; nil for none
}

// AddWorktree makes a linked worktree with the session's branch checked out, and the
// session's identity in it. One that exists already is left alone, unless it was
// never whole: then it is made anew.
//
// The errors are those of worktree.Make, and *GoneError.
func AddWorktree(ctx context.Context, r *repo.Repo, n NewWorktree) (Worktree, error) {
	w := Worktree{Session: n.Session, Branch: n.Branch, Path: filepath.Join(WorktreeDir(r), n.Session)}
	if there, err := agents.FindWorktree(r, n.Session); err == nil {
		w.Path = there
		if half, err := worktree.HalfMade(ctx, r, there); err != nil || !half && !worktree.BeingMade(there) {
			return w, err
		}
	} else if othersAt(r, w) {
		return w, fmt.Errorf("worktree for %s: %w", n.Session, &worktree.ExistsError{Path: w.Path})
	}
	if unidentified(ctx, r, w.Path) {
		return w, identify(w)
	}
	if gone(r, w) {
		return w, &GoneError{w}
	}
	made, err := worktree.Make(ctx, r, worktree.Plan{
		Path: w.Path, Branch: n.Branch, Start: n.Start, Progress: n.Progress,
		Files: map[string]string{filepath.Base(repo.SessionFileIn("")): n.Session + "\n", setup.RecordName: setup.NewRecord},
	})
	var hook *worktree.HookError
	if err == nil || errors.As(err, &hook) {
		w.Made, w.Kept, w.NewBranch = true, made.Kept, made.NewBranch
	}
	if err != nil {
		err = fmt.Errorf("worktree for %s: %w", n.Session, err)
	}
	return w, err
}

// GoneError says that the folder of a session's worktree is not where it was made.
// Only a person knows whether it was moved, or deleted together with what was
// staged in it.
type GoneError struct{ Worktree }

func (e *GoneError) Error() string {
	return fmt.Sprintf("the worktree of %s is not at '%s' any more", e.Session, e.Path)
}

// othersAt reports whether another session's worktree is at that path, as after the
// session whose id it had got another.
func othersAt(r *repo.Repo, w Worktree) bool {
	if _, err := os.Lstat(w.Path); err != nil {
		return false
	}
	return slices.ContainsFunc(agents.Checkouts(r), func(c agents.Checkout) bool {
		return c.Session != "" && c.DotGit() == filepath.Join(w.Path, ".git")
	})
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

// unidentified reports whether path is a whole worktree of the repository without an
// identity.
func unidentified(ctx context.Context, r *repo.Repo, path string) bool {
	gitDir, err := gitDirOf(path)
	if err != nil || filepath.Dir(gitDir) != filepath.Join(r.CommonDir, "worktrees") {
		return false
	}
	if half, err := worktree.HalfMade(ctx, r, path); err != nil || half || worktree.BeingMade(path) {
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
