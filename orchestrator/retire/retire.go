package retire

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/lock/queue"
	"github.com/git-swarm/git-swarm/lock/task"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/orchestrator/launch"
	"github.com/git-swarm/git-swarm/orchestrator/setup"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/gitlock"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/review"
)

// ObstacleError says what stands in the way of retiring a session: its Obstacles.
type ObstacleError struct{ *Session }

func (e *ObstacleError) Error() string { return fmt.Sprintf("session %s cannot be retired", e.ID) }

// Check returns an *ObstacleError if something stands in the way, of the session or of one
// of its subagents; with keep, if something does that cannot be kept.
func (f *Session) Check(keep bool) error {
	for _, sub := range f.Subagents {
		if err := sub.Check(keep); err != nil {
			return err
		}
	}
	if slices.ContainsFunc(f.Obstacles, func(o Obstacle) bool { return !keep || !o.Kind.Kept() }) {
		return &ObstacleError{f}
	}
	return nil
}

// endWait is how long a client may take to end by itself.
const endWait = 10 * time.Second

// EndClients ends the clients that git swarm launched, and looks again: a client may
// have written to the last.
func (f *Session) EndClients(ctx context.Context) (ended []agents.Client, err error) {
	for _, c := range f.Clients {
		if err := f.swarm.end(ctx, c); err != nil {
			return ended, fmt.Errorf("end the client of %s (process %d): %w", f.ID, c.PID, err)
		}
		ended = append(ended, c)
	}
	if len(ended) == 0 {
		return nil, nil
	}
	if err := agents.In(f.swarm.Repo).Forget(f.ID); err != nil {
		return ended, err
	}
	return ended, f.look(ctx)
}

// end ends a client; one in the background by the client's own command.
func (s *Swarm) end(ctx context.Context, c agents.Client) error {
	if c.Job == "" {
		return c.End(endWait)
	}
	if err := launch.StopBackground(ctx, s.Env, c.Job); err != nil {
		return err
	}
	return c.Stopped(endWait)
}

// Retire takes away all that the session has, and then the session. Nothing may stand
// in the way: the caller has asked Check, and Keep where it is to keep what would.
// asked words the notice to the author of a review that waits for the session.
//
// Where the hub is out of reach the session stays in the list, and what it claims is
// given back by what next reaches the hub, as an *UnretiredError says.
func (f *Session) Retire(ctx context.Context, asked func(*review.Review) string) error {
	err := f.retire(ctx, asked)
	if !lock.Away(f.swarm.Bus, err) {
		return err
	}
	none := func(*refstore.Tx) error { return nil }
	if _, failed := lock.QueueDone(ctx, f.swarm.Bus, bus.Orchestrator, f.ID, f.Note, none); failed != nil {
		return errors.Join(err, failed)
	}
	return &UnretiredError{f.ID, err}
}

// UnretiredError says that a session could not be retired, as the hub is out of reach: it
// is done, and holds nothing, as soon as that is reached.
type UnretiredError struct {
	ID  string
	Err error
}

func (e *UnretiredError) Error() string {
	return fmt.Sprintf("session %s is not retired yet: %s", e.ID, e.Err)
}

// Unwrap returns why.
func (e *UnretiredError) Unwrap() error { return e.Err }

func (f *Session) retire(ctx context.Context, asked func(*review.Review) string) error {
	for _, w := range f.Worktrees {
		if err := f.removeWorktree(ctx, w); err != nil {
			return err
		}
	}
	if err := f.sweep(); err != nil {
		return err
	}
	if f.Branch != "" {
		if err := f.deleteBranch(ctx); err != nil {
			return err
		}
	}
	if f.Own != nil {
		if _, err := f.swarm.Book.AddEvent(ctx, f.ID, f.Own.Number, review.Withdraw, f.ID+" is retired"); err != nil && !errors.Is(err, review.ErrClosed) {
			return err
		}
	}
	if err := f.forget(ctx); err != nil {
		return err
	}
	return f.swarm.Bus.Retire(ctx, f.ID, func(tx *refstore.Tx) error {
		if _, err := lock.ReleaseAllIn(tx, f.ID); err != nil {
			return err
		}
		if _, err := task.Retire(tx, f.ID); err != nil {
			return err
		}
		c, err := queue.Begin(tx)
		if err != nil {
			return err
		}
		if e, err := c.Find(f.ID); err != nil || e != nil && e.Stage == queue.Landing {
			return errors.Join(err, queue.ErrLanding)
		}
		if elsewhere, err := c.Elsewhere(f.ID); err != nil {
			return err
		} else if elsewhere != nil {
			return &queue.ElsewhereError{Offer: elsewhere}
		}
		if err := c.Remove(f.ID); err != nil {
			return err
		}
		if err := c.Record(f.ID + " is retired"); err != nil {
			return err
		}
		return notify(tx, f.Reviews, asked)
	})
}

