package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/gitlock"
)

// Who the caller is. An agent's client has a record of the session that the agent
// works as: such a caller is that session, and may look as another but not act as
// one. Anybody else is a person, a script or CI, and acts as the session that is
// named; what is written then says that it was named, and by whom.

// The ways to name a session to a command, as entries say them.
const (
	byOption      = "--session"
	byEnvironment = "GIT_SWARM_SESSION"
)

// agentSession is the session that the agent which runs us works as, by its client's
// record; "" if no agent that is known runs us.
func (c *call) agentSession() (string, error) {
	r, err := c.Repo()
	if err != nil {
		return "", err
	}
	if c.agent == nil {
		caller := agents.Agents.Caller
		if c.verb.name == "sync" { // which is run all the time, and looks at no process
			caller = agents.Agents.Said
		}
		who := caller(agents.In(r), c.Env, r.SessionFile())
		c.agent = &who
	}
	return c.agent.Session, nil
}

// named is the session that the caller names, and how; "" and "" for none.
func (c *call) named() (id, how string, err error) {
	switch {
	case c.cmd.String("session") != "":
		id, how = c.cmd.String("session"), byOption
	case c.cmd.IsSet("session"):
		return "", "", usageOf(c.verb, "option '--session' needs a value")
	case c.Env.Get(byEnvironment) != "":
		id, how = c.Env.Get(byEnvironment), byEnvironment
	default:
		return "", "", nil
	}
	return id, how, bus.CheckID(id)
}

// Session is who the caller looks as: --session, else the client's record, else
// GIT_SWARM_SESSION, the worktree's own identity, swarm.session. See acting for
// what binds somebody.
func (c *call) Session() (string, error) {
	id, how, err := c.named()
	if err != nil || how == byOption {
		return id, err
	}
	if own, err := c.agentSession(); err != nil || own != "" {
		return own, err
	}
	if id != "" {
		return id, nil
	}
	return c.identityHere()
}

// identityHere is the worktree's own identity, else swarm.session.
func (c *call) identityHere() (string, error) {
	r, err := c.Repo()
	if err != nil {
		return "", err
	}
	content, err := file.Read(r.SessionFile(), 1024)
	if err == nil {
		id := strings.TrimSuffix(string(content), "\n")
		if err := bus.CheckID(id); err != nil {
			return "", fmt.Errorf("'%s': %w", r.SessionFile(), err)
		}
		return id, nil
	}
	if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, os.ErrPermission) {
		return "", err
	}
	config, err := r.Config()
	if err != nil {
		return "", err
	}
	if id, ok := config.Get("swarm.session"); ok && id != "" {
		return id, bus.CheckID(id)
	}
	return "", errWhoAmI
}

// looking is Bus and Session in one, for verbs that show a session something.
func (c *call) looking() (*bus.Bus, string, error) {
	b, err := c.Bus()
	if err != nil {
		return nil, "", err
	}
	id, err := c.Session()
	return b, id, err
}

// acting is looking, for verbs that act as the session. An agent that names another
// session than its own is refused.
func (c *call) acting() (*bus.Bus, string, error) {
	b, id, err := c.looking()
	if err == nil {
		err = c.mayActAs(id)
	}
	if err == nil && c.verb.name != "sync" { // which is often run, and takes no lock of git's
		if _, err = gitlock.Clear(c.swarm.Repo); err == nil {
			err = c.swarm.Joined()
		}
	}
	return b, id, err
}

// mayActAs refuses an agent that would act as another session than its own, or that
// names another one.
func (c *call) mayActAs(id string) error {
	own, err := c.agentSession()
	if err != nil || own == "" {
		return err
	}
	name, how, err := c.named()
	switch {
	case err != nil:
		return err
	case how == byEnvironment && strings.EqualFold(name, c.agent.Parent) && strings.EqualFold(id, own): // a subagent has its agent's environment
	case how != "" && !strings.EqualFold(name, own):
		return refuseOther(own, name, how)
	case !strings.EqualFold(id, own):
		return refuseOther(own, id, "")
	}
	return nil
}

// mayActFor is mayActAs, but lets the orchestrator's agent act for others.
func (c *call) mayActFor(id string) error {
	own, err := c.agentSession()
	if err != nil {
		return err
	}
	if strings.EqualFold(own, bus.Orchestrator) {
		id = own
	}
	return c.mayActAs(id)
}

// mayOversee refuses an agent other than the orchestrator's: it starts no sessions,
// and does not watch over them.
func (c *call) mayOversee() error {
	own, err := c.agentSession()
	if err != nil || own == "" || strings.EqualFold(own, bus.Orchestrator) {
		return err
	}
	return refuseOversee(own)
}

// via is how the caller named the session that it acts as, for the entry to say;
// "" where the session acts for itself: its own agent, or its own worktree.
func (c *call) via() string {
	if c.cmd == nil { // no verb is running
		return ""
	}
	if own, err := c.agentSession(); err != nil || own != "" {
		return ""
	}
	_, how, _ := c.named()
	return how
}

// formatWriter says who wrote an entry in a session's name, where one was named.
func formatWriter(writer, via string) string {
	if via == "" {
		return ""
	}
	return fmt.Sprintf(", written by %s with %s", text.Quoted(writer), via)
}

// viewer is the session that looks, "" if none is known: looking needs none.
func (c *call) viewer() string {
	id, err := c.Session()
	if err != nil {
		return ""
	}
	return id
}
