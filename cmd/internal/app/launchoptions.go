package app

import (
	"fmt"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/orchestrator/install"
	"github.com/git-swarm/git-swarm/orchestrator/launch"
)

// harmless are the options that an agent may hand to the clients that it starts: what
// they may do is their user's word.
var harmless = []string{"--model", "-m", "--effort", "--fallback-model"}

// mayPass refuses options behind "--" that an agent may not give.
func (c *call) mayPass() error {
	own, err := c.agentSession()
	if err != nil || own == "" {
		return err
	}
	for i, option := range c.rest {
		name, _, _ := strings.Cut(option, "=")
		value := i > 0 && slices.Contains(harmless, c.rest[i-1]) && !strings.HasPrefix(option, "-")
		if !value && !slices.Contains(harmless, name) {
			return no("your user can run: git swarm "+c.verb.name+" …", "an agent hands a client only %s, not '%s'", strings.Join(harmless, ", "), text.Inert(option))
		}
	}
	return nil
}

// equipClients gives the clients the user's options and what they may run without asking. A
// session that is resumed keeps the options that a client of its make was started with last.
func (c *call) equipClients(clients []launch.Client) error {
	commands, err := install.Allowed(c.swarm.Repo)
	if err != nil {
		return err
	}
	common := c.swarm.Repo.CommonDir
	for i := range clients {
		a := &clients[i]
		a.Options, a.Commands, a.Allow = c.rest, commands, install.RulesFor(commands)
		if len(c.rest) == 0 && a.Resume != "" {
			a.Options = launch.KeptOptions(common, a.Session, a.Agent)
			continue
		}
		if err := launch.KeepOptions(common, a.Session, a.Agent, a.Options); err != nil {
			return fmt.Errorf("keep the options of %s: %w", a.Session, err)
		}
	}
	return nil
}
