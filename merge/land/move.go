package land

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/gitlock"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// InTheWayError says that uncommitted changes or untracked files are where the
// branch's new tip has files. Line is what git says of it.
type InTheWayError struct{ Line string }

func (e *InTheWayError) Error() string { return e.Line }

// mayMove checks that the checked out branch can be moved from tip to next
// without touching anything that is not committed. It changes nothing.
func mayMove(ctx context.Context, r *repo.Repo, tip, next string) error {
	err := readTree(ctx, r, tip, next, "-n")
	var inTheWay *InTheWayError
	if !errors.As(err, &inTheWay) {
		return err
	}
	// A file that was written again, with what it had, looks changed until git reads it.
	var no *repo.GitError
	if _, err := inIndex(ctx, r, "update-index", "-q", "--refresh"); err != nil && !errors.As(err, &no) { // it complains of what is changed
		return err
	}
	return readTree(ctx, r, tip, next, "-n")
}

// moveFile is the file that holds "BRANCH OLD NEW" while a branch is being moved.
func moveFile(r *repo.Repo) string { return filepath.Join(r.GitDir, "swarm-move") }

// ErrOvertaken says that another command moved or left the branch meanwhile.
var ErrOvertaken = errors.New("another command has changed the branch meanwhile")

// move takes branch, index and files from c.tip to next, keeping what is not
// committed. If it is killed half-way, recoverMove completes it. A branch that is
// no longer at c.tip gives ErrOvertaken, and one that is locked *gitlock.LockedError:
// then nothing changes.
func move(ctx context.Context, r *repo.Repo, c checkout, next string) error {
	now, err := checkedOut(ctx, r)
	if err != nil {
		return err
	}
	if now != c {
		return ErrOvertaken
	}
	if err := mayMove(ctx, r, c.tip, next); err != nil {
		return err
	}
	if err := file.Replace(moveFile(r), []byte(c.branch+" "+c.tip+" "+next+"\n"), 0o666); err != nil {
		return err
	}
	if err := readTree(ctx, r, c.tip, next); err != nil {
		return err
	}
	if err := moveBranch(ctx, r, c, next); err != nil {
		why := ErrOvertaken
		if locked := (*gitlock.LockedError)(nil); errors.As(err, &locked) {
			why = locked
		}
		if err := readTree(ctx, r, next, c.tip); err != nil {
			return fmt.Errorf("%w: %w", why, err)
		}
		return errors.Join(why, os.Remove(moveFile(r)))
	}
	return os.Remove(moveFile(r))
}

// readTree takes index and files from one commit to another. What is not
// committed stays. If that is impossible, it changes nothing and returns
// *InTheWayError. With the option -n it only finds out.
func readTree(ctx context.Context, r *repo.Repo, from, to string, options ...string) error {
	_, err := inIndex(ctx, r, slices.Concat([]string{"read-tree"}, options, []string{"-m", "-u", "--exclude-per-directory=.gitignore", from, to})...)
	var no *repo.GitError
	if errors.As(err, &no) {
		return &InTheWayError{no.Line()}
	}
	return err
}

func moveBranch(ctx context.Context, r *repo.Repo, c checkout, next string) error {
	ref := c.ref()
	_, err := gitlock.Output(ctx, r, gitlock.Ref(r, ref), func() *exec.Cmd {
		return r.GitParsed(ctx, "-c", "core.warnAmbiguousRefs=false", "update-ref", "--no-deref", "-m", "git swarm: rebase", ref, next, c.tip)
	})
	return err
}

// inIndex is the output of a git command that locks the index of the user's checkout.
func inIndex(ctx context.Context, r *repo.Repo, args ...string) (string, error) {
	return gitlock.Output(ctx, r, []string{gitlock.Index(r)}, func() *exec.Cmd { return indexGit(ctx, r, args...) })
}

// indexGit is a git command that may write an index. It gives it its checksum,
// whatever is configured: a split index whose parts have none is damaged
// (core.splitIndex with feature.manyFiles, in git 2.40 and later).
func indexGit(ctx context.Context, r *repo.Repo, args ...string) *exec.Cmd {
	return r.GitParsed(ctx, append([]string{"-c", "index.skipHash=false"}, args...)...)
}
