package app

import (
	"context"
)

func verifyVerb() *verb {
	return &verb{
		name: "verify", group: groupLand, short: "run swarm.verify on what is committed here, as a push would",
		long: `The command runs in a checkout of HEAD. What has passed is remembered for a day, in
this clone alone: a push that would land the very same files does not run it again.`,
		session: true, json: true,
		run: func(ctx context.Context, c *call) error {
			ctx, restore := undoable(ctx)
			defer restore()
			l, _, err := c.lander(ctx, "")
			if err == nil {
				err = c.landing(l)
			}
			if err != nil {
				return err
			}
			ran, err := l.VerifyHere(ctx)
			if err != nil {
				c.tellVerify(err)
				return err
			}
			if c.wantJSON() {
				return c.object("verified", map[string]any{"ran": ran})
			}
			note := ""
			if !ran {
				note = " (it has passed before)"
			}
			return c.printf("Verified%s\n", note)
		},
	}
}
