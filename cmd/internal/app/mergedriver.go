package app

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/merge"
	"github.com/git-swarm/git-swarm/merge/heal"
)

// mergeDriverVerb is git's merge driver (gitattributes(5)): it leaves the result
// in the second file.
func mergeDriverVerb() *verb {
	return &verb{
		name: "merge-driver", hidden: true, group: groupLand, args: "%O %A %B %L %P", min: 4, max: 5, short: "heal within git merge and git rebase; git calls it, not you",
		long: `init --merge-driver sets it up: git then calls it for every file that has no
merge driver of its own in .gitattributes.`,
		run: func(_ context.Context, c *call) error {
			size, err := strconv.Atoi(c.args[3])
			if err != nil || size < 1 {
				return usageOf(c.verb, fmt.Sprintf("'%s' is no marker size", text.Inert(c.args[3])))
			}
			level, err := c.level()
			if err != nil {
				return err
			}
			opts := heal.Options{Level: level}
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
			r := heal.Merge(versions[0], versions[1], versions[2], opts)
			if err := c.replace(c.args[1], r.Text); err != nil {
				return err
			}
			if r.Conflicts > 0 {
				c.noteLeft(opts.Path, r)
				return &statusError{exitNo}
			}
			if len(r.Regions) > 0 {
				h := merge.Healed{Path: opts.Path, Result: r, Whole: true}
				c.notef("Healed %s (%s)", text.Inert(opts.Path), strings.Join(h.Rules(), ", "))
			}
			return nil
		},
	}
}
