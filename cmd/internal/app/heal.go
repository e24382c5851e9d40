package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/git-swarm/git-swarm/merge"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/urfave/cli/v3"
)

func healVerb() *verb {
	return &verb{
		name: "heal", group: groupLand, args: "[PATH...]", max: -1, short: "heal the conflicts at hand, where both sides' edits can be carried out",
		long: `In a merge, rebase, cherry-pick, revert or stash pop that has stopped: heals
the files in conflict, stages those that are wholly healed, and lists the others
with who changed each side and who claims the file. Exits with 1 if any is left.

With --base, --ours, --theirs and --output it merges files, as git merge-file
does; with --try A B it tells what a merge of two branches or sessions would
bring, and touches nothing.`,
		session: true, json: true,
		flags: func() []cli.Flag {
			return []cli.Flag{
				&cli.StringFlag{Name: "level", Usage: "`LEVEL`: safe, wide or off (default: swarm.heal, safe)"},
				&cli.BoolFlag{Name: "partial", Usage: "write what can be healed also in files that stay in conflict"},
				&cli.BoolFlag{Name: "explain", Usage: "name the rule of each region, or why it was left"},
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
		return c.healFiles()
	case c.cmd.Bool("try") && c.cmd.Bool("partial"):
		return usageOf(c.verb, "--try writes nothing, and --partial does")
	case c.cmd.Bool("try"):
		return c.healTry(ctx)
	}
	return c.healCheckout(ctx)
}

// level is --level, else swarm.heal.
func (c *call) level() (merge.Level, error) {
	if c.cmd.IsSet("level") {
		level, ok := merge.ParseLevel(c.cmd.String("level"))
		if !ok {
			return 0, usageOf(c.verb, fmt.Sprintf("unknown level '%s': safe, wide or off", inert(c.cmd.String("level"))))
		}
		return level, nil
	}
	if _, err := c.Repo(); err != nil {
		return merge.Safe, nil // files can be merged anywhere
	}
	s, err := c.Settings()
	if err != nil {
		return 0, err
	}
	return s.Heal, nil
}

// healFiles merges three files into a fourth.
func (c *call) healFiles() error {
	level, err := c.level()
	if err != nil {
		return err
	}
	opts := merge.Options{Level: level}
	if r, err := c.Repo(); err == nil {
		if opts, err = merge.OptionsFor(r, level); err != nil {
			return err
		}
	}
	var versions [3][]byte
	for i, name := range []string{"base", "ours", "theirs"} {
		if versions[i], err = os.ReadFile(c.at(c.cmd.String(name))); err != nil {
			return err
		}
	}
	opts.Path = c.cmd.String("path")
	if opts.Path == "" {
		opts.Path = c.cmd.String("ours")
	}
	opts.Labels = merge.Labels{Ours: c.cmd.String("ours"), Base: c.cmd.String("base"), Theirs: c.cmd.String("theirs")}
	r := merge.Heal(versions[0], versions[1], versions[2], opts)
	if out := c.cmd.String("output"); out == "-" {
		_, err = c.Stdout.Write(r.Text)
	} else {
		err = os.WriteFile(c.at(out), r.Text, 0o666)
	}
	if err != nil {
		return err
	}
	c.noteLeft(opts.Path, r)
	h := merge.Healed{Path: opts.Path, Result: r, Whole: r.Conflicts == 0, Regenerate: r.Regenerate}
	if err := c.explain(h); err != nil {
		return err
	}
	if r.Conflicts > 0 {
		return &statusError{exitNo}
	}
	return nil
}

// noteLeft says of a file that cannot be merged as text why, as nothing in it
// does: for one that a program makes, how to make it anew.
func (c *call) noteLeft(path string, r merge.Result) {
	switch {
	case r.Conflicts > 0 && r.Regions[0].Why == merge.Binary:
		c.notef("conflict %s: %s; ours is kept", inert(path), merge.Binary)
	case r.Conflicts > 0 && r.Regenerate != "":
		c.notef("conflict %s: %s; make it anew: %s", inert(path), merge.Generated, inert(r.Regenerate))
	}
}

// replace gives a file another content, all of it or nothing.
func (c *call) replace(path string, text []byte) error {
	temp, err := os.CreateTemp(filepath.Dir(c.at(path)), ".git-swarm-*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(text)
	if err = errors.Join(err, temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), c.at(path))
}

// at is a path as seen from where the command was started (-C included).
func (c *call) at(path string) string {
	if strings.HasPrefix(path, "/") {
		return path
	}
	return c.Dir + "/" + path
}

// healCheckout heals what has stopped.
func (c *call) healCheckout(ctx context.Context) error {
	level, err := c.level()
	if err != nil {
		return err
	}
	r, err := c.Repo()
	if err != nil {
		return err
	}
	if r.WorkTree == "" {
		return c.wordLanding(merge.ErrBare)
	}
	want, err := c.wanted(r)
	if err != nil {
		return err
	}
	opts, err := merge.OptionsFor(r, level)
	if err != nil {
		return err
	}
	all, err := merge.HealCheckout(ctx, r.GitParsed, opts, c.cmd.Bool("partial"), want)
	if err != nil {
		return err
	}
	if len(all) == 0 && !c.wantJSON() {
		c.notef("no file is in conflict")
		return nil
	}
	return c.printHealed(ctx, all, "healed", [2]string{"HEAD", theirHead(r)})
}

// wanted tells which files the arguments name: files, and folders with all below.
func (c *call) wanted(r *repo.Repo) (func(file string) bool, error) {
	var named []string
	for _, arg := range c.args {
		name := path.Join(r.Prefix, arg)
		if path.IsAbs(arg) {
			var err error
			if name, err = inWorkTree(r, arg); err != nil {
				return nil, err
			}
		}
		if name == ".." || strings.HasPrefix(name, "../") {
			return nil, bus.Inputf("'%s': outside the repository", inert(arg))
		}
		named = append(named, name)
	}
	return func(file string) bool {
		return len(named) == 0 || slices.ContainsFunc(named, func(n string) bool {
			return n == "." || file == n || strings.HasPrefix(file, n+"/")
		})
	}, nil
}

// printHealed lists what was healed and what was not. It is a plain no if
// anything is left. The sides are revisions, "" for one that is not known.
func (c *call) printHealed(ctx context.Context, all []merge.Healed, done string, sides [2]string) error {
	left := 0
	for _, h := range all {
		if err := c.printFile(ctx, h, done, sides); err != nil {
			return err
		}
		if !h.Whole {
			left++
		}
	}
	if left > 0 {
		return &statusError{exitNo}
	}
	return nil
}

func (c *call) printFile(ctx context.Context, h merge.Healed, done string, sides [2]string) error {
	if c.wantJSON() || c.cmd.Bool("explain") {
		if err := c.explain(h); err != nil || c.wantJSON() {
			return err
		}
	}
	if h.Whole {
		return c.printf("%s %s (%s)\n", done, inert(h.Path), strings.Join(h.Rules(), ", "))
	}
	line := fmt.Sprintf("conflict %s: %s", inert(h.Path), h.Reason())
	if h.Regenerate != "" {
		line += "; make it anew: " + inert(h.Regenerate)
	}
	if whose := c.whose(ctx, h.Path, sides); whose != "" {
		line += " (" + whose + ")"
	}
	return c.printf("%s\n", line)
}

// whose says who last changed each side of a file in conflict, and who claims it.
func (c *call) whose(ctx context.Context, path string, sides [2]string) string {
	var parts []string
	for i, name := range []string{"ours", "theirs"} {
		if sides[i] == "" {
			continue
		}
		out, err := repo.Output(c.open.repo.GitParsed(ctx, "log", "-1", "--no-show-signature", "--format=%h %s", sides[i], "--", ":(top,literal)"+path))
		if err == nil && strings.TrimSpace(out) != "" {
			parts = append(parts, name+": "+inert(strings.TrimSpace(out)))
		}
	}
	if claims, err := c.Claims(); err == nil {
		if holders, err := claims.Holders(ctx, []string{path}); err == nil {
			if held, ok := holders[path]; ok {
				parts = append(parts, "claimed by "+held.Session)
			}
		}
	}
	return strings.Join(parts, "; ")
}

// theirHead is the other side of what has stopped.
func theirHead(r *repo.Repo) string {
	for _, name := range []string{"MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "REBASE_HEAD"} {
		if _, err := os.Stat(r.GitDir + "/" + name); err == nil {
			return name
		}
	}
	return ""
}

// explain names each region's rule, or why it was left: with --json an object
// each, with --explain a line.
func (c *call) explain(h merge.Healed) error {
	if !c.wantJSON() && !c.cmd.Bool("explain") {
		return nil
	}
	if h.Why != "" && c.wantJSON() {
		return c.object(map[string]any{"path": h.Path, "status": "conflict", "reason": h.Why})
	}
	if len(h.Result.Regions) == 0 && c.wantJSON() {
		return c.object(map[string]any{"path": h.Path, "status": "healed", "rule": h.Rules()[0]})
	}
	for _, r := range h.Result.Regions {
		status, reason := "healed", ""
		if r.Rule == "" {
			status, reason = "conflict", r.Why.String()
		}
		if !c.wantJSON() {
			how := r.Rule
			if how == "" {
				how = "left: " + reason
			}
			c.notef("%s: lines %s of ours: %s", inert(h.Path), lines(r.Ours), how)
			continue
		}
		if err := c.object(map[string]any{
			"path": h.Path, "status": status, "rule": r.Rule, "reason": reason, "regenerate": h.Regenerate,
			"base": span(r.Base), "ours": span(r.Ours), "theirs": span(r.Theirs),
		}); err != nil {
			return err
		}
	}
	return nil
}

// lines counts from 1, as people do; span is the same for programs: first and
// last line, the last before the first where there is none.
func lines(s merge.Span) string {
	if s.To <= s.From {
		return "before " + strconv.Itoa(s.From+1)
	}
	return fmt.Sprintf("%d-%d", s.From+1, s.To)
}

func span(s merge.Span) [2]int { return [2]int{s.From + 1, s.To} }

// healTry tells what a merge would bring.
func (c *call) healTry(ctx context.Context) error {
	if len(c.args) != 2 {
		return usageOf(c.verb, "--try takes two branches or sessions")
	}
	level, err := c.level()
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
		return c.printf("%s and %s merge cleanly\n", inert(c.args[0]), inert(c.args[1]))
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
	out, err := repo.Output(c.open.repo.GitParsed(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", revision+"^{commit}"))
	var no *repo.GitError
	if errors.As(err, &no) {
		return "", &refusal{exitNo, fmt.Sprintf("'%s' is neither a branch nor a session with one", inert(arg)), "git swarm status"}
	}
	return strings.TrimSpace(out), err
}

// mergeDriverVerb is git's merge driver (gitattributes(5)): it leaves the result
// in the second file.
func mergeDriverVerb() *verb {
	return &verb{
		name: "merge-driver", group: groupLand, args: "%O %A %B %L %P", min: 4, max: 5, short: "heal within git merge and git rebase; git calls it",
		long: `init --merge-driver sets it up: git then calls it for every file that has no
merge driver of its own in .gitattributes.`,
		run: func(_ context.Context, c *call) error {
			size, err := strconv.Atoi(c.args[3])
			if err != nil || size < 1 {
				return usageOf(c.verb, fmt.Sprintf("'%s' is no marker size", inert(c.args[3])))
			}
			level, err := c.level()
			if err != nil {
				return err
			}
			opts := merge.Options{Level: level}
			if r, err := c.Repo(); err == nil {
				if opts, err = merge.OptionsFor(r, level); err != nil {
					return err
				}
			}
			opts.MarkerSize, opts.Path = size, c.args[len(c.args)-1]
			var versions [3][]byte
			for i := range versions {
				if versions[i], err = os.ReadFile(c.at(c.args[i])); err != nil {
					return err
				}
			}
			r := merge.Heal(versions[0], versions[1], versions[2], opts)
			if err := c.replace(c.args[1], r.Text); err != nil {
				return err
			}
			if r.Conflicts > 0 {
				c.noteLeft(opts.Path, r)
				return &statusError{exitNo}
			}
			if len(r.Regions) > 0 {
				h := merge.Healed{Path: opts.Path, Result: r, Whole: true}
				c.notef("Healed %s (%s)", inert(opts.Path), strings.Join(h.Rules(), ", "))
			}
			return nil
		},
	}
}
