package pool

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/launch"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

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
	j.state, j.settled, j.ending, j.orphaned = running, time.Time{}, false, false
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
