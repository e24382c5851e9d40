package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/review"
	"github.com/urfave/cli/v3"
)

const groupReview = "review"

// reviewVerb answers "git swarm review" alone with what it lacks.
func reviewVerb() *verb {
	subs := []string{"request", "list", "show", "approve", "reject", "comment", "withdraw"}
	return &verb{
		name: "review", hidden: true, args: "COMMAND", max: -1, subs: subs, short: "have a change reviewed before it lands",
		run: func(_ context.Context, c *call) error {
			if len(c.args) == 0 {
				return usageOf(c.verb, "review what? "+strings.Join(subs, ", "))
			}
			return c.unknownSub()
		},
	}
}

func reviewRequestVerb() *verb {
	return &verb{
		name: "review request", group: groupReview, args: "[RANGE]", max: 1, short: "ask other sessions to review what this one would land",
		long: `The range is from the merge base with the target to this session's tip, or the
one given (main..HEAD). All reviewers must approve. A new request takes the
place of the session's earlier ones. The target is the branch that push would
land on: git swarm help push.`,
		session: true, json: true,
		flags: func() []cli.Flag {
			return []cli.Flag{
				&cli.StringFlag{Name: "to", Usage: "the reviewers, `B,C`"},
				&cli.StringFlag{Name: "message", Aliases: []string{"m"}, Usage: "`TEXT` for them"},
				&cli.StringFlag{Name: "diff", Usage: "keep `TEXT` as your comment beside git's own diff, \"-\" for standard input"},
			}
		},
		run: runReviewRequest,
	}
}

func runReviewRequest(ctx context.Context, c *call) error {
	to := strings.FieldsFunc(c.cmd.String("to"), func(r rune) bool { return r == ',' || r == ' ' })
	if len(to) == 0 {
		return usageOf(c.verb, "--to is missing: who is to review?")
	}
	b, id, err := c.acting()
	if err != nil {
		return err
	}
	if id, err = b.Resolve(ctx, id); err != nil {
		return err
	}
	diff, err := c.body(c.cmd.String("diff"))
	if err != nil {
		return err
	}
	r, err := c.reviewRange(ctx, id)
	if err != nil {
		return err
	}
	said, err := c.resolvedSaid(ctx)
	if err != nil {
		return err
	}
	book := review.NewStore(b)
	made, err := book.Request(ctx, id, review.RequestParams{To: to, Range: r, Text: joinParagraphs(c.cmd.String("message"), said), Diff: diff})
	if err != nil {
		return err
	}
	c.taskInReview(ctx, id, made, true)
	for _, reviewer := range made.To {
		own, err := book.RegisteredBy(ctx, reviewer, id)
		if err != nil {
			return err
		}
		if own {
			c.notef("warning: %s was registered by the agent of %s, so its own verdict does not count; a person's does: git swarm --session %s review approve %d", reviewer, id, reviewer, made.Number)
		}
	}
	if c.wantJSON() {
		return c.object("review", jsonReview(made))
	}
	return c.printf("Review #%d requested from %s\n", made.Number, strings.Join(made.To, ", "))
}

// reviewRange is the range given, or what session id would land.
func (c *call) reviewRange(ctx context.Context, id string) (*review.Range, error) {
	branch, err := c.branchOf(ctx, id)
	if err != nil {
		return nil, err
	}
	if len(c.args) == 1 {
		return c.rangeGiven(ctx, id, branch)
	}
	target, err := c.target(ctx, branch, "")
	if err != nil {
		return nil, err
	}
	ref, err := c.swarm.Repo.TargetRef(ctx, target)
	if err != nil {
		return nil, err
	}
	r, err := review.FindRange(ctx, c.swarm.Repo, branch, ref)
	if err != nil {
		return nil, err
	}
	if err := c.mayRequest(ctx, id, branch, r); err != nil {
		return nil, err
	}
	r.Target, err = c.swarm.Repo.TargetName(target)
	return r, err
}

