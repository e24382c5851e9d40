package agents

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/git-swarm/git-swarm/refstore/file"
)

// LaunchedEnv is the variable in the environment of a client that git swarm launched:
// the session that it was launched for.
const LaunchedEnv = "GIT_SWARM_LAUNCHED"

// Client is the process of an agent that is at work as a session.
type Client struct {
	PID  int
	Ours bool   // git swarm launched it
	Job  string // the background session of the client's that it is, "" if it is none
	mark string
}

// ErrStillThere says that a process did not end, even when it was killed.
var ErrStillThere = errors.New("the process does not end")

// Clients are the processes that work as the session, each once: those that are
// certainly there, and those of another boot, machine or container that nobody can be
// sure of and that were active within staleAfter.
func (a Agents) Clients(session string, now time.Time, staleAfter time.Duration) (all []Client) {
	seen := map[int]bool{}
	for _, k := range a.of(session, now) {
		if k.Over() || k.PID <= 0 || seen[k.PID] {
			continue
		}
		if !file.ProcessThere(k.PID, k.Process) && now.Sub(k.active) > staleAfter {
			continue
		}
		seen[k.PID] = true
		all = append(all, Client{k.PID, k.Ours, k.Job, k.Process})
	}
	return all
}

// Here reports whether the process certainly runs on this machine, where it can be ended.
func (c Client) Here() bool { return file.ProcessThere(c.PID, c.mark) }

// Stopped waits until the process is gone, and no longer than wait.
func (c Client) Stopped(wait time.Duration) error {
	for end := time.Now().Add(wait); c.Here(); time.Sleep(10 * time.Millisecond) { // nothing tells of the end of another's child
		if time.Now().After(end) {
			return ErrStillThere
		}
	}
	return nil
}

// End ends the process: it gets SIGTERM, and is killed if it is there after wait. A
// later process of the same pid gets no signal. When it returns nil, the process is gone.
func (c Client) End(wait time.Duration) error {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		if !c.Here() {
			return nil
		}
		if err := syscall.Kill(c.PID, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return err
		}
		_ = syscall.Kill(c.PID, syscall.SIGCONT) // a stopped process takes no SIGTERM
		if c.Stopped(wait) == nil {
			return nil
		}
	}
	return ErrStillThere
}

// Conversation is what an agent and its user said to each other, as its client keeps it.
type Conversation struct {
	ID   string // the client's own, "" if none is known
	Kind string // of the agent, such as "claude", "" if unknown
	Job  string // the background session of the client's that it was, "" if it was none
}

// Last is the conversation in which an agent has worked as the session last.
func (a Agents) Last(session string) Conversation {
	var last known
	for _, k := range a.of(session, time.Now()) {
		hashed := len(k.name) == 33 && k.name[0] == 'x' // see fileName
		if !hashed && k.active.After(last.active) {
			last = k
		}
	}
	if last.Record == nil {
		return Conversation{}
	}
	return Conversation{last.name, last.Kind, last.Job}
}

// Forget removes the records of the session's agents.
func (a Agents) Forget(session string) error {
	for _, k := range a.of(session, time.Now()) {
		for _, ending := range []string{waiterEnding, ".json"} {
			if err := os.Remove(filepath.Join(a.records(), k.name+ending)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}
