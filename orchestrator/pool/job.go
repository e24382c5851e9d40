package pool

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/refstore/file"
)

// job is a session that this supervisor looks after.
type job struct {
	folder
	rec      *Record
	owner    *os.File
	state    state
	settled  time.Time // when the task was first seen settled while the client was at work
	inReview time.Time // since when the session waits for a verdict, as far as was seen; zero if it does not
	ending   bool      // the client was told to end
	orphaned bool      // its worker was killed, and the client was ended
}

// state is how far a session is.
type state int

const (
	again   state = iota // a client is to be started
	running              // its worker is there
	orphan               // its worker was killed, and its client is being ended
	ended                // its worker has ended, and what has become of the task is not looked at yet
	waits                // for an answer, without a client
	leaving              // its task has landed, and it is to be retired
)

// byAge are the jobs, the oldest first.
func (s *supervisor) byAge() []*job {
	all := make([]*job, 0, len(s.jobs))
	for _, j := range s.jobs {
		all = append(all, j)
	}
	slices.SortFunc(all, func(a, b *job) int {
		if c := a.rec.Begun.Compare(b.rec.Begun); c != 0 {
			return c
		}
		return strings.Compare(a.rec.Session, b.rec.Session)
	})
	return all
}

// atWork is how many clients there are.
func (s *supervisor) atWork() (n int) {
	for _, j := range s.jobs {
		if j.state == running || j.state == orphan || j.state == ended {
			n++
		}
	}
	return n
}

// next is the oldest that a client is to be started for, nil for none.
func (s *supervisor) next() *job {
	for _, j := range s.byAge() {
		if j.state == again {
			return j
		}
	}
	return nil
}

// find takes on the sessions that no supervisor looks after, and waits for those that
// another does.
func (s *supervisor) find(ctx context.Context) error {
	entries, err := os.ReadDir(agents.PoolDir(s.Repo))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.IsDir() || s.jobs[e.Name()] != nil {
			continue
		}
		f := folderOf(s.Repo, e.Name())
		if !s.others[e.Name()] {
			if err := s.adopt(ctx, f); err != nil {
				return err
			}
		}
		if s.others[e.Name()] {
			s.noteLimit(f)
		}
	}
	return nil
}

// noteLimit has a usage limit hold here, too, that a client of the same kind of another
// supervisor's has reached.
func (s *supervisor) noteLimit(f folder) {
	r, err := f.load()
	if err == nil && r.Agent == s.Agent && r.Command == s.Command && r.Until.After(s.limit) {
		s.limit = r.Until
	}
}

// adopt takes on one session.
func (s *supervisor) adopt(ctx context.Context, f folder) error {
	session := filepath.Base(string(f))
	owner, err := f.own()
	if errors.Is(err, file.ErrLocked) {
		if _, gone := os.Stat(string(f)); gone == nil {
			s.others[session] = true
			go s.waitFor(ctx, f.path(agents.PoolOwner), session, s.freed)
		}
		return nil
	}
	if err != nil {
		return err
	}
	rec, err := f.load()
	if err != nil { // whoever made the folder was killed before anything was taken
		_ = os.RemoveAll(string(f))
		return owner.Close()
	}
	j := &job{folder: f, rec: rec, owner: owner}
	s.jobs[session] = j
	s.worked[rec.Task] = true
	if rec.Until.After(s.limit) {
		s.limit = rec.Until
	}
	_, waiting := os.Stat(f.path(agents.PoolWaits))
	switch {
	case file.Locked(f.path(agents.PoolWorker)):
		j.state = running
		go s.waitFor(ctx, f.path(agents.PoolWorker), session, s.ended)
		s.tell(j, Event{Kind: Adopted})
	case waiting == nil:
		j.state = waits
	default:
		j.state = ended
	}
	return nil
}

// waitFor says on done that whoever has the file locked has gone.
func (s *supervisor) waitFor(ctx context.Context, path, session string, done chan<- string) {
	unlock, err := file.LockPath(ctx, path)
	if err == nil {
		unlock()
	}
	select {
	case done <- session:
	case <-ctx.Done():
	}
}

// drop removes the folder, and gives it up.
func (j *job) drop() {
	_ = os.RemoveAll(string(j.folder))
	_ = j.owner.Close()
}
