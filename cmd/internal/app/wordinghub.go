package app

import (
	"errors"
	"fmt"

	"github.com/git-swarm/git-swarm/cmd/internal/swarm"
	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/hub"
)

// formatHub words what stands between this clone and its hub.
func (c *call) formatHub(err error) *wording {
	var (
		elsewhere *bus.ElsewhereError
		away      *refstore.HubError
		refused   *refstore.RefusedError
		rewound   *refstore.HubRewoundError
		damaged   *refstore.HubDamagedError
		renamed   *refstore.RenamedError
		config    *hub.ConfigError
	)
	switch {
	case errors.As(err, &elsewhere):
		return &wording{err.Error(), "git swarm hub bring " + elsewhere.ID, exitNo}
	case errors.As(err, &away) && away.InDoubt:
		return &wording{err.Error(), "run it again: it is not granted twice", exitAgain}
	case errors.As(err, &away):
		return &wording{err.Error(), c.awayHint(), exitAgain}
	case errors.As(err, &refused):
		return &wording{err.Error(), c.refusedHint(refused), exitNo}
	case errors.As(err, &rewound):
		return &wording{err.Error(), c.putBackHint(rewound.Ref), exitFatal}
	case errors.As(err, &damaged):
		return &wording{err.Error(), c.putBackHint(damaged.Ref), exitFatal}
	case errors.As(err, &renamed):
		return &wording{err.Error(), fmt.Sprintf("sessions are at home in '%s' as before; what moves one here: git swarm hub bring SESSION", renamed.Was), exitAgain}
	case errors.As(err, &config) && config.Unknown:
		return &wording{err.Error(), "git remote add " + text.ShellWord(config.Remote) + " URL, then this again", exitNo}
	case errors.As(err, &config):
		return &wording{err.Error(), "name another remote, or a URL", exitNo}
	case errors.Is(err, swarm.ErrNotJoined):
		return &wording{err.Error(), c.joinHint(), exitFatal}
	case errors.Is(err, refstore.ErrCloneTaken):
		return &wording{err.Error(), "git swarm init --hub REMOTE --as ANOTHER-NAME", exitNo}
	case errors.Is(err, refstore.ErrOtherSwarm):
		return &wording{err.Error(), "to join with what is here: " + c.hubCommand() + " --adopt; without it: git swarm uninit --refs, then this again", exitNo}
	case errors.Is(err, refstore.ErrNoHub):
		return &wording{err.Error(), "git config swarm.hubPrefix refs/swarm-hub/, then this again, with the same in each clone", exitNo}
	}
	return nil
}

// hubCommand is what joins a hub: the one that init was asked for, or is known here.
func (c *call) hubCommand() string {
	remote := "REMOTE"
	if c.verb != nil && c.verb.name == "init" && c.cmd.IsSet("hub") {
		remote = text.ShellWord(c.cmd.String("hub"))
	} else if s, err := c.Settings(); err == nil {
		if h, _ := s.Hub.Get(); h.Remote != "" {
			remote = text.ShellWord(h.Remote)
		}
	}
	return "git swarm init --hub " + remote
}

// joinHint is what ends that this clone has begun to join its hub, or is to by its
// configuration.
func (c *call) joinHint() string {
	switch {
	case c.swarm.Store().Adopting():
		return c.hubCommand() + " --adopt"
	case c.swarm.Begun():
		return c.hubCommand()
	}
	return c.hubCommand() + ", or git config --unset swarm.hub"
}

// awayHint is what to do where the hub is out of reach: hub status says more, but not
// to who has just asked it, nor before this clone has a hub.
func (c *call) awayHint() string {
	hint := "try again, or see git swarm hub status"
	if c.verb == nil {
		return hint
	}
	var remote string
	switch c.verb.name {
	case "init":
		remote = c.cmd.String("hub")
	case "hub status", "hub sync":
		s, err := c.Settings()
		if err != nil {
			return hint
		}
		h, _ := s.Hub.Get()
		remote = h.Remote
	}
	if remote == "" {
		return hint
	}
	return "does git ls-remote " + text.ShellWord(remote) + " reach it? Then try again"
}

// putBackHint is what puts back what this clone has of a ref of the hub, after who moved
// it was asked. What another clone alone writes, that clone has.
func (c *call) putBackHint(ref string) string {
	hint := "ask who moved it; what puts it back: "
	if s, err := c.Settings(); err == nil {
		h, _ := s.Hub.Get()
		if owner := refstore.HubOwner(ref); owner != "" && owner != h.Clone {
			hint += "in the clone '" + owner + "', "
		}
	}
	return hint + "git swarm hub repair"
}

// refusedHint is whom to ask for what, where the hub is there and refuses.
func (c *call) refusedHint(e *refstore.RefusedError) string {
	prefix := c.hubPrefix()
	atInit := c.verb != nil && c.verb.name == "init"
	switch {
	case e.Kind == refstore.RefusedReader:
		return "ask for access to the hub; git ls-remote shows when you have it"
	case e.Kind == refstore.RefusedWriter && atInit:
		return "ask for the right to push there, or name another remote"
	case atInit && prefix == "refs/swarm/":
		return "git config swarm.hubPrefix refs/heads/swarm/, then this again, with the same in each clone; or name another remote"
	case e.Kind == refstore.RefusedPlace:
		return "ask who runs the hub to take " + text.Inert(prefix) + "*; or have another one: git swarm hub leave, then git swarm init --hub URL"
	}
	return c.readerHint()
}

// readerHint is what somebody can do who may only read.
func (c *call) readerHint() string {
	return "what others do is seen here; to claim, or to be heard, ask for the right to push " + text.Inert(c.hubPrefix()) + "* there"
}

// hubPrefix begins the names of the swarm's refs on the hub.
func (c *call) hubPrefix() string {
	prefix := "refs/swarm/"
	if s, err := c.Settings(); err == nil {
		h, _ := s.Hub.Get()
		prefix = h.Prefix
	}
	return prefix
}
