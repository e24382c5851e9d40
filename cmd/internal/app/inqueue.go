package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/lock/queue"
	"github.com/git-swarm/git-swarm/merge/land"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"golang.org/x/term"
)

// queueLineEvery is how often a push that waits says so where stderr is no terminal.
const queueLineEvery = 30 * time.Second

// inQueue says where a push stands: on a terminal in one line that is kept up to date
// and that done takes away, else in a line every half a minute.
func (c *call) inQueue() (show func(land.Position), done func()) {
	file, ok := c.Stderr.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		due := queueLineEvery
		return func(p land.Position) {
			if p.Waited >= due {
				due = p.Waited + queueLineEvery
				c.notef("git swarm: %s", waitingLine(p))
			}
		}, func() {}
	}
	line := c.waitLine(file)
	return func(p land.Position) { line.show(waitingLine(p)) }, line.done
}

// waitingLine is how a push says where it stands: "waiting: 2 before you; A and C are
// being verified (12 s)".
func waitingLine(p land.Position) string {
	line := "waiting: you are next"
	if p.Before > 0 {
		line = fmt.Sprintf("waiting: %d before you", p.Before)
	}
	switch {
	case len(p.Verifying) > 0:
		line += fmt.Sprintf("; %s being verified (%s)", areNamed(p.Verifying), text.Duration(p.For))
	case len(p.Landing) > 0:
		line += fmt.Sprintf("; %s landing", areNamed(p.Landing))
	case p.Holder != "":
		line += fmt.Sprintf("; %s is landing", text.Inert(p.Holder))
	}
	return line + fmt.Sprintf(" (%s in all)", text.Duration(p.Waited))
}

// areNamed is "A is", "A and B are" or "A, B and 3 more are".
func areNamed(ids []string) string {
	const most = 4
	if len(ids) == 1 {
		return ids[0] + " is"
	}
	last := ids[len(ids)-1]
	if more := len(ids) - most; more > 0 {
		last = fmt.Sprintf("%d more", more+1)
		ids = ids[:most]
	}
	return strings.Join(ids[:len(ids)-1], ", ") + " and " + last + " are"
}

// putInQueue puts the branch in the queue and leaves it to another process to land it.
func (c *call) putInQueue(ctx context.Context, l *land.Lander, target repo.Target, byRequest bool) error {
	for _, option := range []string{"wait", "allow-deletions", "over-claims"} {
		if c.cmd.IsSet(option) {
			return usageOf(c.verb, "--no-wait leaves the landing to a process that knows of no --"+option)
		}
	}
	if byRequest {
		return usageOf(c.verb, "with swarm.land = pr there is no queue, and nothing to wait for")
	}
	queued, landed, err := l.Put(ctx, target)
	if err != nil {
		c.tellVerify(err)
		return err
	}
	if queued == nil {
		return c.printLanded(landed, "Push successful", "landed on")
	}
	c.conductLeft(context.WithoutCancel(ctx), l.Session)
	if c.wantJSON() {
		return c.object("queued", struct {
			queuedJSON
			Before int `json:"before"`
		}{jsonQueued(c.swarm.Bus(), queued.Entry), queued.Before})
	}
	return c.printf("Queued: %s for %s, %d before it; a message says how it ends\n", text.Inert(queuedName(queued.Entry)), text.Inert(target.String()), queued.Before)
}

// cancelPush takes the session's entry out of the queue.
func (c *call) cancelPush(ctx context.Context) error {
	b, id, err := c.acting()
	if err != nil {
		return err
	}
	out, err := queue.Withdraw(ctx, b, id)
	if err != nil {
		return err
	}
	if out == nil {
		return &refusal{exitNo, "nothing of yours waits to land", "git swarm queue"}
	}
	queue.Forget(b, out.Session)
	if c.wantJSON() {
		return c.object("withdrawn", jsonQueued(b, out))
	}
	return c.printf("Withdrawn: %s waits no longer for %s\n", text.Inert(queuedName(out)), text.Inert(out.Remote+"/"+out.Target))
}

// tellVerify says where all that a verify command has printed is kept, and, where
// another process ran it, the last lines of that.
func (c *call) tellVerify(err error) {
	var failure *land.VerifyError
	if !errors.As(err, &failure) || failure.Log == "" {
		return
	}
	if failure.Elsewhere() {
		for line := range strings.Lines(failure.Tail) {
			c.notef("%s", text.Inert(strings.TrimRight(line, "\r\n")))
		}
	}
	c.notef("git swarm: all that swarm.verify printed is in %s", text.Inert(failure.Log))
}
