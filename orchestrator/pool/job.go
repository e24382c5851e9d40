package pool

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/git-swarm/git-swarm/lock/task"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/launch"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// job is a session that this supervisor looks after.
type job struct {
	folder
	rec     *Record
	owner   *os.File
	state   state
	settled time.Time // when the task was first seen settled while the client was at work
	ending  bool      // the client was told to end
}

// state is how far a session is.
type state int

const (
	again   state = iota // a client is to be started
	running              // its worker is there
	ended                // its worker has ended, and what has become of the task is not looked at yet
	waits                // for an answer, without a client
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
		if j.state == running || j.state == ended {
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
		if !e.IsDir() || s.jobs[e.Name()] != nil || s.others[e.Name()] {
			continue
		}
		if err := s.adopt(ctx, folderOf(s.Repo, e.Name())); err != nil {
			return err
		}
	}
	return nil
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

// take takes the best task for a session of its own, which it makes. The error is
// *task.NoneReadyError where there is none; nil says that another had it at once.
func (s *supervisor) take(ctx context.Context) (*job, error) {
	busy, err := s.lookedAfter()
	if err != nil {
		return nil, err
	}
	var made []*job // a transaction may begin anew, with another task
	_, err = s.Backlog.TakeNew(ctx, bus.Orchestrator, s.Agent, busy, func(tx *refstore.Tx, t *task.Task, epoch int) (string, error) {
		j, err := s.reserve(ctx, tx, t, epoch)
		if err != nil {
			return "", err
		}
		made = append(made, j)
		return j.rec.Session, s.bus().RegisterIn(tx, bus.Registration{ID: j.rec.Session, Workstream: j.rec.Session, Agent: s.Agent})
	})
	took, err2 := s.holder(ctx, made, err)
	if err2 != nil { // the folders stay, for whoever looks next
		for _, j := range made {
			_ = j.owner.Close()
		}
		return nil, err2
	}
	for _, j := range made {
		if j != took {
			j.drop()
		}
	}
	if err != nil {
		return nil, err
	}
	if took == nil { // somebody else has it by now
		return nil, nil
	}
	s.jobs[took.rec.Session] = took
	s.worked[took.rec.Task] = true
	s.begun++
	return took, nil
}

// holder is the job whose session has its task, nil for none, as after a transaction that
// failed: of one that a hub has granted, the last try need not be the one that counts.
func (s *supervisor) holder(ctx context.Context, made []*job, failed error) (*job, error) {
	if failed != nil {
		return nil, nil
	}
	for _, j := range made {
		if at, err := s.standing(ctx, j); err != nil || at.mine {
			return j, err
		}
	}
	return nil, nil
}

// lookedAfter are the tasks for which there is a session. One that its client has given
// back while it was still at work is that session's until the try is judged: begun anew
// by another one, its tries would begin anew, too, and never come to an end.
func (s *supervisor) lookedAfter() (map[int]bool, error) {
	entries, err := os.ReadDir(agents.PoolDir(s.Repo))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	tasks := map[int]bool{}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		if rec, err := folderOf(s.Repo, e.Name()).load(); err == nil {
			tasks[rec.Task] = true
		}
	}
	return tasks, nil
}

