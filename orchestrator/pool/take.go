package pool

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/git-swarm/git-swarm/lock/task"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/launch"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/file"
)

// take takes the best task for a session of its own, which it makes. The error is
// *task.NoneReadyError where there is none; nil says that another had it at once.
func (s *supervisor) take(ctx context.Context) (*job, error) {
	busy, err := s.lookedAfter()
	if err != nil {
		return nil, err
	}
	if err := s.sweep(ctx, busy); err != nil {
		return nil, err
	}
	var made []*job // a transaction may begin anew, with another task
	_, err = s.Backlog.TakeNew(ctx, bus.Orchestrator, s.Agent, busy, func(tx *refstore.Tx, t *task.Task, epoch int) (string, error) {
		j, err := s.reserved(ctx, tx, made, t, epoch)
		if err == nil && j == nil {
			if j, err = s.reserve(ctx, tx, t, epoch); err == nil {
				made = append(made, j)
			}
		}
		if err != nil {
			return "", err
		}
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

// reserved is the job that an earlier try of the transaction made for the task, if its
// session's name is still free; nil for none.
func (s *supervisor) reserved(ctx context.Context, tx *refstore.Tx, made []*job, t *task.Task, epoch int) (*job, error) {
	for _, j := range made {
		if j.rec.Task != t.Number {
			continue
		}
		if free, err := s.isFree(ctx, tx, j.rec.Session); err != nil || !free {
			return nil, err
		}
		j.rec.Epoch = epoch
		return j, j.save(j.rec)
	}
	return nil, nil
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
			Agent: s.Agent, Command: s.Command, Trust: s.Trust, Allow: s.Allow, Commands: s.Commands, Timeout: s.Timeout, Begun: now, Try: 1,
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
