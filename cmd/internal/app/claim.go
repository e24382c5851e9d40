package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/urfave/cli/v3"
)

func claimVerb() *verb {
	return &verb{
		name: "claim", group: groupClaim, args: "PATH...", min: 1, max: -1, short: "claim files or folders, all of them or none",
		long: `A claimed path is this session's until it is released, the session is done, or
it is taken over. A claim on a folder covers all that is below it. A pathspec
such as '*.go' claims the files that it matches now, tracked or not, except
ignored ones. What another session holds is refused, with its name; --takeover
takes it from a session that was not seen for swarm.staleAfter (15m), and tells
it. A person may take it from a session that is at work, too, with --takeover
--force: look first at what it has changed there. Names that are not UTF-8 cannot be claimed: claim the folder.`,
		session: true, json: true,
		flags: func() []cli.Flag {
			return []cli.Flag{
				&cli.StringFlag{Name: "reason", Aliases: []string{"m"}, Usage: "`TEXT` that others are shown"},
				&cli.BoolFlag{Name: "takeover", Usage: "take what a stale session holds"},
				&cli.BoolFlag{Name: "force", Usage: "with --takeover, also from a session that is at work; not for agents"},
				&cli.DurationFlag{Name: "wait", Usage: "wait up to `DURATION` (10m) until it is free"},
			}
		},
		run: func(ctx context.Context, c *call) error {
			timeout, err := c.wait(0)
			if err != nil {
				return err
			}
			takeover, force := c.cmd.Bool("takeover"), c.cmd.Bool("force")
			switch {
			case force && !takeover:
				return usageOf(c.verb, "--force belongs to --takeover")
			case force:
				if agent, err := c.agentSession(); err != nil || agent != "" {
					return cmp.Or(err, refuseForce())
				}
			}
			claims, id, err := c.claiming(ctx)
			if err != nil {
				return err
			}
			if err := c.swarm.CheckStaleAfter(); err != nil {
				return err
			}
			args, err := c.expand(ctx, c.args)
			if err != nil {
				return err
			}
			paths, err := c.paths(args)
			if err == nil {
				err = c.noLinks(paths)
			}
			if err != nil {
				return err
			}
			request := lock.Request{Paths: paths, Reason: c.cmd.String("reason"), Takeover: takeover, Force: force}
			granted, err := claims.Grant(ctx, id, request)
			var held *lock.HeldError
			waits := errors.As(err, &held) && timeout > 0 && !held.Stale
			if waits {
				granted, err = c.waitFor(ctx, claims, id, request, held, timeout)
			}
			if err != nil {
				return err
			}
			if err := agents.In(c.swarm.Repo).NoteClaims(ctx, id, pathsOf(granted), waits); err != nil {
				return err
			}
			for i, g := range granted { // several paths may be below one claim
				if slices.ContainsFunc(granted[:i], func(o lock.Claim) bool { return o.Path == g.Path }) {
					continue
				}
				if err := c.printClaim(g); err != nil {
					return err
				}
			}
			c.warnMissing(c.missing(ctx, paths))
			return nil
		},
	}
}

// warnMissing names the claimed paths at which there is nothing, the first of many.
func (c *call) warnMissing(paths []string) {
	const most = 10
	for _, path := range paths[:min(len(paths), most)] {
		c.notef("warning: '%s' does not exist yet", text.Inert(c.fromHere(path)))
	}
	if more := len(paths) - most; more > 0 {
		c.notef("warning: nor do %d more", more)
	}
}

// pathsOf are the claims' paths.
func pathsOf(claims []lock.Claim) (paths []string) {
	for _, c := range claims {
		paths = append(paths, c.Path)
	}
	return paths
}

// waitFor waits for what another session holds, which is told so once.
func (c *call) waitFor(ctx context.Context, claims *lock.Claims, id string, request lock.Request, held *lock.HeldError, timeout time.Duration) ([]lock.Claim, error) {
	b, err := c.Bus()
	if err != nil {
		return nil, err
	}
	if err := tellHolder(ctx, b, id, held); err != nil {
		return nil, err
	}
	wait, done := c.waiting(timeout, "release it")
	defer done()
	return claims.GrantWait(ctx, id, request, wait)
}

// tellHolder tells the holder of a claim that somebody waits for it, unless it has not
// read that yet.
func tellHolder(ctx context.Context, b *bus.Bus, id string, held *lock.HeldError) error {
	holder, path := held.Claim.Session, text.ShellWord(held.Claim.Path)
	body := fmt.Sprintf("I wait for %s; when you are through with it: git swarm unclaim %s", path, path)
	unread, err := b.Inbox(ctx, holder, false)
	var unknown *bus.UnknownSessionError
	if errors.As(err, &unknown) { // there is nobody to tell
		return nil
	}
	told := func(m bus.Message) bool { return strings.EqualFold(m.From, id) && m.Body == body }
	if err != nil || slices.ContainsFunc(unread, told) {
		return err
	}
	_, err = b.Send(ctx, id, holder, body)
	return err
}

