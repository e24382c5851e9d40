package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/lock/queue"
	"github.com/git-swarm/git-swarm/lock/task"
	"github.com/git-swarm/git-swarm/orchestrator/attention"
	"github.com/git-swarm/git-swarm/orchestrator/install"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/urfave/cli/v3"
)

// hubVerb answers "git swarm hub" alone with what it lacks.
func hubVerb() *verb {
	return &verb{
		name: "hub", hidden: true, args: "status|sync|bring|repair|leave", max: -1, subs: []string{"status", "sync", "bring", "repair", "leave"}, short: "the remote through which clones meet",
		run: func(_ context.Context, c *call) error {
			if len(c.args) == 0 {
				return usageOf(c.verb, "hub status, hub sync, hub bring SESSION, hub repair, or hub leave?")
			}
			return c.unknownSub()
		},
	}
}

func hubStatusVerb() *verb {
	return &verb{
		name: "hub status", group: groupHealth, short: "say where this clone stands with its hub",
		long: `Fetches from the hub, delivers what waits here, and says what came of it:
"ok", "behind N" (it was, by N entries and changes, and has them now),
"unreachable", "read-only" (the hub takes nothing from here), "denied" (nor does it
let whoever asks see anything), "rewound" (somebody moved the hub's refs back),
"damaged" (somebody wrote there what git swarm does not write), "locked" (a git command is at work
there, or was killed), or "newer" (a newer git swarm writes there). Exit code 0 for the first two.`,
		json: true,
		run: func(ctx context.Context, c *call) error {
			b, err := c.hubBus()
			if err != nil {
				return err
			}
			began := time.Now()
			st, err := b.Store().HubStatus(ctx)
			took := time.Since(began)
			if err == nil {
				err = c.deliver(ctx, b)
			}
			released, done, failed := lock.Queued(ctx, b)
			return errors.Join(c.printHub(st, released, done, took, err), err, failed)
		},
	}
}

// printHub prints where the clone stands; released and done are what [lock.Queued] counts.
func (c *call) printHub(st refstore.HubStatus, released, done int, took time.Duration, err error) error {
	s, failed := c.Settings()
	if failed != nil {
		return failed
	}
	h, failed := s.Hub.Get()
	if failed != nil {
		return failed
	}
	state := hubState(err)
	var queued []map[string]any
	var ahead []string
	for _, e := range st.Waiting {
		queued = append(queued, map[string]any{"id": h.Clone + "." + strconv.Itoa(e.Number), "kind": e.Label, "from": e.Author, "to": refstore.PublishedTo(e), "at": e.At})
	}
	counts := map[string]int{}
	for _, clone := range slices.Sorted(maps.Keys(st.Ahead)) {
		if clone != "" {
			counts[clone] = st.Ahead[clone]
			ahead = append(ahead, fmt.Sprintf("%s (%d)", clone, st.Ahead[clone]))
		}
	}
	if c.wantJSON() {
		return c.object("hub", map[string]any{
			"remote": h.Remote, "prefix": h.Prefix, "clone": h.Clone, "state": state, "milliseconds": took.Milliseconds(),
			"behind": st.Behind(), "ahead": counts, "waiting": len(queued), "released": released, "done": done, "queued": append([]map[string]any{}, queued...), "clones": append([]string{}, st.Clones...),
		})
	}
	if n := st.Behind(); state == "ok" && n > 0 {
		state = fmt.Sprintf("behind %d, until now", n)
	}
	err = c.printf("%s, %s* as '%s': %s (%d ms)\n%s to be delivered\n", text.Inert(h.Remote), text.Inert(h.Prefix), h.Clone, state, took.Milliseconds(), hubWaits(len(queued), released, done))
	for _, q := range queued[:min(len(queued), 10)] {
		err = errors.Join(err, c.printf("  %s %s by %s\n", q["id"], q["kind"], text.Inert(q["from"].(string))))
	}
	if len(ahead) > 0 {
		err = errors.Join(err, c.printf("were ahead: %s\n", strings.Join(ahead, ", ")))
	}
	return errors.Join(err, c.printf("clones: %s\n", strings.Join(st.Clones, " ")))
}

// hubWaits is how much waits for the hub: messages and context, what was given back, and
// the sessions that are done.
func hubWaits(entries, released, done int) string {
	var parts []string
	if entries > 0 || released+done == 0 {
		parts = append(parts, strconv.Itoa(entries))
	}
	if released > 0 {
		parts = append(parts, text.Count(released, "release"))
	}
	if done > 0 {
		parts = append(parts, text.Count(done, "done session"))
	}
	return strings.Join(parts, " and ")
}

