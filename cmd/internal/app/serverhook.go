package app

import (
	"context"

	"github.com/git-swarm/git-swarm/cmd/internal/settings"
	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/refstore/hub"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/urfave/cli/v3"
)

func serverHookVerb() *verb {
	return &verb{
		name: "server-hook", group: groupHealth, args: "[BRANCH...]", max: -1, short: "print a pre-receive hook for the server of a hub",
		long: `For who owns the repository that is the hub: with this as its pre-receive hook it
refuses to delete or to move back a ref of the swarm, and to move a branch on which
work lands but along with the push lock, as git swarm push does. The BRANCHes are
those; without, it is the one that HEAD names there. The hook needs git, awk and sh,
and no git swarm.

  git swarm server-hook main >team.git/hooks/pre-receive
  chmod +x team.git/hooks/pre-receive

It keeps "git swarm hub repair" from taking damaged commits off, too; whoever owns the
server then moves the hook away until that is done.`,
		flags: func() []cli.Flag {
			return []cli.Flag{
				&cli.StringFlag{Name: "prefix", Usage: "of the swarm's refs there; without, that of this clone (swarm.hubPrefix)"},
			}
		},
		run: printServerHook,
	}
}

func printServerHook(_ context.Context, c *call) error {
	prefix := c.cmd.String("prefix")
	if prefix == "" {
		prefix = settings.DefaultHubPrefix
		if r, err := c.Repo(); err == nil { // the owner of a server need not be in one
			config, err := r.Config()
			if err != nil {
				return err
			}
			if prefix, err = settings.ReadHubPrefix(config); err != nil {
				return err
			}
		}
	}
	if !settings.IsHubPrefix(prefix) {
		return usageOf(c.verb, "'"+text.Inert(prefix)+"' is no prefix of refs: such as refs/swarm/")
	}
	var branches []string
	for _, name := range c.args {
		if !repo.ValidBranch(name) {
			return usageOf(c.verb, "'"+text.Inert(name)+"' is no branch")
		}
		branches = append(branches, "refs/heads/"+name)
	}
	return c.printf("%s", hub.ServerHook(prefix, branches))
}