// notify tells the authors of reviews whom else to ask.
func notify(tx *refstore.Tx, reviews []*review.Review, asked func(*review.Review) string) error {
	for _, r := range reviews {
		var unknown *bus.UnknownSessionError
		if _, err := bus.Notify(tx, r.From, asked(r)); err != nil && !errors.As(err, &unknown) {
			return err
		}
	}
	return nil
}

// retiredFolder is where the folder of a worktree is from the moment that it is removed
// until it is deleted. Nothing in it is wanted any more.
func retiredFolder(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".git-swarm-retired")
}

// removeWorktree takes the folder out of its place at once, and then git's record of it.
func (f *Session) removeWorktree(ctx context.Context, w Worktree) error {
	aside := retiredFolder(w.Path)
	if !w.Gone {
		if err := file.RemoveAll(aside); err != nil {
			return err
		}
		if err := os.Rename(w.Path, aside); err != nil {
			return err
		}
	}
	r := f.swarm.Repo
	_, err := gitlock.Output(ctx, r, nil, func() *exec.Cmd {
		return r.GitParsed(ctx, "worktree", "remove", "--force", w.Path)
	})
	return errors.Join(err, file.RemoveAll(aside))
}

// sweep removes what a killed call has left of the worktree whose record is gone.
func (f *Session) sweep() error {
	return file.RemoveAll(retiredFolder(filepath.Join(launch.WorktreeDir(f.swarm.Repo), f.ID)))
}

// deleteBranch deletes the branch from the tip that was looked at, and its settings.
func (f *Session) deleteBranch(ctx context.Context) error {
	r := f.swarm.Repo
	if _, err := gitlock.Output(ctx, r, gitlock.Ref(r, f.Branch), func() *exec.Cmd {
		return r.GitParsed(ctx, "update-ref", "-d", f.Branch, f.Tip)
	}); err != nil {
		return err
	}
	section := "branch." + strings.TrimPrefix(f.Branch, "refs/heads/")
	_, err := gitlock.Output(ctx, r, []string{gitlock.Config(r)}, func() *exec.Cmd {
		return r.GitParsed(ctx, "config", "--remove-section", section)
	})
	var none *repo.GitError
	if errors.As(err, &none) { // it has no settings
		return nil
	}
	return err
}

// forget removes the files that this clone keeps of the session.
func (f *Session) forget(ctx context.Context) error {
	r := f.swarm.Repo
	for _, c := range agents.Checkouts(r) {
		if strings.EqualFold(c.Session, f.ID) {
			if err := remove(repo.SessionFileIn(c.GitDir())); err != nil {
				return err
			}
		}
	}
	swarm := filepath.Join(r.CommonDir, "swarm")
	paths := []string{
		launch.PromptFile(r.CommonDir, f.ID), filepath.Join(swarm, "queued-"+f.ID),
		filepath.Join(swarm, "verify-"+f.ID+".log"), filepath.Join(swarm, "verify-"+f.ID+".run"),
	}
	for _, client := range launch.Makes() {
		paths = append(paths, launch.OptionsFile(r.CommonDir, f.ID, client))
	}
	for _, path := range paths {
		if err := remove(path); err != nil {
			return err
		}
	}
	if err := setup.FreePorts(ctx, r, f.ID); err != nil {
		return err
	}
	return agents.In(r).Forget(f.ID)
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
