package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/lock/queue"
	"github.com/git-swarm/git-swarm/merge"
	"github.com/git-swarm/git-swarm/merge/land"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/attention"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/review"
	"github.com/urfave/cli/v3"
)

func pushVerb() *verb {
	return &verb{
		name: "push", group: groupLand, short: "land this branch, rebased onto what is there, together with others that wait",
		long: `Puts the branch's tip in the landing queue and waits. Who comes first fetches,
rebases all that wait, one upon the other, asks each one's gate, runs
swarm.verify once on the whole, and pushes once; each push then lets its own
branch follow. What is committed meanwhile is rebased onto that.

The target is the branch given with --to, else swarm.target (of git's
configuration, else of swarm.toml on the remote's default branch), else the
branch's upstream (a session branch's own copy on the remote is none), else the
remote's default branch. git swarm status shows it.

Without a remote the target is a branch of this repository. Where it is checked out,
that checkout follows, and nothing lands if it cannot.

If it fails, branch, index and files are as they were. Uncommitted changes may
stay where they are, unless what landed touches the same files. Sessions whose
claimed files were changed are told. If the connection ends before the remote
has answered, it is asked whether the work has landed.

A task that the session has taken lands with it, unless --part says that there is
more to do.

It is refused where it changes a file that another session holds and has changed,
too, or has claimed before the commit was made; with swarm.claims = warn such
sessions are only told.

With --no-wait it returns once the branch is in the queue. A process of its own
lands what waits and ends with the queue; where it is killed, the next push, pull
or sync of a session in it, or orchestrate, starts another. The branch here
follows with this session's next sync, pull or push.`,
		session: true, json: true,
		flags: func() []cli.Flag {
			return []cli.Flag{
				&cli.StringFlag{Name: "to", Usage: "land on `BRANCH` of the remote; a detached HEAD needs it"},
				&cli.BoolFlag{Name: "allow-deletions", Usage: "land a change that deletes most files"},
				&cli.BoolFlag{Name: "over-claims", Usage: "land although others hold files that it changes; not for agents"},
				&cli.DurationFlag{Name: "wait", Usage: "wait up to `DURATION` (default: while the queue moves, and swarm.lockTimeout, 1m, where it stands still)"},
				&cli.BoolFlag{Name: "part", Usage: "this session's task goes on: what lands is a part of it"},
				&cli.BoolFlag{Name: "no-wait", Usage: "return at once with the place in the queue; a message says how it ends"},
				&cli.BoolFlag{Name: "cancel", Usage: "take this session's push out of the queue"},
			}
		},
		run: runPush,
	}
}

func pullVerb() *verb {
	return &verb{
		name: "pull", group: groupLand, args: "[BRANCH]", max: 1, short: "bring in what others landed, by a rebase of this branch",
		long: `The branch is the one given, else the one that push lands on. If it cannot be
rebased, nothing changes.`,
		session: true, json: true,
		run: runPull,
	}
}

