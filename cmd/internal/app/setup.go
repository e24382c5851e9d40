package app

import (
	"context"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/urfave/cli/v3"
)

func setupVerb() *verb {
	return &verb{
		name: "setup", group: groupStart, short: "check that all is there that git swarm start needs, and put the manual pages in place",
		long: `Prints one line for each thing that is needed, and exits with 1 if one is
missing. On a terminal it then offers to write the manual pages and the shells'
completions, if man does not find them yet.

With --man it writes them without asking, and does nothing else. For a program in
PREFIX/bin, the pages go to PREFIX/share/man, where man looks for them ("git swarm
--help" and "man git-swarm-landing" then work), and the completions of bash, fish
and zsh to PREFIX/share, or to the user's own folders where the shell does not
look there. Each file is named. --remove removes exactly these files again.`,
		json: true,
		flags: func() []cli.Flag {
			return []cli.Flag{
				&cli.BoolFlag{Name: "man", Usage: "write the manual pages and completions"},
				&cli.BoolFlag{Name: "remove", Usage: "remove the manual pages and completions"},
			}
		},
		run: runSetup,
	}
}

func runSetup(ctx context.Context, c *call) error {
	switch write, remove := c.cmd.Bool("man"), c.cmd.Bool("remove"); {
	case remove: // --man --remove is the same
		return c.removeDocs()
	case write:
		return c.writeDocs()
	}
	findings := []finding{c.checkGit(ctx), c.checkPath(), c.checkClient(ctx)}
	if findings[1].state == "note" {
		findings[1].state = "bad"
	}
	manual := c.checkManual(ctx)
	findings = append(findings, manual...)
	if r, err := c.Repo(); err != nil {
		line, hint, _ := c.format(err)
		findings = append(findings, finding{"repository", "bad", line, hint})
	} else {
		findings = append(findings, finding{"repository", "ok", text.Inert(r.CommonDir), ""}, c.checkIdentity(ctx, r))
	}
	err := c.printFindings(findings)
	if len(manual) > 0 && manual[0].state == "note" && !c.wantJSON() {
		if err := c.offerDocs(); err != nil {
			return err
		}
	}
	return err
}
