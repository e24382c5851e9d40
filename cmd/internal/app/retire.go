package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/retire"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/gitlock"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/review"
	"github.com/urfave/cli/v3"
)

func retireVerb() *verb {
	return &verb{
		name: "retire", group: groupStart, args: "[ID...]", max: -1, short: "end sessions for good: client, worktree, branch, claims",
		long: `Ends the client that launch started, then removes the worktree that init made,
deletes the branch feat/WORKSTREAM, releases what the session claims, and takes
it out of the list of sessions, with the sessions of its subagents. What it wrote,
its reviews and its messages stay.

Nothing is removed while something is nowhere else: commits that have not landed
(what lands is asked of the remote), changes, untracked files. Ignored files go
with the worktree, and those that set-up did not copy are named. --force keeps
such commits and changes under refs/swarm-lost/ID, and says how to get them back.
A client that launch did not start has to be ended by its user.

--landed takes all sessions that have landed something and have nothing left to
land, without those at whose work an agent is, unless their status is done.
--dry-run says what would go. A call that was cut short is completed by the next.

A person retires any session, and so does the orchestrator's agent. Any other
agent retires none, not even itself: it says that it is done, with git swarm
update.`,
		json: true,
		flags: func() []cli.Flag {
			return []cli.Flag{
				&cli.BoolFlag{Name: "landed", Usage: "all sessions whose work has landed"},
				&cli.BoolFlag{Name: "dry-run", Aliases: []string{"n"}, Usage: "say what would go, and change nothing"},
				&cli.BoolFlag{Name: "force", Usage: "keep what has not landed under refs/swarm-lost/ID, and go on"},
			}
		},
		run: runRetire,
	}
}

func runRetire(ctx context.Context, c *call) error {
	landed := c.cmd.Bool("landed")
	switch {
	case landed && len(c.args) > 0:
		return usageOf(c.verb, "either --landed or ID")
	case !landed && len(c.args) == 0:
		return usageOf(c.verb, "missing argument: ID")
	case landed && c.cmd.Bool("force"):
		return usageOf(c.verb, "--landed leaves nothing for --force to keep")
	}
	if own, err := c.agentSession(); err != nil || own != "" && !strings.EqualFold(own, bus.Orchestrator) {
		return errors.Join(err, refuseRetire(own))
	}
	s, err := c.retiring(ctx)
	if err != nil {
		return err
	}
	if _, err := gitlock.Clear(s.Repo); err != nil {
		return err
	}
	all, err := c.retirees(ctx, s)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		c.notef("no session has landed all of its work")
		return nil
	}
	return c.retireAll(ctx, all)
}

// retiring is the swarm, for sessions to be retired from.
func (c *call) retiring(ctx context.Context) (*retire.Swarm, error) {
	b, err := c.Bus()
	if err != nil {
		return nil, err
	}
	claims, err := c.swarm.Claims(ctx)
	if err != nil {
		return nil, err
	}
	return &retire.Swarm{
		Repo: c.swarm.Repo, Env: c.Env, Bus: b, Claims: claims, Book: review.NewStore(b),
		Now: c.Now, StaleAfter: c.swarm.StaleAfter(ctx), Target: c.targetRef,
	}, nil
}

// retirees are the sessions named, each once, or with --landed those that it means.
func (c *call) retirees(ctx context.Context, s *retire.Swarm) (all []*retire.Session, err error) {
	ids := c.args
	landed := c.cmd.Bool("landed")
	if landed {
		sessions, err := s.Bus.Sessions(ctx)
		if err != nil {
			return nil, err
		}
		for _, one := range sessions {
			if !strings.EqualFold(one.ID, bus.Orchestrator) {
				ids = append(ids, one.ID)
			}
		}
	}
	fetched := map[string]bool{}
	for _, id := range ids {
		one, err := s.Find(ctx, id)
		if err != nil {
			return nil, err
		}
		if c.fetchFor(ctx, one, fetched) {
			if one, err = s.Find(ctx, id); err != nil {
				return nil, err
			}
		}
		at := landed && (!one.Landed || len(one.Clients) > 0 && one.Status != bus.Done)
		if !at && !slices.ContainsFunc(all, func(o *retire.Session) bool { return o.ID == one.ID }) {
			all = append(all, one)
		}
	}
	return slices.DeleteFunc(all, func(one *retire.Session) bool { // its session takes it along
		return slices.ContainsFunc(all, func(o *retire.Session) bool { return o.ID == one.Parent })
	}), nil
}

