package app

import (
	"context"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/bus"
)

// mayRegister refuses another workstream for a session that is there, and a branch that
// another session has: init changes nothing of either.
func (c *call) mayRegister(ctx context.Context, wanted []bus.Registration) error {
	all, err := c.swarm.Bus().Sessions(ctx)
	if err != nil {
		return err
	}
	branches := map[string]string{}
	for _, s := range all {
		branches[s.Branch] = s.ID
	}
	for _, n := range wanted {
		i := slices.IndexFunc(all, func(s bus.Session) bool { return strings.EqualFold(s.ID, n.ID) })
		if i >= 0 {
			if s := all[i]; s.Workstream != n.Workstream {
				return refuseOtherWorkstream(s, n.Workstream)
			}
			continue
		}
		if other, taken := branches[n.Branch()]; taken && !strings.EqualFold(other, n.ID) {
			return refuseTakenBranch(n.Branch(), other)
		}
		branches[n.Branch()] = n.ID
	}
	return nil
}
