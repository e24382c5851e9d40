package app

import (
	"bufio"
	"context"
	"fmt"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/lock/queue"
	"github.com/git-swarm/git-swarm/merge/land"
	"github.com/git-swarm/git-swarm/orchestrator/install"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/urfave/cli/v3"
)

func syncVerb() *verb {
	return &verb{
		name: "sync", news: true, group: groupTalk, short: "show what is new to this session: messages and shared context",
		long: `Prints each message and each context entry that this session has not been
shown yet, one a line, and remembers that it has. With nothing new it prints
nothing. Of more than 50 context entries it shows the newest, and of more than
50 messages the orchestrator's and the newest; it says how many more there are
and how to read them, and those messages stay unread. Of a text of more than
4 KB the beginning is shown, with the command that shows it whole.

With --wait it returns as soon as something is new, also from another clone, or
when that time is over.

Where a push of this session has landed after it was killed, the branch here
follows, as with git swarm pull; where one waits in the queue and nobody lands what
is there, a process that does is started. So does it where the branch was in review
by a pull request and the target, as it was fetched last, has all of it: the claims
of the session are released then.`,
		session: true, json: true,
		flags: func() []cli.Flag {
			return []cli.Flag{&cli.DurationFlag{Name: "wait", Usage: "if nothing is new, wait up to `DURATION` (10m) until something is"}}
		},
		run: func(ctx context.Context, c *call) error {
			b, id, err := c.acting()
			if err != nil {
				return err
			}
			wait, err := c.wait(0)
			if err != nil {
				return err
			}
			print := c.news
			if c.wantJSON() {
				print = c.newsJSON
			}
			note := c.lookQuiet(b, id)
			if news := install.NewsOfHooks(c.swarm.Repo); !news.None() {
				note = nil
				c.notef("git swarm: %s", hookNewsLine(news))
				c.notef("hint: %s", c.hooksHint(ctx, news.Path))
			}
			shown := false
			for more := true; more; {
				more = false
				show := func(n *bus.News) error { more, shown = n.More, true; return print(n) }
				if wait > 0 && !shown {
					err = b.SyncWait(ctx, id, wait, show)
				} else {
					err = b.Sync(ctx, id, show)
				}
				if err != nil {
					return err
				}
			}
			if left := queue.Left(b, id); shown || left { // that work has landed while nobody waited comes as a message
				if err := c.followLanded(ctx, b, id, left); err != nil {
					return err
				}
			}
			if land.InRequest(c.swarm.Repo) {
				return c.followRequest(ctx)
			}
			if note != nil && !shown && wait == 0 {
				if since, until, err := c.swarm.Beats(ctx, id); err == nil {
					note.Leave(since, until)
				}
			}
			return nil
		},
	}
}

// news prints the lines and flushes them: only then may the cursor move.
func (c *call) news(n *bus.News) error {
	out := bufio.NewWriter(c.Stdout)
	fmt.Fprintf(out, "[SYNC] %d new message(s), %d new context\n", len(n.Messages)+n.Unshown, len(n.Context)+n.Older)
	if n.Unshown > 0 {
		fmt.Fprintf(out, "(%d more unread messages: git swarm inbox --limit %d)\n", n.Unshown, n.Unshown+len(n.Messages))
	}
	for _, m := range n.Messages {
		fmt.Fprintln(out, text.NewsLine(m, 0))
	}
	if n.Older > 0 {
		fmt.Fprintf(out, "(%d older context entries: git swarm context show --all)\n", n.Older)
	}
	for _, e := range n.Context {
		fmt.Fprintln(out, text.ContextLine(e, 0))
	}
	return out.Flush()
}

func (c *call) newsJSON(n *bus.News) error {
	for _, m := range n.Messages {
		if err := c.object("message", jsonMessage(m)); err != nil {
			return err
		}
	}
	for _, e := range n.Context {
		if err := c.object("context", jsonContext(e)); err != nil {
			return err
		}
	}
	if n.Older+n.Unshown == 0 {
		return nil
	}
	return c.object("unshown", map[string]any{"messages": n.Unshown, "context": n.Older})
}
