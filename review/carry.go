package review

import (
	"cmp"
	"context"
	"errors"

	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// judge says why r is not the approved change, on the same base or carried over to
// another; "" if it is.
func judge(ctx context.Context, git *repo.Repo, review *Review, r *Range) (Reason, error) {
	onto := cmp.Or(r.Onto, r.Base)
	if review.Tip == r.Tip && review.Base == onto {
		return "", nil
	}
	trees, err := resolve(ctx, git, string(review.Base)+"^{tree}", string(review.Tip)+"^{tree}", string(r.Base)+"^{tree}", string(r.Tip)+"^{tree}")
	switch {
	case err != nil:
		return "", err
	case trees[0] == "" || trees[1] == "":
		return IsGone, nil
	case trees[3] == "":
		return "", &NoCommitError{string(r.Tip)}
	}
	l, err := findLanded(ctx, git, review, onto)
	if err != nil || l.all {
		return HasLanded, err
	}
	if onto != r.Base {
		if l, err = findLanded(ctx, git, review, r.Base); err != nil {
			return "", err
		}
	}
	same, err := l.sameChange(ctx, git, review, r, trees)
	if err != nil || same {
		return "", err
	}
	return HasChanged, nil
}

// sameChange reports whether r is the approved change without what r.Base has of it.
// trees are those of the approved range's base and tip, and of r's.
func (l *landed) sameChange(ctx context.Context, git *repo.Repo, review *Review, r *Range, trees []object.Hash) (bool, error) {
	if review.Tip == r.Tip {
		// All of r was approved, unless the target was moved back: then r also has
		// commits that were on the target before, and were taken off it.
		if review.Base == r.Base || isAncestor(ctx, git, review.Base, r.Base) {
			return true, nil
		}
	}
	approved, tree := trees[1], trees[3]
	if review.Base == r.Base {
		return approved == tree, nil
	}
	if !l.any() {
		carried, err := carry(ctx, git, review.Base, review.Tip, r.Base)
		if err != nil || carried == tree {
			return err == nil, err
		}
	}
	replayed, err := l.replay(ctx, git, r.Base, trees[2])
	return err == nil && replayed == tree, err
}

func isAncestor(ctx context.Context, git *repo.Repo, of, commit object.Hash) bool {
	_, err := repo.Output(git.GitParsed(ctx, "merge-base", "--is-ancestor", string(of), string(commit)))
	return err == nil
}

// carry merges the change from..to into base and returns the tree, "" if there is a
// conflict. git merge-tree finds the merge base itself (the option to name one came
// with git 2.40): to make it from, base's tree is committed on top of from.
func carry(ctx context.Context, git *repo.Repo, from, to, base object.Hash) (object.Hash, error) {
	side, err := synthetic(ctx, git, from, base)
	if err != nil {
		return "", err
	}
	out, err := gitOutput(git.GitParsed(ctx, "-c", "merge.renames=true", "merge-tree", "--write-tree", "--no-messages", string(side), string(to)))
	var no *repo.GitError
	if errors.As(err, &no) && no.ExitCode == 1 {
		return "", nil
	}
	return object.Hash(out), err
}

// synthetic commits a tree on top of a commit, the same each time.
func synthetic(ctx context.Context, git *repo.Repo, parent, tree object.Hash) (object.Hash, error) {
	cmd := git.GitParsed(ctx, "commit-tree", string(tree)+"^{tree}", "-p", string(parent), "-m", "carried over")
	cmd.Env = append(cmd.Env, "GIT_AUTHOR_NAME=git swarm", "GIT_AUTHOR_EMAIL=", "GIT_COMMITTER_NAME=git swarm", "GIT_COMMITTER_EMAIL=",
		"GIT_AUTHOR_DATE=2000-01-01T00:00:00Z", "GIT_COMMITTER_DATE=2000-01-01T00:00:00Z")
	out, err := gitOutput(cmd)
	return object.Hash(out), err
}

// maxReplay is the largest number of commits that replay carries over.
const maxReplay = 200

// replay carries the approved commits over to base, whose tree is given, one by one. It
// returns the tree that they give, "" if there is a conflict. It can succeed where
// carrying the sum of the commits does not: where a file was renamed and then
// rewritten, for example.
//
// What has landed lands no second time: leading commits of that kind are left out, as
// git rebase does. A later one has to be there still, so that it adds nothing; else
// what the reviewers saw as the sum, it included, is not what would land. For the same
// reason nothing is replayed past a merge, whose own changes are in the sum alone.
func (l *landed) replay(ctx context.Context, git *repo.Repo, base, tree object.Hash) (object.Hash, error) {
	commits := l.commits
	for len(commits) > 0 && l.had[commits[0]] {
		commits = commits[1:]
	}
	if l.merges || len(commits) == 0 || len(commits) > maxReplay {
		return "", nil
	}
	for _, commit := range commits {
		next, err := carry(ctx, git, commit+"^", commit, base)
		if err != nil || next == "" || l.had[commit] && next != tree {
			return "", err
		}
		base, tree = next, next
	}
	return tree, nil
}
