package agents

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
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

// Stopped waits until the process is gone, and no longer than wait: then the error is
// [file.ErrStillThere].
func (c Client) Stopped(wait time.Duration) error { return file.ProcessEnds(c.PID, c.mark, wait) }

// End ends the process, see [file.EndProcess].
func (c Client) End(wait time.Duration) error { return file.EndProcess(c.PID, c.mark, wait) }

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
