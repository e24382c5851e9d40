package app

import (
	"context"
	"fmt"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/orchestrator/pool"
)

func taskLogVerb() *verb {
	return &verb{
		name: "task log", group: groupTask, args: "N", min: 1, max: 1, short: "show what the clients of a task have said",
		long: `Those that git swarm run has started in this clone: each with when it began and how
it ended. The whole, as the client wrote it, is in the file .git/swarm/pool/N.log.`,
		json: true,
		run: func(ctx context.Context, c *call) error {
			_, t, _, err := c.lookAt(ctx)
			if err != nil {
				return err
			}
			var failed error
			found, err := pool.ReadLog(c.swarm.Repo, t.Number, func(said string) {
				switch {
				case failed != nil:
				case c.wantJSON():
					failed = c.object("log", map[string]any{"task": t.Number, "text": said})
				default:
					failed = c.printf("%s\n", strings.TrimRight(text.Block(said), "\n"))
				}
			})
			if err == nil && !found {
				return no("git swarm run", "no client has worked on %s here", fmt.Sprintf("task #%d", t.Number))
			}
			if err == nil {
				err = failed
			}
			return err
		},
	}
}
