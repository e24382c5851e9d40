package app

import (
	"context"
	"fmt"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/lock/queue"
	"github.com/git-swarm/git-swarm/lock/task"
	"github.com/git-swarm/git-swarm/orchestrator/monitor"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/review"
)

// repair mends what fsck finds, or says what it would do.
func (c *call) repair(ctx context.Context, write bool) error {
	b, err := c.Bus()
	if err != nil {
		return err
	}
	r := &repairer{call: c, bus: b, by: c.viewer(), write: write}
	if _, err := b.Resolve(ctx, r.by); err != nil {
		r.by = bus.Orchestrator
	}
	if err := r.run(ctx); err != nil {
		return err
	}
	switch {
	case r.count == 0 && !r.stuck:
		c.notef("nothing to repair")
	case !write && r.count > 0:
		c.notef("hint: git swarm fsck --repair --write")
	}
	if r.stuck {
		return &statusError{exitFatal}
	}
	return nil
}

type repairer struct {
	call  *call
	bus   *bus.Bus
	by    string
	write bool
	count int  // things that were, or would be, done
	stuck bool // something is left that only a person can mend
}

func (r *repairer) run(ctx context.Context) error {
	files, err := r.bus.Store().RepairFiles(ctx, r.write)
	for _, done := range files {
		if err := r.say(map[string]any{"file": done.Path, "fault": done.Why}, done.Path, done.Why, "moved to "+done.Kept, "move to "+done.Kept); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	done, left, err := r.bus.Repair(ctx, r.by, r.write)
	if err := r.tell(done, err); err != nil {
		return err
	}
	done, err = lock.Repair(ctx, r.bus, r.by, r.write)
	if err := r.tell(done, err); err != nil {
		return err
	}
	waiting, err := queue.Repair(ctx, r.bus, r.by, r.write)
	if err := r.tell([]*refstore.Repair{waiting}, err); err != nil {
		return err
	}
	offered, err := queue.RepairOffers(ctx, r.bus, r.by, r.write)
	if err := r.tell([]*refstore.Repair{offered}, err); err != nil {
		return err
	}
	adopted, err := task.RepairAdopted(ctx, r.bus, r.by, r.write)
	if err := r.tell([]*refstore.Repair{adopted}, err); err != nil {
		return err
	}
	backlog, err := task.Repair(ctx, r.bus, r.by, r.write)
	if err := r.tell([]*refstore.Repair{backlog}, err); err != nil {
		return err
	}
	done, err = review.NewStore(r.bus).Repair(ctx, r.by, r.write)
	if err := r.tell(done, err); err != nil {
		return err
	}
	one, err := monitor.Repair(ctx, r.bus, r.by, r.write)
	if err := r.tell([]*refstore.Repair{one}, err); err != nil {
		return err
	}
	for _, l := range left {
		r.stuck = true
		if r.call.wantJSON() {
			err = r.call.object("unmendable", map[string]any{"fault": l.Fault.Error(), "hint": l.Commands})
		} else {
			err = r.call.printf("%s\nhint: for a person to decide: %s\n", text.Inert(l.Fault.Error()), text.Inert(l.Commands))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// tell prints what was done before it returns the error that ended it.
func (r *repairer) tell(done []*refstore.Repair, failure error) error {
	for _, one := range done {
		if one == nil {
			continue
		}
		for _, kind := range []struct {
			faults      []*refstore.DamagedError
			past, would string
		}{
			{one.Aside, "set aside", "set aside"},
			{one.Dropped, "dropped", "drop"},
			{one.Older, "replaced by what fits", "replace by what fits"},
		} {
			for _, f := range kind.faults {
				line := map[string]any{"ref": one.Ref, "commit": f.ID, "path": f.Path, "fault": f.Err.Error()}
				if err := r.say(line, strings.TrimSuffix(f.Error(), ": "+f.Err.Error()), f.Err.Error(), kind.past, kind.would); err != nil {
					return err
				}
			}
		}
		if one.Lost == "" && one.Kept == "" {
			continue
		}
		where := ""
		if one.Kept != "" {
			where = ", what was there is kept as " + one.Kept
		}
		line := map[string]any{"ref": one.Ref, "commit": one.Lost, "kept": one.Kept, "fault": "it cannot be read"}
		if err := r.say(line, one.Ref, "an object cannot be read", "begun anew"+where, "begin anew"+where); err != nil {
			return err
		}
	}
	return failure
}

func (r *repairer) say(line map[string]any, what, why, past, would string) error {
	r.count++
	action := past
	if !r.write {
		action = "would " + would
	}
	if r.call.wantJSON() {
		line["action"], line["written"] = action, r.write
		return r.call.object("repair", line)
	}
	return r.call.printf("%s\n", text.Inert(fmt.Sprintf("%s: %s: %s", what, why, action)))
}
