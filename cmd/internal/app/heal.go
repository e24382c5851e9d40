package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/merge"
	"github.com/git-swarm/git-swarm/merge/heal"
	"github.com/git-swarm/git-swarm/merge/heal/linemerge"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/urfave/cli/v3"
)

func healVerb() *verb {
	return &verb{
		name: "heal", group: groupLand, args: "[PATH...]", max: -1, short: "heal the conflicts at hand, where both sides' edits can be carried out",
		long: `In a merge, rebase, cherry-pick, revert or stash pop that has stopped: heals
the files in conflict, stages those that are wholly healed, and lists the others
with who changed each side and who claims the file. Exits with 1 if any is left,
if a PATH is not in conflict and others are, or if it is no file at all.

With --base, --ours, --theirs and --output it merges files, as git merge-file
does; with --try A B it tells what a merge of two branches or sessions would
bring, and touches nothing.

With --check it holds resolutions, made by whomever, against both sides' edits:
which words of either are lost or back, and which are new. It judges nothing, and
exits with 1 if anything differs, or is still in conflict. With --base, --ours and
--theirs the one PATH is the resolution.

With --explain --json each conflict that is left comes with its three versions,
and who made each side, for a person or a model to resolve.`,
		session: true, json: true,
		flags: func() []cli.Flag {
			return []cli.Flag{
				&cli.StringFlag{Name: "level", Usage: "`LEVEL`: safe, both, wide or off (default: swarm.heal, safe)"},
				&cli.BoolFlag{Name: "partial", Usage: "write what can be healed also in files that stay in conflict"},
				&cli.BoolFlag{Name: "explain", Usage: "name the rule of each region, or why it was left"},
				&cli.BoolFlag{Name: "check", Usage: "only tell what resolutions made of both sides' edits"},
				&cli.BoolFlag{Name: "try", Usage: "only tell, of two branches or sessions"},
				&cli.StringFlag{Name: "base", Usage: "the common ancestor, a `FILE`"},
				&cli.StringFlag{Name: "ours", Usage: "one side, a `FILE`"},
				&cli.StringFlag{Name: "theirs", Usage: "the other side, a `FILE`"},
				&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "where the result goes, a `FILE`; - for standard output"},
				&cli.StringFlag{Name: "path", Usage: "the `PATH` whose type decides which rules apply"},
			}
		},
		run: runHeal,
	}
}

func runHeal(ctx context.Context, c *call) error {
	files := []string{"base", "ours", "theirs", "output"}
	given := slices.ContainsFunc(files, c.cmd.IsSet)
	switch {
	case c.cmd.Bool("check"):
		return c.healCheck(ctx)
	case given && (c.cmd.Bool("try") || c.cmd.Bool("partial") || len(c.args) > 0):
		return usageOf(c.verb, "--base, --ours, --theirs and --output go alone")
	case given:
		for _, f := range files {
			if c.cmd.String(f) == "" {
				return usageOf(c.verb, "--"+f+" is missing")
			}
		}
		if c.wantJSON() && c.cmd.String("output") == "-" {
			return usageOf(c.verb, "--json and --output - both take standard output")
		}
		return c.healFiles(ctx)
	case c.cmd.Bool("try") && c.cmd.Bool("partial"):
		return usageOf(c.verb, "--try writes nothing, and --partial does")
	case c.cmd.Bool("try"):
		return c.healTry(ctx)
	}
	return c.healCheckout(ctx)
}

// level is --level, else swarm.heal.
func (c *call) level(ctx context.Context) (heal.Level, error) {
	if c.cmd.IsSet("level") {
		level, ok := heal.ParseLevel(c.cmd.String("level"))
		if !ok {
			return 0, usageOf(c.verb, fmt.Sprintf("unknown level '%s': safe, both, wide or off", text.Inert(c.cmd.String("level"))))
		}
		return level, nil
	}
	if _, err := c.Repo(); err != nil {
		return heal.Safe, nil // files can be merged anywhere
	}
	s, err := c.Rules(ctx)
	if err != nil {
		return 0, err
	}
	return s.Heal.Get()
}

