package app

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/review"
	"github.com/urfave/cli/v3"
)

// sayVerb is a verb that adds one event to a review.
func sayVerb(kind review.Kind, short string, needsText bool) *verb {
	return &verb{
		name: "review " + string(kind), news: true, group: groupReview, args: sayArgs(kind), min: 1, max: 2, short: short,
		session: true, json: true,
		flags: func() []cli.Flag {
			return []cli.Flag{&cli.StringFlag{Name: "comment", Aliases: []string{"m"}, Usage: "`TEXT` for the others, \"-\" for standard input"}}
		},
		run: func(ctx context.Context, c *call) error { return runSay(ctx, c, kind, needsText) },
	}
}

func sayArgs(kind review.Kind) string {
	if kind == review.Comment {
		return "REVIEW TEXT"
	}
	return "REVIEW"
}

func reviewApproveVerb() *verb {
	return sayVerb(review.Approve, "approve a review, as one of its reviewers", false)
}

func reviewRejectVerb() *verb {
	return sayVerb(review.Reject, "reject a review, and say why", true)
}

func reviewCommentVerb() *verb {
	return sayVerb(review.Comment, "say something of a review without a verdict", true)
}

func reviewWithdrawVerb() *verb {
	return sayVerb(review.Withdraw, "take back a request of this session's", false)
}

func runSay(ctx context.Context, c *call, kind review.Kind, needsText bool) error {
	comment := c.cmd.String("comment")
	if len(c.args) == 2 {
		if kind != review.Comment || comment != "" {
			return c.verb.unexpected(c.args[1])
		}
		comment = c.args[1]
	}
	comment, err := c.body(comment)
	if err != nil {
		return err
	}
	if needsText && strings.TrimSpace(comment) == "" {
		return usageOf(c.verb, "--comment is missing: say why")
	}
	b, id, err := c.acting()
	if err != nil {
		return err
	}
	book, err := c.book(ctx, b)
	if err != nil {
		return err
	}
	r, err := c.findReview(ctx, book, c.args[0])
	if err != nil {
		return err
	}
	if kind == review.Approve && strings.TrimPrefix(c.args[0], "#") != strconv.Itoa(r.Number) {
		return refuseUnnumbered(r.Number) // a newer request may have taken the place of the one that was looked at
	}
	now, err := book.AddEvent(ctx, id, r.Number, kind, comment)
	if err != nil {
		return &reviewError{r.Number, err}
	}
	if kind == review.Reject || kind == review.Withdraw {
		c.taskInReview(ctx, id, now, false)
	}
	if c.wantJSON() {
		return c.object("review", jsonReview(now))
	}
	done := map[review.Kind]string{review.Approve: "approved", review.Reject: "rejected", review.Comment: "commented on", review.Withdraw: "withdrawn"}
	line := fmt.Sprintf("Review #%d %s", now.Number, done[kind])
	if kind == review.Approve && len(now.Waiting()) > 0 {
		line += "; still waiting for " + strings.Join(now.Waiting(), ", ")
	}
	return c.printf("%s\n", line)
}

// book is the reviews, for the caller to give events.
func (c *call) book(ctx context.Context, b *bus.Bus) (*review.Store, error) {
	book := review.NewStore(b).Under(agents.In(c.swarm.Repo).Above(0))
	via := c.via()
	if via == "" {
		return book, nil
	}
	name, email, err := c.swarm.Repo.Committer(ctx)
	return book.As(name+" <"+email+">", via), err
}

func mergeOKVerb() *verb {
	return &verb{
		name: "merge-ok", group: groupReview, args: "SESSION", min: 1, max: 1, short: "say whether what a session would land is approved",
		long: `Exits with 0 if it is, with 1 and the reason if not. An approval holds for a
change and not for a commit: a clean rebase and a merge of the target keep it,
anything that alters the change drops it.`,
		json: true,
		run:  runMergeOK,
	}
}

func runMergeOK(ctx context.Context, c *call) error {
	b, err := c.Bus()
	if err != nil {
		return err
	}
	id, err := b.Resolve(ctx, c.args[0])
	if err != nil {
		return err
	}
	book := review.NewStore(b)
	newest, err := book.Latest(ctx, id)
	if err != nil {
		return err
	}
	var r *review.Range
	if newest != nil && newest.State == review.Approved {
		r, err = c.rangeNow(ctx, newest)
		if errors.Is(err, bus.ErrInput) { // nothing in common with the target any more
			err = refuseUnrelated(id, err)
		}
		if err != nil {
			return err
		}
	}
	return c.printClear(id, newest, book.Clear(ctx, id, newest, r))
}

// rangeNow is what the review's author would land now: what its own checkout has
// checked out, else the review's branch, on what that lands on now.
func (c *call) rangeNow(ctx context.Context, r *review.Review) (*review.Range, error) {
	if head := c.headOf(ctx, r.From); head != "" {
		now := *r
		now.Branch = head
		r = &now
	}
	target, err := c.target(ctx, r.Branch, "")
	if errors.Is(err, repo.ErrNoTarget) {
		return review.Now(ctx, c.swarm.Repo, r, r.Target)
	}
	if err != nil {
		return nil, err
	}
	ref, err := c.swarm.Repo.TargetRef(ctx, target)
	if errors.Is(err, repo.ErrNoTarget) {
		ref, err = r.Target, nil
	}
	if err != nil {
		return nil, err
	}
	now, err := review.Now(ctx, c.swarm.Repo, r, ref)
	if err != nil {
		return nil, err
	}
	now.Target, err = c.approvedTarget(target, r)
	return now, err
}

func (c *call) printClear(id string, newest *review.Review, verdict error) error {
	if verdict != nil {
		return verdict
	}
	if c.wantJSON() {
		return c.object("merge-ok", map[string]any{"session": id, "status": "clear", "number": newest.Number})
	}
	return c.printf("%s is clear to merge\n", id)
}
