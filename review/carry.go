package review

import (
	"context"
	"errors"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// errGone says that the approved commits are not in the repository.
var errGone = errors.New("the approved commits are gone")

// sameChange reports whether r is the approved change, on the same base or carried
// over to another. The error is errGone if there is nothing to compare with.
func sameChange(ctx context.Context, git *repo.Repo, review *Review, r *Range) (bool, error) {
	if review.Tip == r.Tip {
		// All of r was approved, unless the target was moved back: then r also has
		// commits that were on the target before, and were taken off it.
		if review.Base == r.Base || isAncestor(ctx, git, review.Base, r.Base) {
			return true, nil
		}
	}
	trees, err := resolve(ctx, git, string(review.Base)+"^{tree}", string(review.Tip)+"^{tree}", string(r.Tip)+"^{tree}")
	if err != nil {
		return false, err
	}
	approved, tree := trees[1], trees[2]
	switch {
	case trees[0] == "" || approved == "":
		return false, errGone
	case tree == "":
		return false, &NoCommitError{string(r.Tip)}
	}
	if review.Base == r.Base {
		return approved == tree, nil
	}
	carried, err := carry(ctx, git, review.Base, review.Tip, r.Base)
	if err != nil || carried == tree {
		return err == nil, err
	}
	carried, err = replay(ctx, git, review, r.Base)
	return err == nil && carried == tree, err
}

func isAncestor(ctx context.Context, git *repo.Repo, of, commit object.Hash) bool {
	_, err := repo.Output(git.GitParsed(ctx, "merge-base", "--is-ancestor", string(of), string(commit)))
	return err == nil
}

// carry merges the change from..to into base and returns the tree, "" if there is a
// conflict. git merge-tree finds the merge base itself (the option to name one came
// with git 2.40): to make it from, base's tree is committed on top of from.
func carry(ctx context.Context, git *repo.Repo, from, to, base object.Hash) (object.Hash, error) {
	cmd := git.GitParsed(ctx, "commit-tree", string(base)+"^{tree}", "-p", string(from), "-m", "carried over")
	cmd.Env = append(cmd.Env, "GIT_AUTHOR_NAME=git swarm", "GIT_AUTHOR_EMAIL=", "GIT_COMMITTER_NAME=git swarm", "GIT_COMMITTER_EMAIL=",
		"GIT_AUTHOR_DATE=2000-01-01T00:00:00Z", "GIT_COMMITTER_DATE=2000-01-01T00:00:00Z")
	side, err := gitOutput(cmd)
	if err != nil {
		return "", err
	}
	out, err := gitOutput(git.GitParsed(ctx, "-c", "merge.renames=true", "merge-tree", "--write-tree", "--no-messages", side, string(to)))
	var no *repo.GitError
	if errors.As(err, &no) && no.ExitCode == 1 {
		return "", nil
	}
	return object.Hash(out), err
}

// maxReplay is the largest number of commits that replay carries over.
const maxReplay = 200

// replay carries the approved commits over to base one by one, without those whose
// change it has already, as git rebase does. It returns the tree, "" if there is a
// conflict. It can succeed where carrying the sum of the commits does not: where a
// file was renamed and then rewritten, for example.
func replay(ctx context.Context, git *repo.Repo, review *Review, base object.Hash) (object.Hash, error) {
	out, err := gitOutput(git.GitParsed(ctx, "rev-list", "--cherry-pick", "--right-only", "--min-parents=1", "--max-parents=1", "--topo-order", "--reverse",
		string(base)+"..."+string(review.Tip), "^"+string(review.Base)))
	commits := strings.Split(out, "\n")
	if err != nil || out == "" || len(commits) > maxReplay {
		return "", err
	}
	for _, commit := range commits {
		if base, err = carry(ctx, git, object.Hash(commit+"^"), object.Hash(commit), base); err != nil || base == "" {
			return "", err
		}
	}
	return base, nil
}