// healFiles merges three files into a fourth.
func (c *call) healFiles(ctx context.Context) error {
	names := [3]string{c.cmd.String("base"), c.cmd.String("ours"), c.cmd.String("theirs")}
	if err := c.mayWrite(c.cmd.String("output")); err != nil {
		return err
	}
	path := cmp.Or(c.cmd.String("path"), names[1])
	h, err := c.mergeFiles(ctx, names, func(opts *heal.Options) {
		opts.Path = path
		opts.Format.Labels = linemerge.Labels{Base: names[0], Ours: names[1], Theirs: names[2]}
	})
	if err != nil {
		return err
	}
	if out := c.cmd.String("output"); out == "-" {
		_, err = c.Stdout.Write(h.Result.Text)
	} else {
		err = os.WriteFile(c.at(out), h.Result.Text, 0o666)
	}
	if err != nil {
		return err
	}
	c.noteLeft(h)
	if err := c.explain(ctx, h, [2]string{}); err != nil {
		return err
	}
	if !h.Whole {
		return &statusError{exitNo}
	}
	return nil
}

// mayWrite refuses an output that would change a repository's own files, or that a
// link leads elsewhere: heal --output writes what its caller chose.
func (c *call) mayWrite(out string) error {
	if out == "-" {
		return nil
	}
	path := c.at(out)
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return refuseOutput(out, "it is a link")
	}
	if real := repo.ResolveLinks(filepath.Clean(path)); repo.InGitDir(c.Env, filepath.Dir(real)) || strings.EqualFold(filepath.Base(real), ".git") {
		return refuseOutput(out, "it is in a git dir")
	}
	return nil
}

// mergeFiles merges three files, base, ours and theirs, by the level and the style that are configured
// and what set changes of that.
func (c *call) mergeFiles(ctx context.Context, names [3]string, set func(*heal.Options)) (merge.Healed, error) {
	level, err := c.level(ctx)
	if err != nil {
		return merge.Healed{}, err
	}
	opts := heal.Options{Level: level}
	if r, err := c.Repo(); err == nil {
		if opts, err = merge.OptionsFor(r, level); err != nil {
			return merge.Healed{}, err
		}
	}
	set(&opts)
	versions := make([][]byte, len(names))
	for i, name := range names {
		if versions[i], err = os.ReadFile(c.at(name)); err != nil {
			return merge.Healed{}, err
		}
	}
	r := heal.Merge(versions[0], versions[1], versions[2], opts)
	return merge.Healed{Path: opts.Path, Result: r, Whole: r.Conflicts == 0, Regenerate: r.Regenerate, Versions: versions}, nil
}

// noteLeft says of a file that cannot be merged as text why, as nothing in it
// does: for one that a program makes, how to make it anew.
func (c *call) noteLeft(h merge.Healed) {
	switch {
	case !h.Whole && h.Result.Regions[0].Why == heal.Binary:
		c.notef("conflict %s: %s; ours is kept", text.Inert(h.Path), heal.Binary)
	case !h.Whole && h.Regenerate != "":
		c.notef("conflict %s: %s; make it anew: %s", text.Inert(h.Path), heal.Generated, text.Inert(h.Regenerate))
	}
}

// at is a path as seen from where the command was started (-C included).
func (c *call) at(path string) string {
	if strings.HasPrefix(path, "/") {
		return path
	}
	return c.Dir + "/" + path
}

// healTry tells what a merge would bring.
func (c *call) healTry(ctx context.Context) error {
	if len(c.args) != 2 {
		return usageOf(c.verb, "--try takes two branches or sessions")
	}
	level, err := c.level(ctx)
	if err != nil {
		return err
	}
	r, err := c.Repo()
	if err != nil {
		return err
	}
	var tips [2]string
	for i, arg := range c.args {
		if tips[i], err = c.commitOf(ctx, arg); err != nil {
			return err
		}
	}
	opts, err := merge.OptionsFor(r, level)
	if err != nil {
		return err
	}
	all, err := merge.Try(ctx, r, tips[0], tips[1], opts)
	if err != nil {
		return err
	}
	if len(all) == 0 && !c.wantJSON() {
		return c.printf("%s and %s merge cleanly\n", text.Inert(c.args[0]), text.Inert(c.args[1]))
	}
	return c.printHealed(ctx, all, "would heal", tips)
}

// commitOf is the tip of a session's branch, or of any revision.
func (c *call) commitOf(ctx context.Context, arg string) (string, error) {
	revision := arg
	if b, err := c.Bus(); err == nil {
		if s, err := b.Session(ctx, arg); err == nil && s.Branch != "" {
			revision = "refs/heads/" + s.Branch
		}
	}
	out, err := repo.Output(c.swarm.Repo.GitParsed(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", revision+"^{commit}"))
	var no *repo.GitError
	if errors.As(err, &no) {
		return "", refuseRevision(arg)
	}
	return strings.TrimSpace(out), err
}
