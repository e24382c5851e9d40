package app

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/agenthook"
	"github.com/git-swarm/git-swarm/merge/land"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/install"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/review"
)

// hookVerb is what git's hooks call, and those of agents.
func hookVerb() *verb {
	return &verb{
		name: "hook", hidden: true, raw: true, args: "EVENT", max: -1, short: "what git's and the agents' hooks call; not meant to be typed", subs: append([]string{"pre-commit", install.WorktreeCreate, install.WorktreeRemove}, agents.HookEvents...),
		run: func(ctx context.Context, c *call) error {
			if len(c.args) == 0 {
				return usageOf(c.verb, "hook EVENT is missing")
			}
			switch git := c.args[1:]; {
			case c.args[0] == "pre-commit":
				return c.hookPreCommit(ctx)
			case c.args[0] == install.WorktreeCreate:
				return c.hookWorktreeCreate(ctx)
			case c.args[0] == install.WorktreeRemove:
				return c.hookWorktreeRemove(ctx)
			case c.args[0] == agents.PrePush && len(git) > 0: // git names the remote, an agent does not
				return c.hookPrePush(ctx, git)
			}
			return exitWith(agenthook.Run(ctx, agenthook.Process{
				Env: c.Env, Dir: c.Dir, Stdin: c.Stdin, Stdout: c.Stdout, Stderr: c.Stderr, Now: c.Now, Describe: c.describe,
			}, c.args))
		},
	}
}

// hookPreCommit refuses staged files that another session claims; without a
// session of its own, the caller is none of those who hold claims.
func (c *call) hookPreCommit(ctx context.Context) error {
	r, err := c.Repo()
	if err != nil {
		return err
	}
	id, err := c.known(ctx)
	if err != nil {
		return err
	}
	_, err = c.mayCommit(ctx, r, id)
	return err
}

// known is the session that the hook runs in as it was registered, "" if there is
// none here by that name: a hook can run in repositories that have no swarm.
func (c *call) known(ctx context.Context) (string, error) {
	b, err := c.Bus()
	if err != nil || c.viewer() == "" {
		return "", err
	}
	id, err := b.Resolve(ctx, c.viewer())
	var unknown *bus.UnknownSessionError
	if errors.As(err, &unknown) {
		return "", nil
	}
	return id, err
}

// hookPrePush refuses a push to the target that deletes most of it, an agent's whatever
// it has, and anybody's of what is not approved, where that is required; and one to the
// hub of what git swarm keeps there. git gives the remote's name and its URL, and a line
// "LOCAL-REF LOCAL-ID REMOTE-REF REMOTE-ID" for each ref on standard input.
func (c *call) hookPrePush(ctx context.Context, git []string) error {
	if c.Env.Get(land.LandingEnv) != "" {
		return nil
	}
	input, err := io.ReadAll(io.LimitReader(c.Stdin, 1<<24))
	if err != nil {
		return err
	}
	if _, err := c.Swarm(); err != nil {
		return err
	}
	remote, url := git[0], git[len(git)-1]
	if err := c.mayPushToHub(ctx, remote, url, string(input)); err != nil {
		return err
	}
	targets, err := c.targets(ctx)
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(input)) {
		words := strings.Fields(line)
		if len(words) != 4 {
			continue
		}
		i := slices.IndexFunc(targets, func(t repo.Target) bool { return "refs/heads/"+t.Branch == words[2] })
		if i < 0 {
			continue
		}
		if err := c.mayPushPlainly(targets[i], remote); err != nil {
			return err
		}
		if strings.Trim(words[1], "0") == "" { // a deletion: no review speaks of it
			continue
		}
		if err := c.mayPushDeletions(ctx, words[3], words[1]); err != nil {
			return err
		}
		required, err := c.requiresReview(ctx, targets[i], words[3])
		if err != nil {
			return err
		}
		if !required {
			continue
		}
		if err := c.mayPush(ctx, targets[i], words[1], words[3]); err != nil {
			return err
		}
	}
	return nil
}

// mayPushPlainly refuses an agent's push of the target by plain git, which goes past
// the push lock and the checks. A branch of that name on another remote is not the
// target; a URL that is given in place of a remote may be that of the target's.
func (c *call) mayPushPlainly(target repo.Target, remote string) error {
	own, err := c.agentSession()
	if err != nil || own == "" {
		return err
	}
	config, err := c.swarm.Repo.Config()
	if err != nil {
		return err
	}
	url := func(name string) string {
		url, _ := config.Get("remote." + name + ".url")
		push, _ := config.Get("remote." + name + ".pushurl")
		return cmp.Or(push, url)
	}
	if target.Remote != "" && remote != target.Remote && url(remote) != "" && url(remote) != url(target.Remote) {
		return nil
	}
	return refusePlainPush(own, target.Branch)
}

// targets are the branches that only what is approved lands on: what the branch
// here lands on, and what one without an upstream does.
func (c *call) targets(ctx context.Context) ([]repo.Target, error) {
	var targets []repo.Target
	for _, branch := range []string{"HEAD", ""} {
		t, err := c.target(ctx, branch, "")
		switch {
		case err == nil:
			targets = append(targets, t)
		case !errors.Is(err, repo.ErrNoTarget):
			return nil, err
		}
	}
	return targets, nil
}

// mayPushDeletions refuses a push that deletes most of what is on the target, if that
// is known here.
func (c *call) mayPushDeletions(ctx context.Context, from, to string) error {
	r := c.swarm.Repo
	if _, err := repo.Output(r.GitParsed(ctx, "cat-file", "-e", from+"^{commit}")); err != nil {
		return nil
	}
	return land.CheckDeletions(ctx, r, from, to)
}

// requiresReview asks the remote's tip; where that was never fetched, git refuses
// the push after us, unless it is forced: then the tip that was fetched last.
func (c *call) requiresReview(ctx context.Context, target repo.Target, tip string) (bool, error) {
	cmd := c.swarm.Repo.GitParsed(ctx, "cat-file", "-e", tip+"^{commit}")
	if _, err := repo.Output(cmd); err != nil {
		tip = ""
	}
	rules, err := c.rulesAt(ctx, target, tip)
	if err != nil {
		return false, err
	}
	return rules.RequireReview.Get()
}

// mayPush checks what a plain push would land: as the session's, or for a person
// as whoever asked for a review of that very commit.
func (c *call) mayPush(ctx context.Context, target repo.Target, tip, remote string) error {
	b, err := c.Bus()
	if err != nil {
		return err
	}
	book := review.NewStore(b)
	id, err := c.known(ctx)
	if err != nil {
		return err
	}
	var newest *review.Review
	if id == "" {
		id = "this push"
		if newest, err = book.On(ctx, object.Hash(tip)); err == nil && newest != nil {
			id = newest.From
		}
	} else {
		newest, err = book.Latest(ctx, id)
	}
	if err != nil {
		return err
	}
	r := &review.Range{Tip: object.Hash(tip)}
	if strings.Trim(remote, "0") != "" {
		r, err = review.FindRange(ctx, c.swarm.Repo, tip, remote)
		var gone *review.NoCommitError
		if err != nil && !errors.As(err, &gone) && !errors.Is(err, bus.ErrInput) {
			return err
		}
	}
	if r == nil || r.Base == "" { // nothing of the target is known here
		r = &review.Range{Tip: object.Hash(tip)}
		if newest != nil {
			r.Base = newest.Base
		}
	}
	if r.Target, err = c.approvedTarget(target, newest); err != nil {
		return err
	}
	if err := book.Clear(ctx, id, newest, r); err != nil {
		return err
	}
	return book.LetThrough(ctx, newest.From, r.Tip)
}
