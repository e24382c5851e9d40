package land

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/gitlock"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Without a remote, the target is a branch of this repository. Where it is checked
// out, that checkout follows as git merge --ff-only would, and nothing lands if it
// cannot.

// TargetCheckoutError says that the target is checked out in a worktree that cannot
// follow to what would land.
type TargetCheckoutError struct {
	Branch string
	Dir    string
	Err    error // *InTheWayError, *UnfinishedError, *gitlock.LockedError, ErrBusy
}

func (e *TargetCheckoutError) Error() string {
	return fmt.Sprintf("%s is checked out in %s: %s", e.Branch, e.Dir, e.Err)
}

// Unwrap returns why the worktree cannot follow.
func (e *TargetCheckoutError) Unwrap() error { return e.Err }

// localTip is the commit that a local branch is at, "" if there is no such branch.
func (l *Lander) localTip(ctx context.Context, branch string) (string, error) {
	tip, err := repo.Line(l.Repo.GitParsed(ctx, "rev-parse", "--verify", "--quiet", "refs/heads/"+branch+"^{commit}"))
	return tip, refusedAs(err, nil)
}

// holdCheckout finds the worktree in which the local branch is checked out, nil if it
// is in none or in this one, completes a move there that was killed, and keeps pushes
// and pulls away until release is called, which is never nil.
func (l *Lander) holdCheckout(ctx context.Context, branch string) (there *repo.Repo, release func(), err error) {
	release = func() {}
	there, err = l.checkoutOf(ctx, branch)
	if err != nil || there == nil || there.GitDir == l.Repo.GitDir {
		return nil, release, err
	}
	unlock, err := file.TryLockPath(filepath.Join(there.GitDir, "swarm-rebase.lock"))
	if errors.Is(err, file.ErrLocked) {
		err = &TargetCheckoutError{branch, there.WorkTree, ErrBusy}
	}
	if err != nil {
		return nil, release, err
	}
	err = settle(ctx, there)
	if err == nil {
		err = recoverMove(ctx, there)
	}
	if err != nil {
		unlock()
		return nil, release, &TargetCheckoutError{branch, there.WorkTree, err}
	}
	return there, unlock, nil
}

// checkoutOf is the worktree in which the branch is checked out, or in which it is
// being rebased or bisected; nil if there is none.
func (l *Lander) checkoutOf(ctx context.Context, branch string) (*repo.Repo, error) {
	known, err := l.Repo.Checkouts(ctx)
	if err != nil {
		return nil, err
	}
	env, ref := outsideEnv(l.Repo.Git(ctx).Env), "refs/heads/"+branch
	for _, c := range known {
		if c.Bare || !c.Detached && c.Branch != ref {
			continue
		}
		there, err := repo.Discover(env, c.Path)
		if err != nil || there.WorkTree == "" { // its folder is gone
			continue
		}
		if c.Branch == ref || usedBy(there, ref) {
			return there, nil
		}
	}
	return nil, nil
}

// usedBy reports whether a rebase or a bisection in the worktree goes back to the ref
// in the end.
func usedBy(there *repo.Repo, ref string) bool {
	for _, name := range []string{"rebase-merge/head-name", "rebase-apply/head-name", "BISECT_START"} {
		content, err := os.ReadFile(filepath.Join(there.GitDir, name))
		if text := strings.TrimSpace(string(content)); err == nil && (text == ref || "refs/heads/"+text == ref) {
			return true
		}
	}
	return false
}

// outsideEnv is an environment in which git finds the repository by the folder.
func outsideEnv(env repo.Env) repo.Env {
	for _, name := range []string{"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"} {
		env = env.Without(name)
	}
	return env
}

// targetMayFollow checks that the checkout of a local target, if there is one, can be
// moved.
func (l *Lander) targetMayFollow(ctx context.Context, target repo.Target, before, next string) error {
	if target.Remote != "" {
		return nil
	}
	there, release, err := l.holdCheckout(ctx, target.Branch)
	defer release()
	if err != nil || there == nil {
		return err
	}
	if _, err = checkedOut(ctx, there); err == nil {
		err = mayMove(ctx, there, before, next)
	}
	if err != nil {
		return &TargetCheckoutError{target.Branch, there.WorkTree, err}
	}
	return nil
}

// moveTarget moves a local target from before, where it was found, to next, and its
// checkout with it. A target that has moved meanwhile is errMoved.
func (l *Lander) moveTarget(ctx context.Context, branch, before, next string) error {
	found := before
	there, release, err := l.holdCheckout(ctx, branch)
	defer release()
	if err != nil {
		return err
	}
	if there != nil {
		err := move(ctx, there, checkout{branch, before}, next)
		if errors.Is(err, ErrOvertaken) {
			return errMoved
		}
		if err != nil {
			return &TargetCheckoutError{branch, there.WorkTree, err}
		}
		return nil
	}
	if before == "" {
		before = strings.Repeat("0", len(next))
	}
	ref := "refs/heads/" + branch
	_, err = gitlock.Output(ctx, l.Repo, gitlock.Ref(l.Repo, ref), func() *exec.Cmd {
		return l.Repo.GitParsed(ctx, "-c", "core.warnAmbiguousRefs=false", "update-ref", "-m", "git swarm: land", ref, next, before)
	})
	if err != nil {
		if tip, failed := l.localTip(ctx, branch); failed == nil && tip != found {
			return errMoved
		}
	}
	return err
}
