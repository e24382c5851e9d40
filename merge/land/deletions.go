package land

import (
	"context"
	"fmt"
	"slices"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// DeletionsError says that a change deletes most of the files that are there. Most
// often its author did not mean that: the index was empty.
type DeletionsError struct{ Deleted, Of int }

func (e *DeletionsError) Error() string {
	if e.Deleted == e.Of {
		return fmt.Sprintf("this deletes all files that are there (%d)", e.Of)
	}
	return fmt.Sprintf("this deletes %d of the %d files that are there", e.Deleted, e.Of)
}

// manyFiles is how many files there must be for over half of them to be most.
const manyFiles = 20

// CheckDeletions returns a *DeletionsError if the change from one commit to another,
// "" for the index, deletes all files, or over half of twenty or more. Renamed ones
// do not count as deleted.
func CheckDeletions(ctx context.Context, r *repo.Repo, from, to string) error {
	gone, err := deleted(ctx, r, from, to, "--no-renames")
	if err != nil || gone == 0 {
		return err
	}
	files, err := repo.Fields(r.GitParsed(ctx, "ls-tree", "-r", "-z", "--name-only", "--full-tree", from))
	if err != nil {
		return err
	}
	if all := len(files); gone < all && (all < manyFiles || 2*gone <= all) {
		return nil
	}
	if gone, err = deleted(ctx, r, from, to, "--find-renames"); err != nil || 2*gone <= len(files) {
		return err
	}
	return &DeletionsError{gone, len(files)}
}

// checkDeletions is CheckDeletions between commits, for which it mostly needs no more than
// what is known of the change.
func (l *Lander) checkDeletions(ctx context.Context, from, to string) error {
	files, err := l.changedBetween(ctx, from, to)
	if err != nil || !slices.ContainsFunc(files, func(f changedFile) bool { return f.removed }) {
		return err
	}
	return CheckDeletions(ctx, l.Repo, from, to)
}

func deleted(ctx context.Context, r *repo.Repo, from, to, renames string) (int, error) {
	args := []string{"diff-tree", "-r", "--no-commit-id"}
	if to == "" {
		args = []string{"diff-index", "--cached"}
	}
	args = append(args, renames, "--diff-filter=D", "--name-only", "--no-relative", "-z", from)
	if to != "" {
		args = append(args, to)
	}
	files, err := repo.Fields(r.GitParsed(ctx, args...))
	return len(files), err
}
