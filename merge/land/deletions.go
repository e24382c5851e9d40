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
	if to == "" {
		return comparison{[]string{"diff-index", "--cached"}, []string{from}}.check(ctx, r, from)
	}
	return comparison{[]string{"diff-tree", "-r", "--no-commit-id"}, []string{from, to}}.check(ctx, r, from)
}

// CheckFiles is [CheckDeletions] for what a commit takes from the work tree: what git
// tracks, or of it what is at the paths, from dir.
func CheckFiles(ctx context.Context, r *repo.Repo, dir string, paths []string) error {
	return comparison{[]string{"-C", dir, "diff-index"}, append([]string{"HEAD", "--"}, paths...)}.check(ctx, r, "HEAD")
}

// comparison is a command of git that compares a commit with something.
type comparison struct{ command, operands []string }

// check is CheckDeletions for what differs from the commit.
func (c comparison) check(ctx context.Context, r *repo.Repo, from string) error {
	gone, err := c.deleted(ctx, r, "--no-renames")
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
	if gone, err = c.deleted(ctx, r, "--find-renames"); err != nil || 2*gone <= len(files) {
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

// deleted is how many files are gone.
func (c comparison) deleted(ctx context.Context, r *repo.Repo, renames string) (int, error) {
	options := []string{renames, "--diff-filter=D", "--name-only", "--no-relative", "--ignore-submodules=dirty", "-z"}
	files, err := repo.Fields(r.GitParsed(ctx, slices.Concat(c.command, options, c.operands)...))
	return len(files), err
}
