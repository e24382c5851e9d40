package app

import (
	"context"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/install"
	"github.com/git-swarm/git-swarm/orchestrator/launch"
)

// beginWait is how long a background session may take to report that it has begun.
const beginWait = 20 * time.Second

// runBackground starts each client as a background session of its own.
func (c *call) runBackground(ctx context.Context, clients []launch.Client) error {
	jobs := make([]string, len(clients))
	for i, a := range clients {
		var err error
		if jobs[i], err = a.Background(ctx); err != nil {
			return no("git swarm launch "+a.Session+" --background --print shows the command", "%s: %s", a.Session, text.Inert(err.Error()))
		}
	}
	reports := len(install.Installed(ctx, c.swarm.Repo)) > 0
	for i, a := range clients {
		if err := c.printBackground(a.Session, jobs[i]); err != nil {
			return err
		}
		if reports && !c.begins(a.Session) {
			c.notef("%s has not reported its start yet: claude logs %s", a.Session, jobs[i])
		}
	}
	return nil
}

func (c *call) printBackground(session, job string) error {
	if c.wantJSON() {
		return c.object("launch", map[string]any{"session": session, "background": job})
	}
	return c.printf("%s runs in the background: claude attach %s, claude logs %s; to end it: claude stop %s\n", session, job, job, job)
}

// begins waits until the session's agent has told its hooks that it is there.
func (c *call) begins(session string) bool {
	for end := time.Now().Add(beginWait); !agents.In(c.swarm.Repo).AtWork(session); time.Sleep(50 * time.Millisecond) { // another's child tells nobody else
		if time.Now().After(end) {
			return false
		}
	}
	return true
}
