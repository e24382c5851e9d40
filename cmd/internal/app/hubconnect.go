package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/git-swarm/git-swarm/cmd/internal/settings"
	"github.com/git-swarm/git-swarm/cmd/internal/swarm"
	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/orchestrator/install"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/hub"
)

// connectHub joins or publishes, and records it.
func (c *call) connectHub(ctx context.Context) error {
	if err := c.mayOversee(); err != nil {
		return err
	}
	own, err := c.Settings()
	if err != nil {
		return err
	}
	h, err := own.Hub.Get()
	if err != nil {
		return err
	}
	remote := c.cmd.String("hub")
	if h.Remote != "" && h.Clone != "" && h.Remote != remote {
		return no("git swarm hub leave", "this clone's hub is '%s' already", text.Inert(h.Remote))
	}
	h.Remote = remote
	at := &hub.Remote{Repo: c.swarm.Repo, Name: remote, Prefix: h.Prefix, Timeout: h.Timeout}
	if err := at.Check(); err != nil {
		return err
	}
	names := swarm.CloneNames(c.swarm.Repo, h.Clone, c.cmd.String("as"))
	if !refstore.IsClone(names[0]) {
		return usageOf(c.verb, fmt.Sprintf("'%s' is no clone's name: lower case letters, digits and '-', at most 32", text.Inert(names[0])))
	}
	if c.cmd.Bool("dry-run") {
		return c.planAdoption(ctx, h, names)
	}
	if h.Clone == "" {
		_, err := at.Probe(ctx)
		var refused *refstore.RefusedError
		switch {
		case errors.As(err, &refused) && refused.Kind == refstore.RefusedWriter: // it may join what is there
			if !c.swarm.Begun() {
				names = []string{swarm.ReaderName(names[0])}
			}
		case err != nil:
			return err
		}
	}
	undecided := c.swarm.Begun()
	var adopted *refstore.Adoption
	published, joined, err := false, h, error(refstore.ErrOtherSwarm)
	begun := c.swarm.Store().Adopting()
	if !begun {
		published, joined, err = c.connectAs(ctx, h, names)
	}
	if errors.Is(err, refstore.ErrOtherSwarm) && (begun || c.cmd.Bool("adopt")) {
		adopted, joined, err = c.adoptAs(ctx, h, names)
	}
	if err != nil {
		return errors.Join(err, c.noteHub(context.WithoutCancel(ctx), remote, undecided), c.forgetHub(ctx))
	}
	for _, v := range [][2]string{{"swarm.hubClone", joined.Clone}, {"swarm.hub", remote}} {
		if err := install.SetHub(ctx, c.swarm.Repo, v[0], v[1]); err != nil {
			return err
		}
	}
	if err := c.swarm.Store().Adopted(); err != nil {
		return err
	}
	swarm.Connected(c.swarm.Repo)
	c.swarm.Close()
	c.swarm = nil // its configuration is another now
	if adopted != nil {
		if err := c.printAdoption(adopted, joined.Clone, true); err != nil {
			return err
		}
	}
	what := "Joined"
	if published {
		what = "Published"
	}
	if c.wantJSON() {
		return c.object("hub", map[string]any{"remote": remote, "clone": joined.Clone, "published": published})
	}
	return c.printf("%s the swarm on %s; this clone is '%s' there\n", what, text.Inert(remote), joined.Clone)
}

// noteHub keeps the name of the hub that this clone has begun to connect to, for whoever
// says what ends that; was says that it had before.
func (c *call) noteHub(ctx context.Context, remote string, was bool) error {
	switch {
	case c.swarm.Begun():
		return install.SetHub(ctx, c.swarm.Repo, "swarm.hub", remote)
	case was:
		return install.UnsetHub(ctx, c.swarm.Repo, "swarm.hub")
	}
	return nil
}

// noteReader says that this clone may only read, where it was refused for that.
func (c *call) noteReader(trouble error) error {
	var refused *refstore.RefusedError
	if !errors.As(trouble, &refused) {
		return trouble
	}
	c.notef("warning: %s", text.Inert(refused.Error()))
	c.notef("hint: %s", c.readerHint())
	return nil
}

// connectAs connects under the first of the names that nobody else has.
func (c *call) connectAs(ctx context.Context, h settings.Hub, names []string) (published bool, _ settings.Hub, err error) {
	for _, h.Clone = range names {
		joining := c.swarm.Joining(h)
		published, err = joining.Bus().Connect(ctx)
		if err == nil {
			err = c.noteReader(joining.Store().HubTrouble())
		}
		joining.Close()
		if !errors.Is(err, refstore.ErrCloneTaken) {
			break
		}
	}
	var away *refstore.HubError
	if err != nil && !errors.As(err, &away) {
		swarm.Connected(c.swarm.Repo) // nothing was begun
	}
	return published, h, err
}
