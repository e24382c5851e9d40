package review

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Reason is why something is not clear to land.
type Reason string

// The reasons.
const (
	NothingRequested Reason = "nothing requested"
	IsPending        Reason = "pending"
	IsRejected       Reason = "rejected"
	IsSuperseded     Reason = "superseded" // only of a review that is not the newest
	HasChanged       Reason = "changed"
)

// NotClearError says that what a session would land is not approved.
type NotClearError struct {
	Session string
	Reason  Reason
	Review  *Review  // the newest request, nil if there is none
	Commits []string // with HasChanged: "id subject" of the commits that were not approved
}

func (e *NotClearError) Error() string {
	switch e.Reason {
	case IsPending:
		return fmt.Sprintf("%s: review #%d is pending on %s", e.Session, e.Review.Number, strings.Join(e.Review.Waiting(), ", "))
	case IsRejected:
		v := e.Review.Rejection()
		return fmt.Sprintf("%s: review #%d was rejected by %s: %q", e.Session, e.Review.Number, v.By, v.Text)
	case IsSuperseded:
		return fmt.Sprintf("%s: review #%d was superseded by #%d", e.Session, e.Review.Number, e.Review.Newer)
	case HasChanged:
		line := fmt.Sprintf("%s: changed since the approval of review #%d", e.Session, e.Review.Number)
		if len(e.Commits) > 0 {
			line += ": " + strings.Join(e.Commits, ", ")
		}
		return line
	}
	return e.Session + ": no review was requested"
}

// Clear returns nil if the change Base..Tip of r, which the session is about to
// land, is what the reviewers of its newest request approved; else
// *NotClearError.
//
// It is that change if r.Tip is the approved commit and nothing was taken off the
// target, or if carrying the approved change over to r.Base, by a three-way merge
// or by one of each commit, works without a conflict and gives exactly r.Tip's
// tree. So an approval is kept by a clean rebase, by a merge of the target, by
// rewording, squashing and reordering, and it is dropped by anything that adds to,
// takes from or alters the change, were it a blank: which git's patch-id alone,
// blind to blanks and to where in a file a line stands, would not see. If the
// approved commits are gone from the repository, equal patch-ids decide.
func (b *Book) Clear(ctx context.Context, session string, r *Range) error {
	review, err := b.Latest(ctx, session)
	if err != nil {
		return err
	}
	return b.ClearBy(ctx, session, review, r)
}

// ClearBy is Clear with the given review in the newest request's place.
func (b *Book) ClearBy(ctx context.Context, session string, review *Review, r *Range) error {
	no := &NotClearError{Session: session, Review: review}
	switch {
	case review == nil || review.State == Withdrawn:
		no.Reason = NothingRequested
		return no
	case review.State == Rejected:
		no.Reason = IsRejected
		return no
	case review.State == Superseded:
		no.Reason = IsSuperseded
		return no
	case review.State != Approved:
		no.Reason = IsPending
		return no
	}
	git := b.bus.Store().Repo()
	same, err := sameChange(ctx, git, review, r)
	if err != nil || same {
		return err
	}
	no.Reason = HasChanged
	no.Commits = newCommits(ctx, git, review, r)
	return no
}

// sameChange decides whether r is the approved change, carried over.
func sameChange(ctx context.Context, git *repo.Repo, review *Review, r *Range) (bool, error) {
	if review.Tip == r.Tip {
		// All of r was approved, unless the target was moved back: then r has
		// commits that stood on the target before, and were taken off it.
		if review.Base == r.Base || isAncestor(ctx, git, review.Base, r.Base) {
			return true, nil
		}
	}
	trees, err := resolve(ctx, git, string(review.Base)+"^{tree}", string(review.Tip)+"^{tree}", string(r.Tip)+"^{tree}")
	if err != nil {
		return false, err
	}
	approved, tree := trees[1], trees[2]
	if trees[0] == "" || approved == "" {
		patch, err := PatchID(ctx, git, r)
		return err == nil && patch == review.Patch, err
	}
	if tree == "" {
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

// carry merges the change from..to onto base and returns the tree, "" if there is
// a conflict. git merge-tree finds the merge base by itself (an option to name it
// came with git 2.40), so base's tree is put on top of from: then it is from.
func carry(ctx context.Context, git *repo.Repo, from, to, base object.Hash) (object.Hash, error) {
	cmd := git.GitParsed(ctx, "commit-tree", string(base)+"^{tree}", "-p", string(from), "-m", "carried over")
	cmd.Env = append(cmd.Env, "GIT_AUTHOR_NAME=git swarm", "GIT_AUTHOR_EMAIL=", "GIT_COMMITTER_NAME=git swarm", "GIT_COMMITTER_EMAIL=",
		"GIT_AUTHOR_DATE=2000-01-01T00:00:00Z", "GIT_COMMITTER_DATE=2000-01-01T00:00:00Z")
	side, err := said(cmd)
	if err != nil {
		return "", err
	}
	out, err := said(git.GitParsed(ctx, "-c", "merge.renames=true", "merge-tree", "--write-tree", "--no-messages", side, string(to)))
	var no *repo.GitError
	if errors.As(err, &no) && no.ExitCode == 1 {
		return "", nil
	}
	return object.Hash(out), err
}

// maxReplay is how many commits replay carries over.
const maxReplay = 200

// replay carries the approved commits over one by one, without those that the
// target has already, as git rebase does. That can be clean where carrying their
// sum is not: if a file was renamed and then rewritten, say.
func replay(ctx context.Context, git *repo.Repo, review *Review, base object.Hash) (object.Hash, error) {
	out, err := said(git.GitParsed(ctx, "rev-list", "--cherry-pick", "--right-only", "--min-parents=1", "--max-parents=1", "--topo-order", "--reverse",
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

// newCommits names the commits of r whose patch is in none of the approved ones.
func newCommits(ctx context.Context, git *repo.Repo, review *Review, r *Range) []string {
	out, err := said(git.GitParsed(ctx, "cherry", "-v", string(review.Tip), string(r.Tip), string(r.Base)))
	if err != nil {
		return nil
	}
	var commits []string
	for line := range strings.Lines(out) {
		sign, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		id, subject, _ := strings.Cut(rest, " ")
		if sign == "+" {
			commits = append(commits, id[:min(10, len(id))]+" "+subject)
		}
	}
	return commits[:min(len(commits), 5)]
}
