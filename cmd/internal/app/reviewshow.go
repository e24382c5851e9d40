package app

import (
	"context"
	"fmt"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/merge/land"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/review"
)

func reviewShowVerb() *verb {
	return &verb{
		name: "review show", news: true, group: groupReview, args: "REVIEW", min: 1, max: 1, short: "show a review: who, what, the commits, the verdicts and the diff",
		long: `REVIEW is a number, a commit or a branch. The diff is git's own, of the commits
themselves. One that was given with the request is shown as the author's comment.`,
		json: true,
		run:  runReviewShow,
	}
}

// shownReview is a review with what git says of its commits.
type shownReview struct {
	*review.Review
	gone    bool   // the commits are not in this repository
	commits string // a line for each, and below it one for each file healed in it, and rule
	diff    string // git's own
	given   string // the diff that the author gave, if one
}

func (s *shownReview) differs() bool { return s.given != "" && !review.SameDiff(s.given, s.diff) }

func runReviewShow(ctx context.Context, c *call) error {
	b, err := c.Bus()
	if err != nil {
		return err
	}
	book := review.NewStore(b)
	r, err := c.findReview(ctx, book, c.args[0])
	if err != nil {
		return err
	}
	if err := book.MarkLanded(ctx, r); err != nil {
		return err
	}
	s := &shownReview{Review: r}
	if s.given, err = book.Diff(ctx, r.Number); err != nil {
		return err
	}
	if err := c.askGit(ctx, s); err != nil {
		return err
	}
	if c.wantJSON() {
		return c.printShownJSON(ctx, s)
	}
	if err := c.page(ctx, c.formatShown(s)); err != nil {
		return err
	}
	if s.gone {
		return refuseGoneCommit(r.Tip.Short())
	}
	return nil
}

// askGit sets the review's commits and their diff.
func (c *call) askGit(ctx context.Context, s *shownReview) error {
	git := c.swarm.Repo
	for _, commit := range []string{string(s.Base), string(s.Tip)} {
		if _, err := repo.Output(git.GitParsed(ctx, "cat-file", "-e", commit+"^{commit}")); err != nil {
			s.gone = true
			return nil
		}
	}
	var err error
	s.commits, err = repo.Output(git.GitParsed(ctx, "log", "--no-color", "--no-decorate", "--no-notes", "--no-show-signature", "--format=%h %an: %s%+(trailers:key=Healed,separator=%x0a)", string(s.Base)+".."+string(s.Tip)))
	if err != nil {
		return err
	}
	s.commits = strings.ReplaceAll(s.commits, "\nHealed: ", "\n    Healed: ")
	s.diff, err = review.Diff(ctx, git, s.Base, s.Tip)
	return err
}

type shownJSON struct {
	reviewJSON
	Healed       []healedJSON `json:"healed"` // in its commits; null if these are gone, and so of the diff
	Diff         *string      `json:"diff"`   // git's own
	GivenDiff    string       `json:"given_diff,omitempty"`
	GivenDiffers bool         `json:"given_diff_differs,omitempty"`
}

func (c *call) printShownJSON(ctx context.Context, s *shownReview) error {
	j := shownJSON{reviewJSON: jsonReview(s.Review), GivenDiff: s.given, GivenDiffers: s.differs()}
	if !s.gone {
		healed, err := land.HealedIn(ctx, c.swarm.Repo, string(s.Base), string(s.Tip))
		if err != nil {
			return err
		}
		j.Healed, j.Diff = jsonHealed(healed), &s.diff
	}
	return c.object("review", j)
}

// formatShown is the review as it is printed: nothing of it acts on a terminal but
// colours of ours.
func (c *call) formatShown(s *shownReview) string {
	var b strings.Builder
	c.formatEvents(&b, s.Review)
	if s.given != "" {
		what := "which differs from git's own below"
		if s.gone {
			what = "which nothing confirms"
		}
		if !s.gone && !s.differs() {
			what = "the same as git's own below"
		}
		fmt.Fprintf(&b, "\nComment by %s: a diff, %s\n    %s\n", s.From, what, strings.ReplaceAll(text.Block(strings.TrimSuffix(s.given, "\n")), "\n", "\n    "))
	}
	if s.gone {
		return b.String() + "\n"
	}
	fmt.Fprintf(&b, "\n%s\n", text.Block(s.commits))
	colours := c.colours()
	for line := range strings.Lines(s.diff) {
		line, ended := strings.CutSuffix(line, "\n")
		shown := text.Block(line)
		if colours {
			shown = diffColour(line).Paint(shown)
		}
		b.WriteString(shown)
		if ended {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func diffColour(line string) text.Colour {
	switch {
	case strings.HasPrefix(line, "diff "), strings.HasPrefix(line, "+++ "), strings.HasPrefix(line, "--- "):
		return text.Bold
	case strings.HasPrefix(line, "@@"):
		return text.Yellow
	case strings.HasPrefix(line, "+"):
		return text.Green
	case strings.HasPrefix(line, "-"):
		return text.Red
	}
	return ""
}

func (c *call) formatEvents(b *strings.Builder, r *review.Review) {
	state := string(r.State)
	if r.Newer > 0 {
		state += fmt.Sprintf(" by #%d", r.Newer)
	}
	fmt.Fprintf(b, "Review #%d: %s\nFrom:   %s, %s\nTo:     %s\nChange: %s..%s", r.Number, state, r.From, text.Ago(c.Now(), r.At), strings.Join(r.To, ", "), r.Base.Short(), r.Tip.Short())
	if r.Branch != "" {
		fmt.Fprintf(b, " of %s", text.Inert(strings.TrimPrefix(r.Branch, "refs/heads/")))
	}
	fmt.Fprintf(b, ", to land on %s\n", text.Inert(review.ShortRef(r.Target)))
	for _, e := range r.Events {
		if e.Kind == review.Request && e.Text == "" {
			continue
		}
		fmt.Fprintf(b, "\n%s by %s, %s%s\n", upperFirst(string(e.Kind)), e.By, text.Ago(c.Now(), e.At), formatWriter(e.Writer, e.Via))
		if e.Text != "" {
			fmt.Fprintf(b, "    %s\n", strings.ReplaceAll(text.Block(e.Text), "\n", "\n    "))
		}
	}
	for _, line := range r.Foreign {
		fmt.Fprintf(b, "\nNot of git swarm, counts for nothing: %s\n", text.Excerpt(line, 200))
	}
}
