package agents

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// MayWork reports whether an agent may be at work as the session: its process is there or,
// where it is not known, it was heard of within stale; or the pool has begun the session
// and not ended it.
func (a Agents) MayWork(session string, stale time.Duration, now time.Time) bool {
	if a.pooled(session) {
		return true
	}
	for _, k := range a.of(session, now) {
		if !k.Over() && (k.PID > 0 || !bus.Stale(k.active, now, stale)) {
			return true
		}
	}
	return false
}

// Rename has checkouts and the records of agents name the sessions as they are called now,
// by what they were called; no agent is at work as one of these. What such a record says of
// the session's state is found out anew. With renumbered all agents are reminded anew of the
// reviews that wait for them, which have other numbers now. Done again it changes nothing.
func Rename(ctx context.Context, r *repo.Repo, names map[string]string, renumbered bool) error {
	unlock, err := In(r).lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	for _, c := range Checkouts(r) {
		if name := names[c.Session]; name != "" {
			if err := file.Replace(repo.SessionFileIn(c.gitDir), []byte(name+"\n"), 0o666); err != nil {
				return err
			}
		}
	}
	return In(r).renameRecords(names, renumbered)
}

// renameRecords is Rename of the records.
func (a Agents) renameRecords(names map[string]string, renumbered bool) error {
	name := func(id *string) (renamed bool) {
		now, renamed := names[*id]
		if renamed {
			*id = now
		}
		return renamed
	}
	for _, e := range a.files() {
		path := filepath.Join(a.records(), e.Name())
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		r := parseRecord(content)
		if r == nil {
			continue
		}
		changed := false
		for _, id := range []*string{&r.Session, &r.Parent, &r.Subs, &r.Asked} {
			changed = name(id) || changed
		}
		switch {
		case changed:
			r.ClaimsAt, r.Claims, r.Task, r.Left = "", nil, 0, 0
		case !renumbered || len(r.Reviews) == 0:
			continue
		}
		r.Reviews, r.ReviewsAt = nil, ""
		info, err := e.Info()
		if err == nil {
			content, err = json.Marshal(r)
		}
		if err == nil {
			err = file.Replace(path, append(content, '\n'), 0o666)
		}
		if err == nil {
			err = os.Chtimes(path, info.ModTime(), info.ModTime()) // it was heard of then
		}
		if err != nil {
			return err
		}
	}
	return nil
}
