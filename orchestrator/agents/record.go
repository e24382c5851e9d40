package agents

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Record is what the hooks of one agent have made known of it: the file
// swarm/agents/<key>.json in the common git dir.
type Record struct {
	Session string   `json:"session"`          // the git swarm session that it works as
	PID     int      `json:"pid"`              // the agent's process, 0 if unknown
	Process string   `json:"process"`          // distinguishes it from later processes with that pid
	Ended   bool     `json:"ended"`            // it has reported its end
	Ours    bool     `json:"ours,omitempty"`   // git swarm launched it, for this session
	Parent  string   `json:"parent,omitempty"` // of a subagent with a session of its own: that of the agent
	Subs    string   `json:"subs,omitempty"`   // the parent of its subagents with sessions of their own, "" for none
	Told    int64    `json:"told"`             // when it was last given news, in Unix seconds
	Named   []string `json:"named"`            // the unpushed paths that it was reminded of
	Reviews []int    `json:"reviews"`          // the reviews that it was reminded of
	Damage  []string `json:"damage"`           // the faults of the refs that it was told of
	Kind    string   `json:"kind,omitempty"`   // what it is, such as "claude"; "" in a record of an older version
	Job     string   `json:"job,omitempty"`    // the background session of the client's that it is, "" if it is none

	Hooked       map[string]string `json:"hooked,omitempty"`       // what the hook has claimed for it, and for which subagent
	HookedState  string            `json:"hookedState,omitempty"`  // of the worktree when that was looked at, "" if unknown
	HookedIn     string            `json:"hookedIn,omitempty"`     // the git dir of the worktree that it works in
	HookedTarget string            `json:"hookedTarget,omitempty"` // the ref that it lands on

	Waited    []string        `json:"waited,omitempty"`    // what it has waited for, and not edited yet
	Unclaimed map[string]bool `json:"unclaimed,omitempty"` // what it edits though the hub could not be asked, and whether it was told so

	Asked   string `json:"asked,omitempty"`   // the session that it has asked something last
	AskedAt int64  `json:"askedAt,omitempty"` // when, in Unix seconds

	Asks      string `json:"asks"`      // what it asks its user, as a tool and what it is used on; "" for nothing
	AsksSince int64  `json:"asksSince"` // since when, in Unix seconds

	Fingerprint string `json:"looked"` // of the worktree then, "" if unknown

	Changed []string `json:"changed"`           // others' claims that it was told it has changed
	GitDir  string   `json:"gitDir"`            // of the checkout that it last worked in, "" if unknown
	Entered []string `json:"entered,omitempty"` // git dirs of linked worktrees that have the session's identity because it entered them
	Gave    string   `json:"gave,omitempty"`    // of the checkout that it gave its session's identity when it joined there

	ReviewsAt string      `json:"reviewsAt"` // the state of the reviews then
	LandsOn   string      `json:"landsOn"`   // the ref that its work lands on
	ClaimsAt  object.Hash `json:"claimsAt"`  // the claims' tip then
	Claims    []string    `json:"claims"`    // what the session held then
	Task      int         `json:"task"`      // the epoch of the task that it had then, 0 for none
	Left      int         `json:"left"`      // the number of the last message that it was not told of then, 0 for none
}

// Own is what the session held at the agent's last stop.
func (a *Record) Own() lock.Held { return lock.Held{Tip: a.ClaimsAt, Paths: a.Claims} }

// Over reports whether the agent has certainly ended: it said so, or its process
// is gone.
func (a *Record) Over() bool {
	return a.Ended || (a.PID > 0 && file.ProcessGone(a.PID, a.Process))
}

func parseRecord(content []byte) *Record {
	var a Record
	if json.Unmarshal(content, &a) != nil || bus.CheckID(a.Session) != nil {
		return nil
	}
	return &a
}

// Agents are the agents that work in a repository and its linked worktrees, as
// the folder swarm of its common git dir knows them. An agent is named by the id
// that it gives its own session.
type Agents struct {
	dir string // swarm in the common git dir
}

// In returns the agents of the repository.
func In(r *repo.Repo) Agents { return Agents{filepath.Join(r.CommonDir, "swarm")} }

// fileName makes a file name of an agent's id.
func fileName(id string) string {
	if bus.CheckID(id) == nil {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return "x" + hex.EncodeToString(sum[:16])
}

// noLimit has the whole of a record read, however much its agent has done.
const noLimit = math.MaxInt

func (a Agents) records() string { return filepath.Join(a.dir, "agents") }

// files are the records' files.
func (a Agents) files() []fs.DirEntry {
	entries, _ := os.ReadDir(a.records()) // without any agent there is no such folder
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return !strings.HasSuffix(e.Name(), ".json") })
}

func (a Agents) path(id string) string {
	return filepath.Join(a.records(), fileName(id)+".json")
}

