package agents

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Worked reports whether an agent works, or worked within the last week, as the session.
func (a Agents) Worked(session string) bool { return len(a.of(session, time.Now())) > 0 }

// Changed is when an agent last became known, or its record changed; the zero time
// where none is known.
func (a Agents) Changed() time.Time {
	info, err := os.Stat(a.records())
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

// NoticeGone records the end of each agent whose process is gone although it did not
// report its end, and returns their sessions: one end is returned by one call, whoever
// calls. The records' times stay: they say when the agents were last active.
func (a Agents) NoticeGone(ctx context.Context) (sessions []string, err error) {
	gone := a.gone()
	if len(gone) == 0 {
		return nil, nil
	}
	unlock, err := a.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	for _, name := range gone {
		path := filepath.Join(a.records(), name+".json")
		info, err := os.Stat(path)
		if err != nil {
			continue
		}
		r := a.Load(name)
		if r == nil || r.Ended || !r.Over() {
			continue
		}
		r.Ended = true
		if err := a.save(name, r); err != nil {
			return sessions, err
		}
		_ = os.Chtimes(path, info.ModTime(), info.ModTime())
		if !slices.Contains(sessions, r.Session) {
			sessions = append(sessions, r.Session)
		}
	}
	return sessions, nil
}

// gone are the names of the records of agents whose process is gone without a word.
func (a Agents) gone() (names []string) {
	for _, e := range a.files() {
		name := strings.TrimSuffix(e.Name(), ".json")
		if r := a.Load(name); r != nil && !r.Ended && r.Over() {
			names = append(names, name)
		}
	}
	return names
}
