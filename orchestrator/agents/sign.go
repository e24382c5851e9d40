package agents

import (
	"os"
	"path/filepath"
	"time"

	"github.com/git-swarm/git-swarm/refstore/file"
)

// Sign is what the records of all agents that work, or worked, as one session say.
type Sign struct {
	Over    bool      // all of them have certainly ended
	Present bool      // one of them is certainly there
	Active  time.Time // their last sign of life
	Asks    string    // what one that has not ended asks its user, "" for nothing
	Since   time.Time // when it asked, to the second
}

// Ended reports whether the session, last heard of at seen, was worked on by agents
// that have all certainly ended, and by nobody else since.
func (s Sign) Ended(seen time.Time) bool { return s.Over && !seen.After(s.Active.Add(graceSeen)) }

// Signs are those of all sessions of which an agent is known, by the session's id.
func (a Agents) Signs() map[string]Sign {
	signs := map[string]Sign{}
	for _, e := range a.files() {
		info, err := e.Info()
		if err != nil {
			continue
		}
		content, err := os.ReadFile(filepath.Join(a.records(), e.Name()))
		if err != nil {
			continue
		}
		r := parseRecord(content)
		if r == nil {
			continue
		}
		s, known := signs[r.Session]
		if over := r.Over(); !over {
			s.Over = false
			s.Present = s.Present || r.PID > 0 && file.ProcessThere(r.PID, r.Process)
			if r.Asks != "" {
				s.Asks, s.Since = r.Asks, time.Unix(r.AsksSince, 0)
			}
		} else if !known {
			s.Over = true
		}
		if info.ModTime().After(s.Active) {
			s.Active = info.ModTime()
		}
		signs[r.Session] = s
	}
	return signs
}
