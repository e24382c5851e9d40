// Package attention tells who watches over a swarm that somebody is needed: the
// orchestrating agent by a message, which wakes it, and the person by the command
// that swarm.notify names.
//
// # Guarantees
//
// Each event is told by whoever brings it about, and so once: that a process has
// gone, by the first who notices. A message is there before the command is started.
// The command gets the event as one line of JSON on standard input; nobody waits for
// it, and what comes of it changes nothing.
//
// # What it does not guarantee
//
// That the command succeeds, or that anybody notices the end of a killed client while
// nobody watches. The orchestrating agent is told where it has worked in this clone.
package attention

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/standing"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// The kinds of events.
const (
	Done    = "done"
	Blocked = "blocked"
	Asks    = "asks"           // its user
	Ended   = "ended"          // with unlanded work
	Failed  = "failed-landing" // its push landed nothing
	AllDone = "all-done"

	TaskFailed = "task-failed" // the pool tried it in vain
)

// Event is something for which somebody may be needed.
type Event struct {
	Kind    string
	Session string
	Text    string // its own words, what it asks for, or what went wrong
}

// String says what has happened, as a sentence about the session without its name.
func (e Event) String() string {
	says := map[string]string{
		Done: "is done", Blocked: "is blocked", Asks: "asks its user", Ended: "has ended with unlanded work", Failed: "landed nothing",
		AllDone: "was the last: all sessions are done", TaskFailed: "has failed at its task",
	}[e.Kind]
	if e.Text == "" || e.Kind == AllDone {
		return says
	}
	return says + ": " + e.Text
}

// Post puts the event into the orchestrator's inbox, as part of the transaction that
// brings it about, if an agent works, or worked, as the orchestrator here.
func Post(tx *refstore.Tx, r *repo.Repo, e Event) error {
	if strings.EqualFold(e.Session, bus.Orchestrator) || !agents.In(r).Worked(bus.Orchestrator) {
		return nil
	}
	body := e.Session + " " + e.String()
	if len(body) > bus.MaxBody {
		body = strings.ToValidUTF8(body[:bus.MaxBody], "")
	}
	_, err := bus.Notify(tx, bus.Orchestrator, body)
	return err
}

// Teller tells events.
type Teller struct {
	Repo *repo.Repo
	Bus  *bus.Bus
	Env  repo.Env
	Now  func() time.Time
}

// Tell posts the event in the name of session by, and runs swarm.notify.
func (t *Teller) Tell(ctx context.Context, by string, e Event) error {
	if !strings.EqualFold(e.Session, bus.Orchestrator) && agents.In(t.Repo).Worked(bus.Orchestrator) {
		err := t.Bus.Update(ctx, by, func(tx *refstore.Tx, _ string) error { return Post(tx, t.Repo, e) })
		if err != nil {
			return errors.Join(err, t.Run(e))
		}
	}
	return t.Run(e)
}

// Run starts the command that swarm.notify names, if it names one, and leaves it to
// itself.
func (t *Teller) Run(e Event) error {
	config, err := t.Repo.Config()
	if err != nil {
		return err
	}
	command, _ := config.Get("swarm.notify")
	if strings.TrimSpace(command) == "" {
		return nil
	}
	in, out, err := os.Pipe()
	if err != nil {
		return err
	}
	defer in.Close()
	line, err := encode(e, t.Repo, t.Now())
	if err == nil {
		_, err = out.Write(line) // less than a pipe holds
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	cmd := exec.Command("/bin/sh", "-c", command)
	cmd.Dir, cmd.Env, cmd.Stdin = t.Repo.CommonDir, t.Env, in
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // it outlives us, and our terminal
	if err := cmd.Start(); err != nil {
		return err
	}
	return cmd.Process.Release()
}

// NoticeEnds tells of each session whose agents have gone without a word and that
// leaves work which has not landed.
func (t *Teller) NoticeEnds(ctx context.Context) error {
	gone, err := agents.In(t.Repo).NoticeGone(ctx)
	if err != nil || len(gone) == 0 {
		return err
	}
	signs := agents.In(t.Repo).Signs()
	for _, id := range gone {
		s, err := t.Bus.Session(ctx, id)
		var unknown *bus.UnknownSessionError
		switch {
		case errors.As(err, &unknown), err == nil && (s.Status == bus.Done || !signs[id].Ended(s.Seen)):
			continue
		case err != nil:
			return err
		}
		unlanded, err := standing.Unlanded(ctx, t.Bus, s)
		if err == nil && unlanded { // in the orchestrator's name: nothing was heard of the session
			err = t.Tell(ctx, bus.Orchestrator, Event{Ended, s.ID, ""})
		}
		if err != nil {
			return err
		}
	}
	return nil
}