// hubState is the word for what a fetch and a delivery came to.
func hubState(err error) string {
	var rewound *refstore.HubRewoundError
	var damaged *refstore.HubDamagedError
	var refused *refstore.RefusedError
	var locked *refstore.HubLockedError
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &locked):
		return "locked"
	case errors.As(err, &damaged):
		return "damaged"
	case errors.As(err, &rewound):
		return "rewound"
	case errors.As(err, &refused) && refused.Kind == refstore.RefusedReader:
		return "denied"
	case errors.As(err, &refused):
		return "read-only"
	case errors.Is(err, refstore.ErrVersion):
		return "newer"
	}
	return "unreachable"
}

func hubSyncVerb() *verb {
	return &verb{
		name: "hub sync", group: groupHealth, short: "fetch from the hub, and deliver what waits here",
		long: `Other commands do so by themselves, at most every swarm.hubInterval. Hooks, which
never wait for the network, start this one, and with swarm.hubPace every command
does that has something to deliver too early.`,
		flags: func() []cli.Flag {
			return []cli.Flag{
				&cli.BoolFlag{Name: "paced", Usage: "wait first until swarm.hubPace lets this clone push; no wait if another process waits"},
			}
		},
		run: func(ctx context.Context, c *call) error {
			b, err := c.hubBus()
			if err != nil {
				return err
			}
			if c.cmd.Bool("paced") {
				if first, err := b.Store().AwaitPace(ctx); err != nil || !first {
					return err
				}
			}
			return c.meet(ctx, b, true)
		},
	}
}

func hubBringVerb() *verb {
	return &verb{
		name: "hub bring", group: groupHealth, args: "SESSION", min: 1, max: 1, short: "make this clone the home of a session",
		long: `A session is at home in the clone that registered it: there it acts, and there it
is heard of. What it claims and what was said to it goes with it; its branch and
its worktree do not.`,
		json: true,
		run:  runBring,
	}
}

func runBring(ctx context.Context, c *call) error {
	b, err := c.hubBus()
	if err == nil {
		err = c.mayOversee()
	}
	if err != nil {
		return err
	}
	from, err := b.Bring(ctx, bus.Orchestrator, c.args[0], fence)
	if err != nil {
		return err
	}
	if c.wantJSON() {
		return c.object("brought", map[string]any{"session": c.args[0], "from": from, "clone": b.Store().Clone()})
	}
	if from == "" {
		return c.printf("%s is at home here already\n", text.Inert(c.args[0]))
	}
	return c.printf("%s is at home in this clone now; it was in %s\n", text.Inert(c.args[0]), from)
}

// joinVerb is another name of hub bring.
func joinVerb() *verb {
	return &verb{
		name: "join", hidden: true, args: "SESSION", min: 1, max: 1, short: "make this clone the home of a session, as git swarm hub bring does",
		json:  true,
		flags: func() []cli.Flag { return []cli.Flag{&cli.BoolFlag{Name: "here", Usage: "in this clone"}} },
		run: func(ctx context.Context, c *call) error {
			if !c.cmd.Bool("here") {
				return usageOf(c.verb, "where? git swarm join --here "+text.ShellWord(c.args[0]))
			}
			return runBring(ctx, c)
		},
	}
}

// fence has what the session is about to do in the clone that it is taken from be refused.
func fence(tx *refstore.Tx, id, body string) error {
	return errors.Join(lock.Fence(tx, id, body), task.Fence(tx, body))
}

func hubLeaveVerb() *verb {
	return &verb{
		name: "hub leave", group: groupHealth, short: "make this clone's part of the swarm one of its own again",
		long: `What waits is delivered first; where the hub is out of reach and something waits,
nothing is done. Sessions of other clones are done here then, and hold nothing. On
the hub nothing is deleted. To take part again, take out what is here:
git swarm uninit --refs.`,
		json: true,
		flags: func() []cli.Flag {
			return []cli.Flag{
				&cli.BoolFlag{Name: "force", Usage: "leave all the same: what waits stays in this clone"},
			}
		},
		run: leaveHub,
	}
}