// wait is the value of --wait, or fallback.
func (c *call) wait(fallback time.Duration) (time.Duration, error) {
	if !c.cmd.IsSet("wait") {
		return fallback, nil
	}
	d := c.cmd.Duration("wait")
	if d < 0 {
		return 0, usageOf(c.verb, "--wait takes a duration such as 10m")
	}
	return d, nil
}

// claiming is the claims, and the session that claims or releases.
func (c *call) claiming(ctx context.Context) (claims *lock.Claims, id string, err error) {
	if _, id, err = c.acting(); err != nil {
		return nil, "", err
	}
	claims, err = c.Claims(ctx)
	return claims, id, err
}

func (c *call) printClaim(g lock.Claim) error {
	if c.wantJSON() {
		return c.object("claim", jsonClaim(g))
	}
	return c.printf("%s claimed %s\n", g.Session, text.Inert(g.Path))
}

type claimJSON struct {
	Path    string  `json:"path"`
	Session string  `json:"session"`
	Since   *string `json:"since"`
	Reason  string  `json:"reason"`
	Epoch   int     `json:"epoch"`
}

func jsonClaim(c lock.Claim) claimJSON {
	return claimJSON{c.Path, c.Session, text.Stamp(c.Since), c.Reason, c.Epoch}
}

func claimsVerb() *verb {
	return &verb{
		name: "claims", news: true, group: groupClaim, args: "[PATH]", max: 1, short: "list who holds what",
		long: `The newest 50 are listed, by path; with --json all of them. Claims that a newer
git swarm wrote are left out: the list of the others ends with an error.
git ls-tree -r refs/swarm/claims and git log -p refs/swarm/claims show the same
and how it came about.`,
		json: true,
		flags: func() []cli.Flag {
			return []cli.Flag{&cli.BoolFlag{Name: "all", Usage: "all, not only the newest 50"}}
		},
		run: func(ctx context.Context, c *call) error {
			claims, err := c.Claims(ctx)
			if err != nil {
				return err
			}
			below := ""
			if len(c.args) == 1 {
				paths, err := c.paths(c.args)
				if err != nil {
					return err
				}
				below = paths[0]
			}
			each := func(visit func(lock.Claim) bool) error { return claims.Each(ctx, below, visit) }
			if c.wantJSON() || c.cmd.Bool("all") {
				return c.printClaims(each, below)
			}
			var newest newestClaims
			newer := each(newest.add)
			if newer != nil && !errors.Is(newer, refstore.ErrVersion) {
				return newer
			}
			err = c.printClaims(func(visit func(lock.Claim) bool) error {
				newest.byPath(visit)
				return newer
			}, below)
			if err != nil {
				return err
			}
			if shown := len(newest.kept); shown < newest.of {
				c.notef("only the newest %d of %d are listed: git swarm claims --all", shown, newest.of)
			}
			return nil
		},
	}
}

// printClaims lists the claims that each visits as they come, at or below a path unless
// that is "".
func (c *call) printClaims(each func(func(lock.Claim) bool) error, below string) error {
	list := c.listing([]string{"Path", "Session", "Since", "Reason"}, 3)
	lines := claimLines{list: list, now: c.Now()}
	err := each(lines.add)
	if err := errors.Join(err, list.end()); err != nil {
		return err
	}
	switch {
	case !list.empty || c.wantJSON():
	case below != "":
		c.notef("nothing at '%s' is claimed", text.Inert(below))
	default:
		c.notef("nothing is claimed")
	}
	return nil
}

func unclaimVerb() *verb {
	return &verb{
		name: "unclaim", group: groupClaim, args: "PATH... | --all", max: -1, short: "release claimed paths",
		session: true, json: true,
		flags: func() []cli.Flag {
			return []cli.Flag{&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "all that this session holds"}}
		},
		run: func(ctx context.Context, c *call) error {
			all := c.cmd.Bool("all")
			if all == (len(c.args) > 0) {
				return usageOf(c.verb, "either paths or --all")
			}
			claims, id, err := c.claiming(ctx)
			if err != nil {
				return err
			}
			if all {
				released, queued, err := claims.ReleaseAll(ctx, id)
				if err != nil {
					return err
				}
				return c.printReleased(id, released, queued)
			}
			args, err := c.expandHeld(ctx, claims, id, c.args)
			if err != nil {
				return err
			}
			paths, err := c.paths(args)
			if err != nil {
				return err
			}
			queued, err := claims.Release(ctx, id, paths)
			if err != nil {
				return err
			}
			return c.printReleased(id, paths, queued)
		},
	}
}

// printReleased prints what was released; queued says that other clones have yet to learn
// it, for the hub is out of reach.
func (c *call) printReleased(id string, paths []string, queued bool) error {
	if queued && len(paths) > 0 {
		c.notef("the hub is out of reach: other clones see it when a command reaches it again")
	}
	if len(paths) == 0 && !c.wantJSON() {
		c.notef("%s holds nothing", id)
	}
	for _, path := range paths {
		var err error
		if c.wantJSON() {
			err = c.object("claim", released(path, id, queued))
		} else {
			err = c.printf("%s released %s\n", id, text.Inert(path))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func released(path, id string, queued bool) map[string]any {
	object := map[string]any{"path": path, "session": id, "status": "released"}
	if queued {
		object["queued"] = true
	}
	return object
}