func runPush(ctx context.Context, c *call) error {
	ctx, restore := undoable(ctx)
	defer restore()
	if c.cmd.Bool("over-claims") {
		if agent, err := c.agentSession(); err != nil || agent != "" {
			return cmp.Or(err, refuseOverClaims())
		}
	}
	if c.cmd.Bool("cancel") {
		return c.cancelPush(ctx)
	}
	l, target, err := c.lander(ctx, c.cmd.String("to"))
	if err == nil {
		err = c.landing(l)
	}
	if err != nil {
		return err
	}
	rules, err := c.swarm.RulesOf(ctx, target)
	if err != nil {
		return err
	}
	timeout, err := rules.LockTimeout.Get()
	if err != nil {
		return err
	}
	if timeout, err = c.wait(timeout); err != nil {
		return err
	}
	if l.Rules, err = c.sharedRules(rules); err != nil {
		return err
	}
	l.AllowDeletions = c.cmd.Bool("allow-deletions")
	if c.cmd.IsSet("wait") {
		l.MaxWait = timeout
	}
	settings, err := c.Settings()
	if err != nil {
		return err
	}
	check, err := settings.HealCheck.Get()
	if err != nil {
		return err
	}
	byRequest, err := settings.ByRequest.Get()
	if err != nil {
		return err
	}
	if err := c.weighResolved(ctx, target, check); err != nil {
		return err
	}
	tasks, err := c.beforePush(ctx, l.Session, target, c.cmd.Bool("part"))
	if err != nil {
		return err
	}
	if c.cmd.Bool("no-wait") {
		return c.putInQueue(ctx, l, target, byRequest)
	}
	if byRequest {
		return c.pushRequest(ctx, l, target, settings.RequestCommand)
	}
	show, done := c.inQueue()
	l.Where = show
	landed, err := l.Push(ctx, target, lock.Wait{Timeout: timeout})
	done()
	c.conductLeft(context.WithoutCancel(ctx), l.Session)
	if err != nil {
		c.tellVerify(err)
		c.tellFailed(ctx, l, err)
		c.tellOffered(ctx, l.Session)
		return c.stopped(ctx, err)
	}
	if err := errors.Join(land.ForgetStopped(c.swarm.Repo), review.NewStore(l.Bus).Landed(ctx, l.Session, object.Hash(landed.After))); err != nil {
		return err
	}
	if err := c.printLanded(landed, "Push successful", "landed on"); err != nil {
		return err
	}
	return c.afterPush(ctx, tasks)
}

// tellFailed tells who watches that the push was answered with a no.
func (c *call) tellFailed(ctx context.Context, l *land.Lander, err error) {
	line, _, code := c.format(err)
	if ctx.Err() != nil || code != exitNo {
		return
	}
	if err := c.teller(l.Bus).Tell(ctx, l.Session, attention.Event{Kind: attention.Failed, Session: l.Session, Text: line}); err != nil {
		c.notef("git swarm: nobody was told: %s", text.Inert(err.Error()))
	}
}

// tellOffered says of a push that has ended without an answer that another clone may still
// land what it has put.
func (c *call) tellOffered(ctx context.Context, session string) {
	if may, err := queue.MayLand(context.WithoutCancel(ctx), c.swarm.Bus(), session); err == nil && may {
		c.notef("git swarm: what %s has put still waits, and another clone may land it; git swarm push --cancel takes it back", text.Inert(session))
	}
}

func runPull(ctx context.Context, c *call) error {
	ctx, restore := undoable(ctx)
	defer restore()
	branch := ""
	if len(c.args) == 1 {
		branch = c.args[0]
	}
	l, target, err := c.lander(ctx, branch)
	if err != nil {
		return err
	}
	landed, err := l.Pull(ctx, target)
	c.conductLeft(context.WithoutCancel(ctx), l.Session)
	if err != nil {
		return c.stopped(ctx, err)
	}
	return c.printLanded(landed, "Pull successful", "new from")
}

// lander lands the branch here on what to names, by the target rule if it is empty.
func (c *call) lander(ctx context.Context, to string) (*land.Lander, repo.Target, error) {
	b, id, err := c.acting()
	if err != nil {
		return nil, repo.Target{}, err
	}
	if id, err = b.Resolve(ctx, id); err != nil {
		return nil, repo.Target{}, err
	}
	if err := c.worksHere(ctx, id); err != nil {
		return nil, repo.Target{}, err
	}
	target, err := c.target(ctx, "HEAD", to)
	if err != nil {
		return nil, repo.Target{}, err
	}
	l, err := c.landerFor(ctx, b, id, target)
	if err != nil {
		return nil, repo.Target{}, err
	}
	l.Detached, l.OverClaims = to != "", c.cmd.Bool("over-claims")
	return l, target, nil
}