func leaveHub(ctx context.Context, c *call) error {
	b, err := c.hubBus()
	if err == nil {
		err = c.mayOversee()
	}
	if err != nil {
		return err
	}
	r, clone := c.swarm.Repo, b.Store().Clone()
	if err := queue.RecallAll(ctx, b); err != nil && !c.cmd.Bool("force") {
		return err
	}
	if st, err := b.Store().HubStatus(ctx); err != nil {
		released, done, failed := lock.Queued(ctx, b)
		if failed != nil {
			return failed
		}
		var away *refstore.HubError
		if waits := len(st.Waiting) + released + done; errors.As(err, &away) && waits > 0 && !c.cmd.Bool("force") {
			return &refusal{exitAgain, fmt.Sprintf("what waits here (%d) is not delivered: %s", waits, err), "try again later, or leave them in this clone alone: git swarm hub leave --force"}
		}
		c.notef("warning: what other clones had not got from here stays in this one: %s", text.Inert(err.Error()))
	}
	alone := c.swarm.Alone()
	defer alone.Close()
	if err := alone.Store().Update(ctx, bus.Orchestrator, lock.DeliverIn); err != nil {
		return err
	}
	others, err := alone.Bus().Leave(ctx, clone, lock.Drop)
	if err != nil {
		return err
	}
	for _, key := range []string{"swarm.hub", "swarm.hubClone", "swarm.hubPrefix"} {
		if err := install.UnsetHub(ctx, r, key); err != nil {
			return err
		}
	}
	if _, err := alone.Store().Erase(ctx, refstore.TrackingPrefix, refstore.RenamedPrefix); err != nil {
		return err
	}
	if c.wantJSON() {
		return c.object("left", map[string]any{"clone": clone, "others": append([]string{}, others...)})
	}
	return c.printf("Left the hub; %s of other clones %s done here\n", text.Count(len(others), "session"), verbFor(len(others)))
}

func verbFor(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// hubBus is the bus of a clone that has a hub.
func (c *call) hubBus() (*bus.Bus, error) {
	b, err := c.Bus()
	if err == nil {
		err = c.swarm.Joined()
	}
	if err == nil && b.Store().Clone() == "" {
		err = no("git swarm init --hub REMOTE", "this clone has no hub")
	}
	return b, err
}

// refresh brings what is new on the hub, for verbs that show it. Where that fails they
// show what is here, and say so.
func (c *call) refresh(ctx context.Context) {
	b, err := c.Bus()
	if err != nil || b.Store().Clone() == "" {
		return
	}
	if err := c.meet(ctx, b, false); err != nil {
		c.tellHub(err)
	}
}

// meet brings what is new on the hub and delivers what waits here, also what was given
// back while it was out of reach, if that is due or always says so.
func (c *call) meet(ctx context.Context, b *bus.Bus, always bool) error {
	if err := b.Refresh(ctx, c.swarm.StaleAfter(ctx)/3, always); err != nil || b.Store().HubAway() {
		return err
	}
	return c.deliver(ctx, b)
}

// deliver gives back for all clones what was given back here. That all sessions are done,
// if they are by that, could not be told before.
func (c *call) deliver(ctx context.Context, b *bus.Bus) error {
	var events []attention.Event
	err := lock.Deliver(ctx, b, func(tx *refstore.Tx, done []string) error {
		events = nil
		if len(done) == 0 {
			return nil
		}
		if all, err := allDone(tx); err != nil || !all {
			return err
		}
		last := done[len(done)-1]
		events = append(events, attention.Event{Kind: attention.AllDone, Session: last})
		return tx.As(last, func() error { return attention.Post(tx, c.swarm.Repo, events[0]) })
	})
	if err == nil {
		c.runNotify(b, events)
	}
	return err
}

// refreshNow is refresh whatever was fetched a moment ago; false without a hub, or where
// it is out of reach.
func (c *call) refreshNow(ctx context.Context) bool {
	b, err := c.Bus()
	return err == nil && b.Store().Clone() != "" && b.Store().Refresh(ctx, true) == nil
}

// tellHub says on standard error what kept this command from the hub.
func (c *call) tellHub(err error) {
	line, hint, _ := c.format(err)
	fmt.Fprintf(c.Stderr, "git swarm: %s\n", text.Inert(line))
	if hint != "" {
		fmt.Fprintf(c.Stderr, "hint: %s\n", text.Inert(hint))
	}
}

// tellHubTrouble says what has kept the verb from the hub, though the verb is done.
func (c *call) tellHubTrouble(failure error) {
	trouble := c.swarm.HubTrouble()
	var said *refstore.HubError
	if trouble == nil || errors.As(failure, &said) {
		return
	}
	var away *refstore.HubError
	if errors.As(trouble, &away) {
		fmt.Fprintf(c.Stderr, "git swarm: %s; what is for other clones waits here\n", text.Inert(away.Error()))
		return
	}
	c.tellHub(trouble)
}