// fetchFor brings what the session lands on up to date if it seems not to have landed
// there, once for each remote, and reports whether it has.
func (c *call) fetchFor(ctx context.Context, one *retire.Session, fetched map[string]bool) bool {
	missing := slices.ContainsFunc(one.Obstacles, func(o retire.Obstacle) bool { return o.Kind == retire.Unlanded })
	if !missing {
		return false
	}
	t, err := c.target(ctx, "refs/heads/"+one.Session.Branch, "")
	if err != nil || t.Remote == "" || fetched[t.Remote] {
		return false
	}
	fetched[t.Remote] = true
	cmd := c.swarm.Repo.GitParsed(ctx, "fetch", "--quiet", "--no-auto-maintenance", t.Remote)
	_, err = repo.OutputBy(cmd, func() error {
		return gitlock.Attached(c.swarm.Repo, cmd, gitlock.Ref(c.swarm.Repo, "refs/remotes/"+t.String()))
	})
	var failed *repo.GitError
	if errors.As(err, &failed) {
		c.notef("could not fetch from %s (%s): what has landed is judged by what was fetched last", text.Inert(t.Remote), text.Inert(failed.Line()))
	}
	return err == nil
}

// retireAll retires one after the other. One that is refused does not keep the others, nor
// does one that the hub is to hear of, and cannot: what it holds is given back all the same.
func (c *call) retireAll(ctx context.Context, all []*retire.Session) error {
	var refused error
	code := exitAgain
	for _, one := range all {
		err := c.retire(ctx, one, all)
		var in *retire.ObstacleError
		var away *retire.UnretiredError
		switch {
		case errors.As(err, &in):
			code = exitNo
		case err != nil && (ctx.Err() != nil || !errors.As(err, &away)):
			return err
		}
		if err != nil {
			refused = err
			if len(all) > 1 {
				c.fail(&callError{err, c}, c.jsonFlag())
			}
		}
	}
	if refused != nil && len(all) > 1 {
		return &statusError{code}
	}
	return refused
}

func (c *call) retire(ctx context.Context, one *retire.Session, all []*retire.Session) error {
	force := c.cmd.Bool("force")
	if c.cmd.Bool("dry-run") {
		c.passInside(one)
	}
	if err := one.Check(force); err != nil {
		return err
	}
	if c.cmd.Bool("dry-run") {
		for _, f := range one.All() {
			if err := c.printRetired(f, nil, f.Clients); err != nil {
				return err
			}
		}
		return nil
	}
	ended, err := one.EndClients(ctx)
	if err != nil {
		return err
	}
	if err := one.Check(force); err != nil {
		c.notef("the client of %s (process %d) was ended", one.ID, ended[0].PID)
		return err
	}
	others, err := c.swarm.Bus().Sessions(ctx)
	if err != nil {
		return err
	}
	for _, f := range one.All() {
		kept, err := f.Keep(ctx)
		if err != nil {
			return err
		}
		words, err := c.instead(ctx, f, others, all)
		if err != nil {
			return err
		}
		if err := f.Retire(ctx, func(r *review.Review) string { return words[r.Number] }); err != nil {
			return err
		}
		clients := ended
		if f != one {
			clients = nil
		}
		if err := c.printRetired(f, kept, clients); err != nil {
			return err
		}
	}
	return nil
}

// passInside has a dry run say what would go although it runs in a worktree that would:
// it removes none.
func (c *call) passInside(one *retire.Session) {
	for _, f := range one.All() {
		f.Obstacles = slices.DeleteFunc(f.Obstacles, func(o retire.Obstacle) bool {
			if o.Kind == retire.Inside {
				c.notef("%s; %s for that", c.obstacleLine(f, o), c.obstacleHint(f, o))
			}
			return o.Kind == retire.Inside
		})
	}
}

// instead words, for each review that waits for the session's verdict, whom else its
// author can ask: nobody of those that are retired, nor who is done, nor anybody whose
// verdict would not count.
func (c *call) instead(ctx context.Context, one *retire.Session, others []bus.Session, retired []*retire.Session) (map[int]string, error) {
	words := map[int]string{}
	book := review.NewStore(c.swarm.Bus())
	for _, r := range one.Reviews {
		var may []string
		for _, s := range others {
			gone := slices.ContainsFunc(retired, func(o *retire.Session) bool { return o.ID == s.ID })
			if gone || s.ID == r.From || s.Status == bus.Done || s.Parent != "" {
				continue
			}
			own, err := book.RegisteredBy(ctx, s.ID, r.From)
			if err != nil {
				return nil, err
			}
			if !own {
				may = append(may, s.ID)
			}
		}
		words[r.Number] = askInstead(r, one.ID, may)
	}
	return words, nil
}

