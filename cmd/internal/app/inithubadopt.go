package app

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/git-swarm/git-swarm/cmd/internal/settings"
	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/orchestrator/adopt"
	"github.com/git-swarm/git-swarm/refstore"
)

// adopting has the repository join the hub under that name with the swarm that it has.
func (c *call) adopting(ctx context.Context, h settings.Hub, do func(adopt.Joining) (*refstore.Adoption, error)) (*refstore.Adoption, error) {
	claims, err := c.swarm.Claims(ctx)
	if err != nil {
		return nil, err
	}
	joining := c.swarm.Joining(h)
	defer joining.Close()
	return do(adopt.Joining{Repo: c.swarm.Repo, Bus: joining.Bus(), Claims: claims, StaleAfter: c.swarm.StaleAfter(ctx)})
}

// adoptAs does so under the first of the names that nobody else has.
func (c *call) adoptAs(ctx context.Context, h settings.Hub, names []string) (a *refstore.Adoption, _ settings.Hub, err error) {
	for _, h.Clone = range names {
		a, err = c.adopting(ctx, h, func(j adopt.Joining) (*refstore.Adoption, error) { return j.Run(ctx) })
		if !errors.Is(err, refstore.ErrCloneTaken) {
			break
		}
	}
	return a, h, err
}

// planAdoption prints what adoptAs would do.
func (c *call) planAdoption(ctx context.Context, h settings.Hub, names []string) error {
	var a *refstore.Adoption
	var err error
	for _, h.Clone = range names {
		a, err = c.adopting(ctx, h, func(j adopt.Joining) (*refstore.Adoption, error) { return j.Plan(ctx) })
		if !errors.Is(err, refstore.ErrCloneTaken) {
			break
		}
	}
	if err = errors.Join(err, c.forgetHub(ctx)); err != nil {
		return err
	}
	return c.printAdoption(a, h.Clone, false)
}

// forgetHub deletes what was fetched from a hub that this repository has not joined, nor
// begun to.
func (c *call) forgetHub(ctx context.Context) error {
	alone := c.swarm.Alone()
	defer alone.Close()
	if alone.Store().Adopting() || !c.swarm.Unjoined() {
		return nil
	}
	_, err := alone.Store().Erase(ctx, refstore.TrackingPrefix)
	return err
}

// printAdoption prints what has become, or would become, of the swarm here.
func (c *call) printAdoption(a *refstore.Adoption, clone string, done bool) error {
	if c.wantJSON() {
		return c.object("adopted", map[string]any{
			"clone": clone, "done": done, "renamed": a.Renamed, "numbers": a.Numbers,
			"lost": append([]refstore.LostPath{}, a.Lost...), "kept": a.Kept(), "moved": append([]string{}, a.Moved...),
		})
	}
	is, ends, what := "is", "ends", "What was here is kept below"
	if !done {
		is, ends, what = "would be", "would end", "What is here would be kept below"
	}
	var err error
	print := func(format string, args ...any) { err = errors.Join(err, c.printf(format+"\n", args...)) }
	for _, id := range slices.Sorted(maps.Keys(a.Renamed)) {
		print("%s %s %s", text.Inert(id), is, text.Inert(a.Renamed[id]))
	}
	for _, table := range slices.Sorted(maps.Keys(a.Numbers)) {
		if n := a.Numbers[table]; n > 0 {
			print("%s #1 %s #%d, and so on", table, is, n+1)
		}
	}
	for _, l := range a.Lost {
		print("%s's claim on %s %s: %s holds it", text.Inert(l.Session), text.Inert(l.Path), ends, text.Inert(l.Holder))
	}
	for _, ref := range a.Moved {
		c.notef("warning: an older git swarm has changed %s meanwhile; that is kept below %s alone", text.Inert(ref), a.Kept())
	}
	print("%s %s", what, a.Kept())
	return err
}

// formatAdoption words what keeps the swarm here from being joined to another.
func (c *call) formatAdoption(err error) *wording {
	var working *adopt.AtWorkError
	var pool *adopt.PoolError
	var landing *adopt.LandingError
	again := c.hubCommand() + " --adopt"
	switch {
	case errors.As(err, &working):
		return &wording{err.Error(), "once that agent has ended: " + again, exitNo}
	case errors.As(err, &landing):
		return &wording{err.Error(), "once that has ended: " + again, exitAgain}
	case errors.As(err, &pool):
		return &wording{err.Error(), "once it has ended: " + again, exitAgain}
	case errors.Is(err, refstore.ErrAdopting):
		return &wording{err.Error(), again, exitAgain}
	case errors.Is(err, refstore.ErrNoSwarm):
		return &wording{err.Error(), "what publishes this one: " + c.hubCommand(), exitNo}
	case errors.Is(err, refstore.ErrLeftHub):
		return &wording{err.Error(), "to join without what is here: git swarm uninit --refs, then " + c.hubCommand(), exitNo}
	}
	return nil
}
