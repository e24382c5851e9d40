package orchestrator

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/object"
)

// presence is one session of a coding agent, as its hooks have made it known: the
// file swarm/agents/<key>.json in the common git dir. Losing it costs no more
// than joining again.
type presence struct {
	Session string   `json:"session"` // whom it works as
	PID     int      `json:"pid"`     // the agent's process, 0 if unknown
	Process string   `json:"process"` // tells it from others of that pid
	Ended   bool     `json:"ended"`   // it said goodbye
	Told    int64    `json:"told"`    // when it was last given news, in seconds
	Named   []string `json:"named"`   // the unpushed paths that it was reminded of
	Looked  string   `json:"looked"`  // how the work tree looked then: see Hook.looks
	Reviews []int    `json:"reviews"` // the reviews that it was reminded of

	ReviewsAt string      `json:"reviewsAt"` // how the reviews stood then
	LandsOn   string      `json:"landsOn"`   // the ref that its work lands on
	ClaimsAt  object.Hash `json:"claimsAt"`  // the claims' tip then
	Claims    []string    `json:"claims"`    // what the session held then
}

// own is what the session held at the agent's last stop.
func (a *presence) own() lock.Own { return lock.Own{Tip: a.ClaimsAt, Paths: a.Claims} }

// agentsDir holds the records.
func agentsDir(commonDir string) string { return filepath.Join(commonDir, "swarm", "agents") }

// agentKey makes a file name of the id that an agent gives its session.
func agentKey(id string) string {
	if bus.CheckID(id) == nil {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return "x" + hex.EncodeToString(sum[:16])
}

func agentPath(commonDir, key string) string { return filepath.Join(agentsDir(commonDir), key+".json") }

// loadAgent returns nil for an agent that is not known, or whose record cannot
// be read.
func loadAgent(commonDir, key string) *presence {
	content, err := os.ReadFile(agentPath(commonDir, key))
	if err != nil {
		return nil
	}
	return parseAgent(content)
}

func parseAgent(content []byte) *presence {
	var a presence
	if json.Unmarshal(content, &a) != nil || bus.CheckID(a.Session) != nil {
		return nil
	}
	return &a
}

// save writes the record, whole or not at all.
func (a *presence) save(commonDir, key string) error {
	content, err := json.Marshal(a)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(agentsDir(commonDir), 0o777); err != nil {
		return err
	}
	return replaceFile(agentPath(commonDir, key), string(content)+"\n", 0o666)
}

// over reports whether the agent has certainly ended: it said so, or its process
// is gone.
func (a *presence) over() bool {
	return a.Ended || (a.PID > 0 && lock.ProcessGone(a.PID, a.Process))
}

// keepAgents is how long the record of an agent that has ended is of use.
const keepAgents = 7 * 24 * time.Hour

// known is an agent with its key and when it was last active.
type known struct {
	*presence
	key    string
	active time.Time
}

// agentsOf lists the records of those that work, or worked, as the session, and
// deletes records that are of no more use. Of most it only sees that they are of
// another: in a week there can be hundreds.
func agentsOf(commonDir, session string, now time.Time) []known {
	entries, err := os.ReadDir(agentsDir(commonDir))
	if err != nil {
		return nil
	}
	mark := []byte(`"session":"` + session + `"`)
	var all []known
	for _, e := range entries {
		key, ok := strings.CutSuffix(e.Name(), ".json")
		info, err := e.Info()
		if !ok || err != nil {
			continue
		}
		content, err := os.ReadFile(agentPath(commonDir, key))
		old := now.Sub(info.ModTime()) > keepAgents
		if err != nil || !old && !bytes.Contains(content, mark) {
			continue
		}
		a := parseAgent(content)
		switch {
		case old && (a == nil || a.PID == 0 || a.over()): // silent for so long, one without a process is over, too
			_ = os.Remove(agentPath(commonDir, key))
			_ = os.Remove(waitPath(commonDir, key))
		case a != nil && a.Session == session:
			all = append(all, known{a, key, info.ModTime()})
		}
	}
	return all
}

// AgentSession is whom the agent with that id works as here, "" if it is not
// known.
func AgentSession(commonDir, id string) string {
	if id == "" {
		return ""
	}
	if a := loadAgent(commonDir, agentKey(id)); a != nil {
		return a.Session
	}
	return ""
}

// AtWork reports whether an agent is at work as the session, for certain: its
// process is there.
func AtWork(commonDir, session string) bool {
	return slices.ContainsFunc(agentsOf(commonDir, session, time.Now()), func(k known) bool { return k.PID > 0 && !k.over() })
}

// graceSeen is by how much a session may have been heard of after its agent's
// last sign of life and still count as the agent's own doing.
const graceSeen = time.Minute

// AgentsEnded reports whether the session, last heard of at seen, was worked on
// by agents that have all certainly ended, and by nobody else since.
func AgentsEnded(commonDir, session string, seen time.Time) bool {
	ended := false
	for _, k := range agentsOf(commonDir, session, time.Now()) {
		if !k.over() {
			return false
		}
		ended = ended || !seen.After(k.active.Add(graceSeen))
	}
	return ended
}

// Problems are what went wrong in hooks: at most some twenty lines in
// swarm/problems of the common git dir.
func problemsPath(commonDir string) string { return filepath.Join(commonDir, "swarm", "problems") }

const maxProblems = 4096

// NoteProblem keeps one line for doctor. The same again within the hour is not
// repeated.
func NoteProblem(commonDir string, now time.Time, event, what string) error {
	path := problemsPath(commonDir)
	content, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	what, _, _ = strings.Cut(what, "\n")
	line := fmt.Sprintf("%s: %.300s", event, strings.ToValidUTF8(what, "?"))
	var text strings.Builder
	for old := range strings.Lines(string(content)) {
		when, said, _ := strings.Cut(strings.TrimSuffix(old, "\n"), " ")
		at, err := time.Parse(time.RFC3339, when)
		switch {
		case said != line:
			text.WriteString(old)
		case err == nil && within(now.Sub(at), time.Hour):
			return nil
		}
	}
	text.WriteString(now.UTC().Format(time.RFC3339) + " " + line + "\n")
	kept := text.String()
	for len(kept) > maxProblems {
		_, kept, _ = strings.Cut(kept, "\n")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return replaceFile(path, kept, 0o666)
}

// Problem is a line kept for doctor.
type Problem struct {
	At   time.Time
	What string
}

// problemAge is for how long a problem is worth telling.
const problemAge = 24 * time.Hour

// Problems returns those of the last day, oldest first.
func Problems(commonDir string, now time.Time) []Problem {
	content, err := os.ReadFile(problemsPath(commonDir))
	if err != nil {
		return nil
	}
	var all []Problem
	for line := range strings.Lines(string(content)) {
		when, what, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		at, err := time.Parse(time.RFC3339, when)
		if err == nil && now.Sub(at) < problemAge {
			all = append(all, Problem{at, what})
		}
	}
	return all
}
