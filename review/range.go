package review

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Range is a change: the commits of Base..Tip.
type Range struct {
	Branch string      // full ref name of what is to land, "" if it is no branch
	Target string      // full ref name of what it is to land on
	Onto   object.Hash // the target's tip, "" if it is Base
	Base   object.Hash
	Tip    object.Hash
}

// FindRange returns the change that branch (a ref's full name, or HEAD) would land on
// target: from their merge base to its tip.
func FindRange(ctx context.Context, git *repo.Repo, branch, target string) (*Range, error) {
	r := &Range{Branch: branch, Target: target}
	if branch == "HEAD" {
		r.Branch = ""
		if out, err := repo.Output(git.GitParsed(ctx, "symbolic-ref", "--quiet", "HEAD")); err == nil {
			r.Branch = strings.TrimSpace(out)
		}
	}
	if !strings.HasPrefix(r.Branch, "refs/") { // a commit, as a detached HEAD is
		r.Branch = ""
	}
	var err error
	r.Onto, err = r.find(ctx, git, target, branch)
	return r, err
}

// find sets the range's tip to what one revision stands for, and its base to the
// merge base with another, whose commit it returns.
func (r *Range) find(ctx context.Context, git *repo.Repo, revision, tip string) (from object.Hash, err error) {
	ids, err := commitIDs(ctx, git, tip, revision)
	if err != nil {
		return "", err
	}
	r.Tip, from = ids[0], ids[1]
	out, err := repo.Output(git.GitParsed(ctx, "merge-base", string(from), string(r.Tip)))
	var no *repo.GitError
	if errors.As(err, &no) {
		return "", bus.Inputf("'%s' has no commit in common with the change", revision)
	}
	r.Base = object.Hash(strings.TrimSpace(out))
	return from, err
}

// ParseRange reads "A..B": the commits of B that A does not have.
func ParseRange(ctx context.Context, git *repo.Repo, text, target string) (*Range, error) {
	from, to, ok := strings.Cut(text, "..")
	if !ok || strings.HasPrefix(to, ".") {
		return nil, bus.Inputf("'%s' is not a range such as main..HEAD", text)
	}
	if to == "" {
		to = "HEAD"
	}
	if from == "" {
		from = "HEAD"
	}
	r := &Range{Target: target}
	if out, err := repo.Output(git.GitParsed(ctx, "rev-parse", "--symbolic-full-name", "--end-of-options", to)); err == nil {
		for word := range strings.FieldsSeq(out) {
			if strings.HasPrefix(word, "refs/heads/") {
				r.Branch = word
			}
		}
	}
	_, err := r.find(ctx, git, from, to)
	return r, err
}

// countCommits counts the commits of the range.
func (r *Range) countCommits(ctx context.Context, git *repo.Repo) (int, error) {
	out, err := repo.Output(git.GitParsed(ctx, "rev-list", "--count", string(r.Base)+".."+string(r.Tip)))
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(out))
}

// Now returns the range that the review's branch would land on target (a full ref
// name) now: both may have moved since the request. The range of a review without
// a branch ends at its commit. If there is no such target, the range begins where
// that of the request did.
func Now(ctx context.Context, git *repo.Repo, r *Review, target string) (*Range, error) {
	branch := r.Branch
	if branch == "" {
		branch = string(r.Tip)
	}
	now, err := FindRange(ctx, git, branch, target)
	var none *NoCommitError
	if !errors.As(err, &none) || none.Revision != target {
		return now, err
	}
	now, err = FindRange(ctx, git, branch, string(r.Base))
	if err != nil {
		return nil, err
	}
	now.Base, now.Target = r.Base, r.Target
	return now, nil
}

// resolve returns the ids of these revisions, as git reads them, with "" for one
// that names nothing here. It runs one process for all of them.
func resolve(ctx context.Context, git *repo.Repo, revisions ...string) ([]object.Hash, error) {
	cmd := git.GitParsed(ctx, "cat-file", "--batch-check=%(objectname)")
	cmd.Stdin = strings.NewReader(strings.Join(revisions, "\n") + "\n")
	out, err := repo.Output(cmd)
	if err != nil {
		return nil, err
	}
	ids := make([]object.Hash, len(revisions))
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if len(lines) != len(ids) {
		return ids, nil // a revision with a line feed names nothing
	}
	for i, line := range lines {
		if id := object.Hash(line); git.Algo.Valid(id) {
			ids[i] = id
		}
	}
	return ids, nil
}

// commitIDs resolves revisions, all of which must be commits.
func commitIDs(ctx context.Context, git *repo.Repo, revisions ...string) ([]object.Hash, error) {
	var peeled []string
	for _, r := range revisions {
		peeled = append(peeled, r+"^{commit}")
	}
	ids, err := resolve(ctx, git, peeled...)
	if i := slices.Index(ids, ""); err == nil && i >= 0 {
		err = &NoCommitError{revisions[i]}
	}
	return ids, err
}

// NoCommitError says that a revision does not name a commit of this repository.
type NoCommitError struct{ Revision string }

func (e *NoCommitError) Error() string {
	return fmt.Sprintf("'%s' is not a commit of this repository", e.Revision)
}

// gitOutput runs git and returns its output without the last line feed.
func gitOutput(cmd *exec.Cmd) (string, error) {
	out, err := repo.Output(cmd)
	return strings.TrimSuffix(out, "\n"), err
}