// rangeGiven is the range of the arguments. It is of itself what is to be reviewed:
// where nothing says what it lands on, it names no target.
func (c *call) rangeGiven(ctx context.Context, id, branch string) (*review.Range, error) {
	target, noTarget := c.target(ctx, branch, "")
	ref := ""
	if noTarget == nil {
		ref, _ = c.swarm.Repo.TargetRef(ctx, target) // it may not be there yet
	}
	r, err := review.ParseRange(ctx, c.swarm.Repo, c.args[0], ref)
	if err != nil {
		return nil, err
	}
	if err := c.mayRequest(ctx, id, branch, r); err != nil || noTarget != nil {
		return r, err
	}
	r.Target, err = c.swarm.Repo.TargetName(target)
	return r, err
}

// reviewRows is how many reviews "review list" lists of those that are closed, or of all,
// unless it is told otherwise: of those that are open there are no more than sessions.
const reviewRows = 50

// reviewStates are what --state takes.
const reviewStates = "pending, approved, rejected, landed, withdrawn, superseded or all"

func reviewListVerb() *verb {
	return &verb{
		name: "review list", news: true, group: groupReview, short: "list the reviews that are open",
		long: `Of those that --state names, the newest 50 are listed, the oldest of them first;
with --json all of them.`,
		session: true, json: true,
		flags: func() []cli.Flag {
			return []cli.Flag{
				&cli.BoolFlag{Name: "mine", Usage: "only those that this session asked for or is asked to give"},
				&cli.StringFlag{Name: "state", Usage: "only those in `STATE`: " + reviewStates},
				&cli.BoolFlag{Name: "all", Usage: "all, not only the newest 50"},
			}
		},
		run: runReviewList,
	}
}

func runReviewList(ctx context.Context, c *call) error {
	state := review.State(c.cmd.String("state"))
	if state != "" && state != "all" && !slices.Contains(review.States, state) {
		return usageOf(c.verb, fmt.Sprintf("unknown state '%s': "+reviewStates, text.Inert(string(state))))
	}
	b, err := c.Bus()
	if err != nil {
		return err
	}
	me := ""
	if c.cmd.Bool("mine") {
		if me, err = c.Session(); err != nil {
			return err
		}
		if me, err = b.Resolve(ctx, me); err != nil {
			return err
		}
	}
	book := review.NewStore(b)
	each, cut := openReviews(book), false
	if state == "all" || state == review.Withdrawn || state == review.Superseded {
		each = book.List
		if cut = !c.wantJSON() && !c.cmd.Bool("all"); cut {
			each = book.ListNewest
		}
	}
	var newest []*review.Review
	older := false
	list := c.listing([]string{"No", "From", "To", "State", "When", "Change"}, 5)
	var failed error
	err = each(ctx, func(r *review.Review) bool {
		if me != "" && r.From != me && !slices.Contains(r.To, me) {
			return true
		}
		failed = book.MarkLanded(ctx, r)
		open := r.State != review.Withdrawn && r.State != review.Superseded && r.State != review.Landed
		wanted := state == "all" || r.State == state || state == "" && open
		if failed != nil || !wanted {
			return failed == nil
		}
		if !cut {
			return c.listReview(list, r)
		}
		if older = len(newest) == reviewRows; !older {
			newest = append(newest, r)
		}
		return !older
	})
	for _, r := range slices.Backward(newest) {
		c.listReview(list, r)
	}
	if err := errors.Join(err, failed, list.end()); err != nil {
		return err
	}
	switch {
	case list.empty && !c.wantJSON():
		c.notef("%s", noReviews(state, me))
	case older:
		mine := ""
		if me != "" {
			mine = " --mine"
		}
		c.notef("only the newest %d are listed: git swarm review list --state %s%s --all", reviewRows, state, mine)
	}
	return nil
}

