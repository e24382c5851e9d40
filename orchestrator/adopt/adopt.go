package adopt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/git-swarm/git-swarm/lock"
	"github.com/git-swarm/git-swarm/lock/queue"
	"github.com/git-swarm/git-swarm/lock/task"
	"github.com/git-swarm/git-swarm/orchestrator/agents"
	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
	"github.com/git-swarm/git-swarm/refstore/repo"
	"github.com/git-swarm/git-swarm/review"
)

// AtWorkError says that an agent is at work as a session that would be called otherwise.
type AtWorkError struct{ Session, Name string }

func (e *AtWorkError) Error() string {
	return fmt.Sprintf("an agent works as %s, which would be %s", e.Session, e.Name)
}

// LandingError says that work is about to land here, whose end is to come first.
type LandingError struct{ Err error }

func (e *LandingError) Error() string { return e.Err.Error() }

// Unwrap returns a *lock.PushHeldError or a *queue.UndecidedError.
func (e *LandingError) Unwrap() error { return e.Err }

// PoolError says that git swarm run has begun a session here and not ended it.
type PoolError struct{ Session string }

func (e *PoolError) Error() string {
	return fmt.Sprintf("git swarm run has begun session %s, and not ended it", e.Session)
}

// Joining is a repository that joins a hub with a swarm of its own.
type Joining struct {
	Repo       *repo.Repo
	Bus        *bus.Bus // as of the clone that it becomes
	Claims     *lock.Claims
	StaleAfter time.Duration // after which an agent of which no process is known has ended
}

// Plan is what Run would do; it changes nothing.
func (j Joining) Plan(ctx context.Context) (*refstore.Adoption, error) {
	return j.Bus.Store().PlanAdoption(ctx, j.steps(ctx))
}

// Run does it, but for what is in the configuration: see [refstore.Store.Adopt]. Files that
// name a session name it as it is called then.
func (j Joining) Run(ctx context.Context) (*refstore.Adoption, error) {
	a, err := j.Bus.Store().Adopt(ctx, j.steps(ctx))
	if err != nil {
		return nil, err
	}
	return a, j.renameFiles(context.WithoutCancel(ctx), a)
}

func (j Joining) steps(ctx context.Context) refstore.Adopting {
	return refstore.Adopting{
		By:   bus.Orchestrator,
		Plan: func(a *refstore.Adoption) error { return j.plan(ctx, a) },
		Share: func(tx *refstore.Tx, a *refstore.Adoption) error {
			if err := bus.AdoptSessions(tx, a); err != nil {
				return err
			}
			if err := lock.ShareClaims(tx, a); err != nil {
				return err
			}
			if err := review.NewStore(j.Bus).ShareReviews(ctx, tx, a); err != nil {
				return err
			}
			return task.ShareTasks(tx, a)
		},
		Keep: func(tx *refstore.Tx, a *refstore.Adoption, position refstore.Position) error {
			if err := j.Bus.AdoptCursors(ctx, tx, a, position); err != nil {
				return err
			}
			return errors.Join(queue.KeepQueue(tx, a), review.KeepNotes(tx, a))
		},
	}
}

// plan decides who is called what, and refuses what cannot be done now.
func (j Joining) plan(ctx context.Context, a *refstore.Adoption) error {
	for _, step := range []func(*refstore.Adoption) error{
		bus.AdoptNames, j.Claims.AdoptClaims, review.AdoptReviews, task.AdoptTasks,
		func(a *refstore.Adoption) error { return lock.AdoptLocks(a, j.Bus) },
		queue.AdoptQueue,
	} {
		if err := step(a); err != nil {
			var held *lock.PushHeldError
			var waits *queue.UndecidedError
			if errors.As(err, &held) || errors.As(err, &waits) {
				err = &LandingError{err}
			}
			return err
		}
	}
	pooled, _ := os.ReadDir(agents.PoolDir(j.Repo)) // without a pool there is no such folder
	for _, e := range pooled {
		if e.IsDir() {
			return &PoolError{e.Name()}
		}
	}
	for id, name := range a.Renamed {
		if agents.In(j.Repo).MayWork(id, j.StaleAfter, time.Now()) {
			return &AtWorkError{id, name}
		}
	}
	return nil
}
