package land

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/merge"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// What has landed is decided by content, not by commits: a branch may have been
// squashed on the remote, where git finds none of its patches.

// landedBefore is the newest commit of the branch up to which all has landed, "" if
// there is none: merging it into the target gives the target's own tree. Commits
// that change nothing together are not looked for.
func (b *rebase) landedBefore(ctx context.Context, r *repo.Repo) (string, error) {
	commits, err := repo.Line(r.GitParsed(ctx, "rev-list", "--first-parent", "--max-count="+mostLanded, b.tip, "^"+b.after, "^"+b.onto))
	if err != nil || commits == "" {
		return "", err
	}
	base, err := repo.Line(r.GitParsed(ctx, "merge-base", b.onto, b.tip))
	if err != nil {
		return "", refusedAs(err, nil) // nothing in common
	}
	list := strings.Split(commits, "\n")
	trees, err := treesOf(ctx, r, slices.Concat([]string{b.onto, base}, list)...)
	if err != nil {
		return "", err
	}
	for i, commit := range list {
		if trees[2+i] == trees[1] {
			continue
		}
		merged, err := mergedTree(ctx, r, b.onto, commit)
		if err != nil {
			return "", err
		}
		if merged == trees[0] {
			return commit, nil
		}
	}
	return "", nil
}

// mostLanded is how many commits of a branch are asked, one by one, whether they have
// landed.
const mostLanded = "200"

// HasAll reports whether onto has all that is on tip, a commit or a ref: the commits,
// or what they change, in whatever commits it has landed.
func HasAll(ctx context.Context, r *repo.Repo, onto, tip string) (bool, error) {
	_, err := repo.Output(r.GitParsed(ctx, "merge-base", "--is-ancestor", tip, onto))
	var no *repo.GitError
	if err == nil || !errors.As(err, &no) || no.ExitCode != 1 {
		return err == nil, err
	}
	if _, err := repo.Output(r.GitParsed(ctx, "merge-base", onto, tip)); err != nil {
		return false, refusedAs(err, nil) // nothing in common
	}
	trees, err := treesOf(ctx, r, onto)
	if err != nil {
		return false, err
	}
	merged, err := mergedTree(ctx, r, onto, tip)
	return merged == trees[0], err
}

// addsNothing reports whether the rebased branch, whose tip is next, leaves the target
// as it is although its commits change something: they have landed together.
func (b *rebase) addsNothing(ctx context.Context, r *repo.Repo, next string) (bool, error) {
	if next == b.onto || b.differ(ctx, next, b.onto) {
		return false, nil
	}
	trees, err := treesOf(ctx, r, next, b.onto, b.tip)
	if err != nil || trees[0] != trees[1] {
		return false, err
	}
	base, err := repo.Line(r.GitParsed(ctx, "merge-base", b.onto, b.tip))
	if err != nil {
		return false, refusedAs(err, nil)
	}
	was, err := treesOf(ctx, r, base)
	if err != nil || was[0] == trees[2] { // they undo each other
		return false, err
	}
	changing, err := repo.Line(r.GitParsed(ctx, "rev-list", "--max-count=1", b.onto+".."+next, "--", ":/"))
	return changing != "", err // else they are empty on purpose
}

// differ reports whether two commits certainly have different trees. It starts no process.
func (b *rebase) differ(ctx context.Context, one, other string) bool {
	if b.commit == nil {
		return false
	}
	c, err := b.commit(ctx, one)
	if err != nil {
		return false
	}
	o, err := b.commit(ctx, other)
	return err == nil && c.Tree != o.Tree
}

// mergedTree is the tree of a merge of the commits, "" if they conflict. Nothing is
// healed in it.
func mergedTree(ctx context.Context, r *repo.Repo, ours, theirs string) (string, error) {
	noDriver, err := merge.WithoutDriver(r)
	if err != nil {
		return "", err
	}
	tree, err := repo.Line(r.GitParsed(ctx, append(noDriver, "merge-tree", "--write-tree", "--no-messages", ours, theirs)...))
	var conflict *repo.GitError
	if errors.As(err, &conflict) && conflict.ExitCode == 1 {
		return "", nil
	}
	return tree, err
}

func treesOf(ctx context.Context, r *repo.Repo, commits ...string) ([]string, error) {
	args := []string{"rev-parse"}
	for _, commit := range commits {
		args = append(args, commit+"^{tree}")
	}
	out, err := repo.Line(r.GitParsed(ctx, args...))
	return strings.Split(out, "\n"), err
}