// reserve makes the folder of a session for the task, with its record, before the task
// is taken: so no task is without. A name is free if there is no session, branch,
// worktree or folder of it.
func (s *supervisor) reserve(ctx context.Context, tx *refstore.Tx, t *task.Task, epoch int) (*job, error) {
	if err := file.MkdirAll(agents.PoolDir(s.Repo)); err != nil {
		return nil, err
	}
	for i := 1; ; i++ {
		id := fmt.Sprintf("T%d", t.Number)
		if i > 1 {
			id = fmt.Sprintf("%s-%d", id, i)
		}
		free, err := s.isFree(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		f := folderOf(s.Repo, id)
		if !free || os.Mkdir(string(f), 0o777) != nil {
			if i > 1000 {
				return nil, fmt.Errorf("no name is free for a session of task #%d", t.Number)
			}
			continue
		}
		owner, err := f.own()
		if errors.Is(err, file.ErrLocked) { // another supervisor took it for one that is left over
			continue
		}
		if err != nil {
			return nil, err
		}
		now := s.Now()
		j := &job{folder: f, owner: owner, rec: &Record{
			Task: t.Number, Epoch: epoch, Session: id, Branch: bus.Registration{Workstream: id}.Branch(),
			Agent: s.Agent, Command: s.Command, Trust: s.Trust, Allow: s.Allow, Timeout: s.Timeout, Begun: now, Try: 1,
		}}
		if err := f.save(j.rec); err != nil {
			j.drop()
			return nil, err
		}
		return j, nil
	}
}

func (s *supervisor) isFree(ctx context.Context, tx *refstore.Tx, id string) (bool, error) {
	_, err := bus.ResolveIn(tx, id)
	if err == nil {
		return false, nil
	}
	if !errors.As(err, new(*bus.UnknownSessionError)) {
		return false, err
	}
	if _, err := os.Lstat(filepath.Join(launch.WorktreeDir(s.Repo), id)); err == nil {
		return false, nil
	}
	tip, err := s.bus().Store().Tip(ctx, "refs/heads/"+bus.Registration{Workstream: id}.Branch())
	return tip == "", err
}

// drop removes the folder, and gives it up.
func (j *job) drop() {
	_ = os.RemoveAll(string(j.folder))
	_ = j.owner.Close()
}

// launch starts a client.
func (s *supervisor) launch(ctx context.Context, j *job) error {
	r := j.rec
	if r.Base == "" {
		base, err := s.base(ctx, r.Task)
		if err != nil {
			return err
		}
		r.Base = base
	}
	at := filepath.Join(launch.WorktreeDir(s.Repo), r.Session)
	if there, err := agents.FindWorktree(s.Repo, r.Session); err == nil {
		at = there
	}
	text, err := s.text(ctx, r, at)
	if err != nil {
		return err
	}
	if err := file.Replace(j.path(promptFile), []byte(text), 0o666); err != nil {
		return err
	}
	if r.Limit {
		running := bus.Running
		if err := s.bus().SetStatus(ctx, r.Session, r.Session, bus.Change{Status: &running}, nil); err != nil {
			return err
		}
	}
	r.Started, r.Limit = s.Now(), false
	if err := j.remove(exitFile, pidFile, clientFile, agents.PoolWaits); err != nil {
		return err
	}
	if err := j.save(r); err != nil {
		return err
	}
	if err := s.start(ctx, j); err != nil {
		return err
	}
	s.tell(j, Event{Kind: Begins})
	return nil
}

// start starts the worker, which inherits its lock: it is locked from before it is there
// until it has gone.
func (s *supervisor) start(ctx context.Context, j *job) error {
	lock, err := os.OpenFile(j.path(agents.PoolWorker), os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return err
	}
	defer lock.Close() // the worker has it, too
	if err := file.TryLock(lock); err != nil {
		return err
	}
	cmd := s.Worker(string(j.folder))
	log, err := openLog(s.Repo, j.rec.Task)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd.Stderr = log // why it could not even begin
	cmd.ExtraFiles = []*os.File{lock}
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setsid = true // Ctrl-C is for us
	if err := cmd.Start(); err != nil {
		return err
	}
	j.state, j.settled, j.ending = running, time.Time{}, false
	go func() {
		_ = cmd.Wait()
		s.waitFor(ctx, j.path(agents.PoolWorker), j.rec.Session, s.ended)
	}()
	return nil
}

// base is the commit at which the work on a task begins: the target, with all that it
// comes after in it.
func (s *supervisor) base(ctx context.Context, n int) (string, error) {
	tip, err := s.tip(ctx)
	if err != nil {
		return "", err
	}
	t, _, err := s.Backlog.Get(ctx, n)
	if err != nil {
		return "", err
	}
	args := []string{"rev-list", "--max-count=1", "^" + tip}
	for _, before := range t.After {
		o, _, err := s.Backlog.Get(ctx, before)
		if err != nil {
			continue // it may be damaged: the session finds out what is missing
		}
		for _, c := range o.Commits {
			if c.Reverted == "" {
				args = append(args, c.ID)
			}
		}
	}
	if tip == "" || len(args) == 3 {
		return tip, nil
	}
	missing, err := repo.Output(s.Repo.GitParsed(ctx, append(args, "--")...))
	if err == nil && missing == "" {
		return tip, nil
	}
	if err := s.Fetch(ctx); err != nil {
		return "", err
	}
	return s.tip(ctx)
}

// end tells a worker to end its client.
func (j *job) end() {
	p, ok := j.noted(pidFile)
	if ok && file.Locked(j.path(agents.PoolWorker)) {
		j.ending = syscall.Kill(p.pid, syscall.SIGTERM) == nil
	}
}

// endAll ends all clients.
func (s *supervisor) endAll() {
	for _, j := range s.jobs {
		if j.state == running {
			j.end()
		}
	}
}
