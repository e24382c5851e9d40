package app

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/merge/heal"
	"github.com/git-swarm/git-swarm/refstore/file"
)

// mergeDriverVerb is git's merge driver (gitattributes(5)): it leaves the result
// in the second file.
func mergeDriverVerb() *verb {
	return &verb{
		name: "merge-driver", hidden: true, group: groupLand, args: "%O %A %B %L %P", min: 4, max: 5, short: "heal within git merge and git rebase; git calls it, not you",
		long: `init --merge-driver sets it up: git then calls it for every file that has no
merge driver of its own in .gitattributes.`,
		run: func(ctx context.Context, c *call) error {
			size, err := strconv.Atoi(c.args[3])
			if err != nil || size < 1 {
				return usageOf(c.verb, fmt.Sprintf("'%s' is no marker size", text.Inert(c.args[3])))
			}
			path := c.args[len(c.args)-1]
			h, err := c.mergeFiles(ctx, [3]string(c.args[:3]), func(opts *heal.Options) { opts.Path, opts.Format.MarkerSize = path, size })
			if err != nil {
				return err
			}
			if err := file.Replace(c.at(c.args[1]), h.Result.Text, 0o666); err != nil {
				return err
			}
			if !h.Whole {
				c.noteLeft(h)
				return &statusError{exitNo}
			}
			if len(h.Result.Regions) > 0 {
				c.notef("Healed %s (%s)", text.Inert(path), strings.Join(h.Rules(), ", "))
			}
			return nil
		},
	}
}