// Load returns the agent's record, nil for an agent without an id, that is not
// known, or whose record cannot be read.
func (a Agents) Load(id string) *Record {
	if id == "" {
		return nil
	}
	content, err := file.Read(a.path(id), noLimit)
	if err != nil {
		return nil
	}
	return parseRecord(content)
}

// Damaged are the files of records that cannot be read: such an agent is not known, and
// joins anew at its next event.
func (a Agents) Damaged() []string {
	var damaged []string
	for _, e := range a.files() {
		path := filepath.Join(a.records(), e.Name())
		content, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // forgotten meanwhile
		}
		if err != nil || parseRecord(content) == nil {
			damaged = append(damaged, path)
		}
	}
	return damaged
}

// save writes the record, whole or not at all. An agent without an id has none.
func (a Agents) save(id string, r *Record) error {
	if id == "" {
		return nil
	}
	content, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if err := file.MkdirAll(a.records()); err != nil {
		return err
	}
	return file.Replace(a.path(id), append(content, '\n'), 0o666)
}

// Alive marks the agent's last sign of life, no more often than sessions beat.
func (a Agents) Alive(id string) {
	now := time.Now()
	if info, err := os.Stat(a.path(id)); err == nil && now.Sub(info.ModTime()) > bus.BeatEvery {
		_ = os.Chtimes(a.path(id), now, now)
	}
}

// AliveUntil is until when Alive has nothing to mark.
func (a Agents) AliveUntil(id string) (until time.Time) {
	if info, err := os.Stat(a.path(id)); err == nil {
		until = info.ModTime().Add(bus.BeatEvery)
	}
	return until
}

// FilesOf are the files of the agent's record and of its waiter, there or not.
func (a Agents) FilesOf(id string) (record, waiter string) { return a.path(id), a.waiter(id) }

// lock keeps two from joining, or changing a record, at once. It waits no longer
// than ctx. The lock ends with the process that holds it.
func (a Agents) lock(ctx context.Context) (unlock func(), err error) {
	if err := file.MkdirAll(a.records()); err != nil {
		return nil, err
	}
	return file.LockPath(ctx, filepath.Join(a.records(), "lock"))
}

// keepRecords is how long the record of an agent that has ended is of use.
const keepRecords = 7 * 24 * time.Hour

// known is an agent's record with its file's name and when it was last active.
type known struct {
	*Record
	name   string
	active time.Time
}

// of lists the records of those that work, or worked, as the session, of all if it is
// "", and deletes
// records that are of no more use. Of most records it only finds that they are
// another session's, without decoding them: there can be hundreds of a week.
func (a Agents) of(session string, now time.Time) []known {
	mark := []byte(`"session":"` + session + `"`)
	var all []known
	for _, e := range a.files() {
		info, err := e.Info()
		if err != nil {
			continue
		}
		name := strings.TrimSuffix(e.Name(), ".json")
		path := filepath.Join(a.records(), e.Name())
		content, err := os.ReadFile(path)
		old := now.Sub(info.ModTime()) > keepRecords
		if err != nil || !old && session != "" && !bytes.Contains(content, mark) {
			continue
		}
		r := parseRecord(content)
		switch {
		case old && (r == nil || r.PID == 0 || r.Over()): // silent for so long, an agent whose process is unknown has ended, too
			_ = os.Remove(path)
			_ = os.Remove(filepath.Join(a.records(), name+waiterEnding))
		case r != nil && (session == "" || r.Session == session):
			all = append(all, known{r, name, info.ModTime()})
		}
	}
	return all
}

// Session is the session that the agent works as here, "" if it is not known.
func (a Agents) Session(id string) string {
	if r := a.Load(id); r != nil {
		return r.Session
	}
	return ""
}

// AtWork reports whether an agent that works as the session has a process that is there,
// or may be: in a container, say, into which we do not see. One from before the machine
// was started anew is not.
func (a Agents) AtWork(session string) bool {
	return slices.ContainsFunc(a.of(session, time.Now()), func(k known) bool { return k.PID > 0 && !k.Over() })
}

// Present reports whether an agent that works as the session is certainly there,
// however long it has been silent: its process runs, or is stopped, on this machine.
// A build may take an hour, a question to the user a day, a laptop's sleep a week.
// The pool vouches for a session between two of its clients.
func (a Agents) Present(session string) bool {
	return a.poolKeeps(session) || slices.ContainsFunc(a.of(session, time.Now()), func(k known) bool {
		return !k.Ended && k.PID > 0 && file.ProcessThere(k.PID, k.Process)
	})
}

// graceSeen is by how much a session may have been heard of after its agent's
// last sign of life and still count as the agent's own doing.
const graceSeen = time.Minute

// Ended reports whether the session, last heard of at seen, was worked on by
// agents that have all certainly ended, and by nobody else since.
func (a Agents) Ended(session string, seen time.Time) bool {
	ended := false
	for _, k := range a.of(session, time.Now()) {
		if !k.Over() {
			return false
		}
		ended = ended || !seen.After(k.active.Add(graceSeen))
	}
	return ended && !a.pooled(session)
}
