package pool

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/git-swarm/git-swarm/lock/task"
	"github.com/git-swarm/git-swarm/orchestrator/launch"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/file"
)

// sweep retires what tasks have left that are ready once more, after they had failed: so
// the next session of each has its task's name. Where something is in the worktree that
// is nowhere else, or a client, it stays. busy are the tasks for which there is a session.
func (s *supervisor) sweep(ctx context.Context, busy map[int]bool) error {
	entries, err := os.ReadDir(launch.WorktreeDir(s.Repo))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		n, ok := taskOf(e.Name())
		if !ok || busy[n] {
			continue
		}
		if err := s.retireOld(ctx, e.Name(), n); err != nil {
			return err
		}
	}
	return nil
}

// taskOf is the task that a session is for, by its name.
func taskOf(session string) (n int, ok bool) {
	number, _, _ := strings.Cut(strings.TrimPrefix(session, "T"), "-")
	n, err := strconv.Atoi(number)
	return n, err == nil && n > 0 && strings.HasPrefix(session, "T")
}

// retireOld retires a session that is done with task n, if that is ready once more.
func (s *supervisor) retireOld(ctx context.Context, session string, n int) error {
	t, _, err := s.Backlog.Get(ctx, n)
	if errors.As(err, new(*task.UnknownError)) || err == nil && t.State != task.Ready {
		return nil
	}
	if err != nil {
		return err
	}
	f := folderOf(s.Repo, session)
	if os.Mkdir(string(f), 0o777) != nil {
		return nil // a supervisor looks after it
	}
	owner, err := f.own()
	if errors.Is(err, file.ErrLocked) {
		return nil
	}
	if err != nil {
		return err
	}
	defer (&job{folder: f, owner: owner}).drop()
	at, err := s.bus().Session(ctx, session)
	if errors.As(err, new(*bus.UnknownSessionError)) || err == nil && at.Status != bus.Done {
		return nil
	}
	if err != nil {
		return err
	}
	if clone := s.bus().Store().Clone(); clone != "" && at.Host != clone {
		return nil
	}
	one, err := s.Retire.Find(ctx, session)
	if err != nil || one.Check(false) != nil || len(one.Clients) > 0 {
		return nil // it stays, and another name will do
	}
	return one.Retire(ctx, asked(session))
}
