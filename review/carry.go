package review

import (
	"cmp"
	"context"

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
	if review.Base == r.Base {
		return trees[1] == trees[3], nil
	}
	try := func(m *merger) (bool, error) { return l.carried(ctx, m, review, r.Base, trees[2], trees[3]) }
	same, err := try(&merger{git, git.ObjectDir}) // where there are no attributes
	if err != nil || same {
		return same, err
	}
	return withAttributes(ctx, git, review, r.Base, try)
}

// carried reports whether the approved change, carried over to base and its tree, gives
// the tree next: as the sum of its commits, or one by one.
func (l *landed) carried(ctx context.Context, m *merger, review *Review, base, tree, next object.Hash) (bool, error) {
	if !l.any() {
		carried, err := m.carry(ctx, review.Base, review.Tip, base)
		if err != nil || carried == next {
			return err == nil, err
		}
	}
	replayed, err := l.replay(ctx, m, base, tree)
	return err == nil && replayed == next, err
}

func isAncestor(ctx context.Context, git *repo.Repo, of, commit object.Hash) bool {
	_, err := repo.Output(git.GitParsed(ctx, "merge-base", "--is-ancestor", string(of), string(commit)))
	return err == nil
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
func (l *landed) replay(ctx context.Context, m *merger, base, tree object.Hash) (object.Hash, error) {
	commits := l.commits
	for len(commits) > 0 && l.had[commits[0]] {
		commits = commits[1:]
	}
	if l.merges || len(commits) == 0 || len(commits) > maxReplay {
		return "", nil
	}
	for _, commit := range commits {
		next, err := m.carry(ctx, commit+"^", commit, base)
		if err != nil || next == "" || l.had[commit] && next != tree {
			return "", err
		}
		base, tree = next, next
	}
	return tree, nil
}
