package app

import (
	"github.com/git-swarm/git-swarm/cmd/internal/quiet"
	"github.com/git-swarm/git-swarm/cmd/internal/swarm"
	"github.com/git-swarm/git-swarm/lock/queue"
	"github.com/git-swarm/git-swarm/merge/land"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/install"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// lookQuiet looks at all that a sync of the session without news reads. It is nil where
// that is more than files whose state a note can hold.
func (c *call) lookQuiet(b *bus.Bus, id string) *swarm.QuietLook {
	r := c.swarm.Repo
	place, sync := c.swarm.QuietPlace(agents.Run(c.Env)), c.swarm.QuietSync(id)
	if place == nil || sync == nil || c.Named || r.Prefix != "" || !c.toldWho(id) {
		return nil
	}
	inputs := append(place, sync...)
	// Whom it acts as.
	inputs = append(inputs, quiet.Content+r.SessionFile())
	inputs = append(inputs, quiet.Files(quiet.Content, agents.In(r).RecordsSaid(c.Env, r.SessionFile())...)...)
	// What else it does.
	inputs = append(inputs, quiet.Files(quiet.Absent, queue.WaitFile(b, id), land.RequestFile(r))...)
	inputs = append(inputs, quiet.Files(quiet.Times, install.HookNewsFiles(r)...)...)
	return c.swarm.LookQuiet(quiet.Name, c.App.args, c.Env, inputs)
}

// toldWho reports whether the arguments, the environment, the worktree's own identity or
// the record of the agent say by themselves that the caller is that session.
func (c *call) toldWho(id string) bool {
	here := agents.SessionIn(c.swarm.Repo.SessionFile())
	if own, err := c.agentSession(); err != nil || own != "" {
		return err == nil && own == id && (here == "" || here == own)
	}
	named, _, err := c.named()
	return err == nil && (named == id || named == "" && here == id)
}