// openReviews lists by number what can be pending, approved, rejected or landed: the newest
// request of each session alone. It costs as much as there are sessions, and not reviews.
func openReviews(book *review.Store) func(context.Context, func(*review.Review) bool) error {
	return func(ctx context.Context, visit func(*review.Review) bool) error {
		var open []*review.Review
		err := book.ListOpen(ctx, func(r *review.Review) bool {
			open = append(open, r)
			return true
		})
		if err != nil {
			return err
		}
		slices.SortFunc(open, func(a, b *review.Review) int { return a.Number - b.Number })
		for _, r := range open {
			if !visit(r) {
				break
			}
		}
		return nil
	}
}

// noReviews says what there is none of.
func noReviews(state review.State, me string) string {
	line := "no open reviews"
	switch state {
	case "":
	case "all":
		line = "no reviews yet"
	default:
		line = fmt.Sprintf("no %s reviews", state)
	}
	if me != "" {
		line += " from or for " + me
	}
	if state == "" {
		line += "; closed ones, too: git swarm review list --state all"
	}
	return line
}

// listReview adds the review to the list, and reports whether more can be printed.
func (c *call) listReview(list *listing, r *review.Review) bool {
	if list.json {
		return list.object("review", jsonReview(r))
	}
	states := map[review.State]text.Colour{review.Pending: text.Yellow, review.Approved: text.Green, review.Rejected: text.Red}
	return list.row([]text.Cell{
		{Text: "#" + strconv.Itoa(r.Number)},
		{Text: r.From},
		{Text: strings.Join(r.To, ", ")},
		states[r.State].Cell(string(r.State)),
		{Text: text.Ago(c.Now(), r.At)},
		{Text: text.Inert(reviewed(r))},
	})
}

// reviewed names what a review is about.
func reviewed(r *review.Review) string {
	name := strings.TrimPrefix(r.Branch, "refs/heads/")
	if name == "" {
		return r.Tip.Short()
	}
	return name + " " + r.Tip.Short()
}

type reviewJSON struct {
	Number int               `json:"number"`
	From   string            `json:"from"`
	To     []string          `json:"to"`
	State  review.State      `json:"state"`
	At     *string           `json:"at"`
	Branch string            `json:"branch"`
	Target string            `json:"target"`
	Base   object.Hash       `json:"base"`
	Tip    object.Hash       `json:"tip"`
	Patch  object.Hash       `json:"patch_id"`
	Body   string            `json:"body"`
	Events []reviewEventJSON `json:"events"`

	Foreign []string `json:"foreign,omitempty"` // lines of the note that count for nothing
}

type reviewEventJSON struct {
	Kind    review.Kind `json:"kind"`
	Session string      `json:"session"`
	At      *string     `json:"at"`
	Body    string      `json:"body"`
	Writer  string      `json:"writer,omitempty"`
	Via     string      `json:"via,omitempty"`
}

func jsonReview(r *review.Review) reviewJSON {
	j := reviewJSON{r.Number, r.From, r.To, r.State, text.Stamp(r.At), r.Branch, r.Target, r.Base, r.Tip, r.Patch, r.Text, nil, r.Foreign}
	for _, e := range r.Events {
		j.Events = append(j.Events, reviewEventJSON{e.Kind, e.By, text.Stamp(e.At), e.Text, e.Writer, e.Via})
	}
	return j
}

// findReview reads an argument that is a number, a commit or a branch.
func (c *call) findReview(ctx context.Context, book *review.Store, arg string) (*review.Review, error) {
	if n, err := strconv.Atoi(strings.TrimPrefix(arg, "#")); err == nil && len(arg) < 7 {
		return book.Get(ctx, n)
	}
	r, err := review.FindRange(ctx, c.swarm.Repo, arg, arg)
	if err != nil {
		return nil, err
	}
	found, err := book.On(ctx, r.Tip)
	if err == nil && found == nil {
		err = fmt.Errorf("review of '%s' %w", text.Inert(arg), refstore.ErrNotExist)
	}
	return found, err
}