// askInstead says whom the author of a review can ask, now that id is not there: one of
// may, beside those of them that are asked already, else the orchestrator.
func askInstead(r *review.Review, id string, may []string) string {
	var asked, fresh []string
	for _, s := range may {
		if slices.Contains(r.To, s) {
			asked = append(asked, s)
		} else {
			fresh = append(fresh, s)
		}
	}
	line := fmt.Sprintf("review #%d waits for %s, which is retired. ", r.Number, id)
	if len(fresh) == 0 && r.From != bus.Orchestrator && !slices.Contains(r.To, bus.Orchestrator) {
		fresh = []string{bus.Orchestrator}
	}
	switch {
	case len(fresh) > 0:
		return line + fmt.Sprintf("Ask %s instead: git swarm review request --to %s", strings.Join(fresh, " or "), strings.Join(append(asked, fresh[0]), ","))
	case len(asked) > 0:
		return line + "Ask the others alone: git swarm review request --to " + strings.Join(asked, ",")
	}
	return line + "Nobody else can be asked: git swarm init --sessions \"ID:WORKSTREAM\", then git swarm review request --to ID"
}

type retiredJSON struct {
	Session   string   `json:"session"`
	DryRun    bool     `json:"dry_run"`
	Ended     []int    `json:"ended"`
	Worktrees []string `json:"worktrees"`
	Ignored   []string `json:"ignored"`
	Branch    string   `json:"branch"`
	Tip       string   `json:"tip"`
	Released  []string `json:"released"`
	Task      int      `json:"task,omitempty"` // that is given back
	Kept      []string `json:"kept"`
}

// printRetired says what went, or would go.
func (c *call) printRetired(one *retire.Session, kept []string, ended []agents.Client) error {
	dry := c.cmd.Bool("dry-run")
	if c.wantJSON() {
		line := retiredJSON{
			Session: one.ID, DryRun: dry, Ended: []int{}, Worktrees: []string{}, Ignored: []string{},
			Branch: strings.TrimPrefix(one.Branch, "refs/heads/"), Tip: one.Tip, Released: append([]string{}, one.Claims...), Kept: append([]string{}, kept...),
		}
		if one.Task != nil {
			line.Task = one.Task.Number
		}
		for _, client := range ended {
			line.Ended = append(line.Ended, client.PID)
		}
		for _, w := range one.Worktrees {
			line.Worktrees, line.Ignored = append(line.Worktrees, w.Path), append(line.Ignored, w.Ignored...)
		}
		return c.object("retired", line)
	}
	for _, line := range c.retiredLines(one, kept, ended) {
		begin := line.done
		if dry {
			begin = "Would " + line.would
		}
		if err := c.printf("%s %s\n", begin, text.Inert(line.what)); err != nil {
			return err
		}
	}
	return nil
}

// retiredLine is one thing that is done, in the words for what is and what would be.
type retiredLine struct{ done, would, what string }

func (c *call) retiredLines(one *retire.Session, kept []string, ended []agents.Client) (lines []retiredLine) {
	say := func(done, would, format string, args ...any) {
		lines = append(lines, retiredLine{done, would, fmt.Sprintf(format, args...)})
	}
	for _, client := range ended {
		say("Ended", "end", "the client of %s (process %d)", one.ID, client.PID)
	}
	for _, o := range one.Obstacles {
		if o.Kind.Kept() && len(kept) == 0 { // a dry run with --force
			say("Kept", "keep", "%s", c.obstacleLine(one, o))
		}
	}
	for _, ref := range kept {
		say("Kept", "keep", "what had not landed; to get it back: git branch NAME %s", ref)
	}
	for _, w := range one.Worktrees {
		say("Removed", "remove", "the worktree %s", c.near(w.Path))
		if len(w.Ignored) > 0 {
			say("Deleted", "delete", "what git ignores in it: %s", shortList(w.Ignored))
		}
	}
	for _, path := range one.Stay {
		say("Left", "leave", "%s as it is: git swarm did not make it", c.near(path))
	}
	switch branch := one.Session.Branch; {
	case one.Branch != "":
		say("Deleted", "delete", "the branch %s (%.10s)", branch, one.Tip)
	case branch != "":
		say("Left", "leave", "the branch %s", branch)
	}
	if len(one.Claims) > 0 {
		say("Released", "release", "%s", shortList(one.Claims))
	}
	if one.Task != nil {
		say("Gave back", "give back", "task #%d", one.Task.Number)
	}
	for _, r := range one.Reviews {
		say("Told", "tell", "%s whom else to ask for review #%d", r.From, r.Number)
	}
	if one.Own != nil {
		say("Withdrew", "withdraw", "review #%d", one.Own.Number)
	}
	say("Retired", "retire", "%s", one.ID)
	return lines
}

// shortList names the first few.
func shortList(names []string) string {
	const most = 5
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