// landerFor brings what is new on the target in the name of session id, or with
// [call.landing] lands there.
func (c *call) landerFor(ctx context.Context, b *bus.Bus, id string, target repo.Target) (*land.Lander, error) {
	claims, err := c.Claims(ctx)
	if err != nil {
		return nil, err
	}
	settings, err := c.Settings()
	if err != nil {
		return nil, err
	}
	h, _ := settings.Hub.Get() // what its remote is called is known all the same
	g := &gate{call: c, bus: b, target: target, let: map[string]*review.Review{}}
	return &land.Lander{
		Repo: c.swarm.Repo, Bus: b, Lock: lock.PushLockOf(b), Claims: claims, Session: id, Progress: c.Stderr,
		AtHub: b.Store().Clone() != "" && target.Remote != "" && target.Remote == h.Remote,
		Gate:  g.ask, GateHolds: g.holds, Close: c.closing(target), Heal: c.healing(target), Regenerate: settings.Regenerate.Get,
	}, nil
}

// landing gives a lander what only landing asks for: the verify command, and what others'
// claims keep out.
func (c *call) landing(l *land.Lander) (err error) {
	settings, err := c.Settings()
	if err != nil {
		return err
	}
	if err := c.swarm.CheckStaleAfter(); err != nil {
		return err
	}
	warn, err := settings.ClaimsWarn.Get()
	if err != nil {
		return err
	}
	l.Door = land.ClaimRule{Refuse: !warn, Worktree: c.worktreeOf}
	l.Verify = settings.Verify
	if l.VerifyTimeout, err = settings.VerifyTimeout.Get(); err != nil {
		return err
	}
	l.VerifyJobs, err = settings.VerifyJobs.Get()
	return err
}

// worktreeOf is the folder of the session's worktree, "" for none.
func (c *call) worktreeOf(session string) string {
	dir, err := agents.FindWorktree(c.swarm.Repo, session)
	if err != nil {
		return ""
	}
	return dir
}

func (c *call) printLanded(l *land.Landed, done, verb string) error {
	if l.Unanswered != nil {
		c.notef("git swarm: the push got no answer (%s): %s was asked, and has what was pushed", text.Inert(l.Unanswered.Error()), text.Inert(l.Target.Remote))
	}
	var kept *bus.KeptError
	switch {
	case errors.As(l.Late, &kept):
		c.notef("git swarm: it has landed, but %s; the next git swarm command that writes, or syncs, here tells them", text.Inert(kept.Error()))
	case l.Late != nil:
		c.notef("git swarm: it has landed, but not all was noted: %s", text.Inert(l.Late.Error()))
		c.notef("hint: the next git swarm push does it")
	}
	if l.Stayed != nil {
		c.noteStayed(l.Stayed)
	}
	if c.wantJSON() {
		return c.object("landed", map[string]any{
			"remote": l.Target.Remote, "branch": l.Target.Branch, "before": l.Before, "after": l.After,
			"commits": l.Commits, "rebased": l.Rebased, "told": append([]string{}, l.Notified...), "healed": jsonHealed(l.Healed),
		})
	}
	for _, h := range l.Healed {
		if err := c.printf("healed %s (%s)\n", text.Inert(h.Path), strings.Join(h.Rules(), ", ")); err != nil {
			return err
		}
	}
	note := ""
	switch {
	case l.Commits == 0 && l.Before != "":
		note = " (nothing new)"
	default:
		note = fmt.Sprintf(" (%s %s %s", text.Count(l.Commits, "commit"), verb, text.Inert(l.Target.String()))
		if l.Before == "" {
			note += ", a new branch"
		}
		if l.Rebased {
			note += ", rebased"
		}
		note += ")"
	}
	if len(l.Notified) > 0 {
		note += "; told " + strings.Join(l.Notified, ", ")
	}
	return c.printf("%s%s\n", done, note)
}

type healedJSON struct {
	Path  string   `json:"path"`
	Rules []string `json:"rules"`
}

func jsonHealed(all []merge.Healed) []healedJSON {
	out := []healedJSON{}
	for _, h := range all {
		out = append(out, healedJSON{h.Path, h.Rules()})
	}
	return out
}
