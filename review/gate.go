package review

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Reason says why something may not land.
type Reason string

// The reasons.
const (
	NothingRequested Reason = "nothing requested"
	IsPending        Reason = "pending"
	IsRejected       Reason = "rejected"
	IsSuperseded     Reason = "superseded"      // only of a review that is not the newest
	IsOwn            Reason = "not independent" // by a session that the author's agent registered
	HasChanged       Reason = "changed"
	HasLanded        Reason = "landed"
	IsGone           Reason = "gone"           // the approved commits are not in this repository
	HasOtherTarget   Reason = "another target" // it was approved for another branch
)

// NotClearError says that what a session would land was not approved.
type NotClearError struct {
	Session  string
	Reason   Reason
	Target   string   // with HasOtherTarget: the full name of the ref that it would land on
	Review   *Review  // the newest request, nil if there is none
	Reviewer string   // with IsOwn: whose approval does not count
	Commits  []string // with HasChanged and HasLanded: "id subject" of the commits that were not approved
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
	case IsOwn:
		return fmt.Sprintf("%s: review #%d was approved by %s, which the agent of %s registered: that does not count", e.Session, e.Review.Number, e.Reviewer, e.Review.From)
	case HasLanded:
		line := fmt.Sprintf("%s: what review #%d approved has landed on %s already", e.Session, e.Review.Number, ShortRef(e.Review.Target))
		if len(e.Commits) > 0 {
			line += "; not approved: " + strings.Join(e.Commits, ", ")
		}
		return line
	case IsGone:
		return fmt.Sprintf("%s: what review #%d approved is gone from this repository, so nothing shows that it is the same", e.Session, e.Review.Number)
	case HasOtherTarget:
		return fmt.Sprintf("%s: review #%d approved it for %s, not for %s", e.Session, e.Review.Number, ShortRef(e.Review.Target), ShortRef(e.Target))
	case HasChanged:
		line := fmt.Sprintf("%s: changed since the approval of review #%d", e.Session, e.Review.Number)
		if len(e.Commits) > 0 {
			line += ": " + strings.Join(e.Commits, ", ")
		}
		return line
	}
	return e.Session + ": no review was requested"
}

// ShortRef is a branch or remote-tracking ref as people name it: main, or origin/main.
func ShortRef(ref string) string {
	return strings.TrimPrefix(strings.TrimPrefix(ref, "refs/heads/"), "refs/remotes/")
}

// Clear returns nil if the change Base..Tip of r, which the session is about to
// land, is what the reviewers of this review approved; else *NotClearError. The
// review is the session's newest request (see [Store.Latest]), nil for none.
//
// An approval by a session that the author's agent registered does not count, unless a
// person gave it in that session's place.
//
// An approval is for one target: r.Target, if it is known, must be the request's. It
// is used up when that change has landed there, through git swarm or not, and stays
// so when it is taken off again (see findLanded). A part that has landed does not
// land again with the rest.
//
// It is that change if r.Tip is the approved commit and no commit has been taken
// off the target since, or if the approved change applied to r.Base, as one
// three-way merge or one for each commit, has no conflict and gives exactly
// r.Tip's tree. So an approval survives a clean rebase, a merge of the target,
// and rewording, squashing or reordering commits. It does not survive anything
// that adds to the change, removes from it or alters it, even a change of white
// space: git's patch-id alone would miss that, for it ignores white space and
// where in a file a line stands. Where the approved commits are not in the repository
// nothing can be compared, and the approval does not hold.
func (s *Store) Clear(ctx context.Context, session string, review *Review, r *Range) error {
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
	case r.Target != "" && r.Target != review.Target:
		no.Reason, no.Target = HasOtherTarget, r.Target
		return no
	}
	for _, reviewer := range review.To {
		own, err := s.registered(ctx, review.Verdict(reviewer), review.From)
		if err != nil {
			return err
		}
		if own {
			no.Reason, no.Reviewer = IsOwn, reviewer
			return no
		}
	}
	git := s.bus.Store().Repo()
	through, err := s.isThrough(ctx, review, cmp.Or(r.Onto, r.Base))
	if err != nil {
		return err
	}
	reason := HasLanded
	if !through {
		reason, err = judge(ctx, git, review, r)
	}
	if err != nil || reason == "" {
		return err
	}
	no.Reason = reason
	if reason != IsGone {
		no.Commits = newCommits(ctx, git, review, r)
	}
	return no
}

// Stand reports whether all of these reviews, by which [Store.Clear] has let something land,
// are approved and their authors' newest requests in the transaction, too. With fence the
// table moves along with it, without a change: in a transaction that lands something on the
// hub, what takes an approval back comes before, and is seen, or after it has landed.
func (s *Store) Stand(ctx context.Context, tx *refstore.Tx, reviews []*Review, fence bool) (bool, error) {
	if len(reviews) == 0 {
		return true, nil
	}
	table, err := tx.Table(TableRef)
	if err != nil {
		return false, err
	}
	notes, err := s.bus.Store().Notes(ctx, NotesRef)
	if err != nil {
		return false, err
	}
	var names []string
	for _, r := range reviews {
		now, err := s.read(table, notes, r.Number)
		if err != nil || now.State != Approved {
			return false, err
		}
		names = append(names, fmt.Sprintf("#%d by %s", r.Number, r.From))
	}
	if !fence {
		return true, nil
	}
	last, err := tx.Counter(TableRef, fieldReviews)
	if err == nil {
		_, err = tx.Record(TableRef, refstore.Entry{
			Label: string(Comment), Body: strings.Join(names, ", ") + ": lands", Fields: []refstore.Field{refstore.Counter(fieldReviews, last)},
		})
	}
	return err == nil, err
}

// newCommits returns up to five commits of r, as "id subject", whose patch is none of
// the approved ones.
func newCommits(ctx context.Context, git *repo.Repo, review *Review, r *Range) []string {
	out, err := gitOutput(git.GitParsed(ctx, "cherry", "-v", string(review.Tip), string(r.Tip), string(r.Base)))
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
