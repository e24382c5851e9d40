package land

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/git-swarm/git-swarm/merge"
	"github.com/git-swarm/git-swarm/merge/heal"
	"github.com/git-swarm/git-swarm/refstore/gitlock"
	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// rebase is what of a branch goes where.
type rebase struct {
	tip    string // of the branch
	after  string // its commits up to this one are left out
	onto   string // the tip of the target
	target repo.Target
	heal   heal.Options // for the conflicts on the way

	regenerate *merge.Regenerator // likewise; nil for none

	settingsOf *repo.Repo // the work tree whose settings count; nil for where it is made

	// commit, if not nil, reads a commit in process, or fails where that is git's to do.
	commit func(ctx context.Context, id string) (*object.CommitData, error)
}

// run returns the tip that the branch has after the rebase, and the files in which
// conflicts were healed on the way. If all that the branch changes has landed, in
// whatever commits, that tip is b.onto. Where a commit conflicts and those up to a
// later one have landed so, the commits after that are rebased alone. A conflict that
// stays is a *ConflictError. However it ends, it leaves nothing behind but objects.
func (b *rebase) run(ctx context.Context, r *repo.Repo) (next string, healed []merge.Healed, err error) {
	for again := 0; ; again++ {
		next, healed, err = b.attempt(ctx, r)
		if err == nil || !repo.Pruned(err) || again == prunedTries || ctx.Err() != nil {
			return next, healed, err
		}
	}
}

func (b *rebase) attempt(ctx context.Context, r *repo.Repo) (next string, healed []merge.Healed, err error) {
	var landed *landedError
	for next, healed, err = b.try(ctx, r); errors.As(err, &landed); next, healed, err = b.try(ctx, r) {
		if landed.upTo == b.tip {
			return b.onto, nil, nil
		}
		b.after = landed.upTo
	}
	if err != nil {
		return "", nil, err
	}
	nothing, err := b.addsNothing(ctx, r, next)
	if err != nil {
		return "", nil, err
	}
	if nothing {
		return b.onto, nil, nil
	}
	return next, healed, nil
}

// prunedTries is how often a rebase is made again that git gc has disturbed: it takes
// longer than gc is at work in one folder.
const prunedTries = 5

// landedError says that a rebase has met a conflict, and that the commits up to this
// one have landed.
type landedError struct{ upTo string }

func (e *landedError) Error() string { return "landed up to " + e.upTo }

// try is one rebase.
func (b *rebase) try(ctx context.Context, r *repo.Repo) (next string, healed []merge.Healed, err error) {
	s, err := newScratch(ctx, r, b.settingsOf, b.tip, b.onto)
	if err != nil {
		return "", nil, err
	}
	defer s.close(ctx)
	_, stopped := s.noted(s.rebase(ctx, "--quiet", "--no-rebase-merges", "--no-autosquash", "--no-autostash", "--no-fork-point", "--onto", b.onto, b.after))
	for asked := false; stopped != nil; {
		if ctx.Err() != nil {
			return "", nil, context.Cause(ctx)
		}
		if !asked { // before anything is healed
			asked = true
			upTo, err := b.landedBefore(ctx, r)
			if err != nil {
				return "", nil, err
			}
			if upTo != "" {
				return "", nil, &landedError{upTo}
			}
		}
		files, err := s.healStop(ctx, b)
		if err != nil {
			return "", nil, err
		}
		if len(files) == 0 { // it stopped for something else
			return "", nil, fmt.Errorf("rebase onto %s: %w", b.target, stopped)
		}
		if len(remaining(files)) > 0 {
			return "", nil, s.conflict(ctx, b, files)
		}
		healed = append(healed, files...)
		_, stopped = s.noted(s.rebase(ctx, "--continue"))
	}
	next, err = s.head(ctx)
	return next, healed, err
}

// noted is the output of a rebase. It may sign, so it stays at the terminal. All but the
// lock of the packed refs, which it takes to delete its own, goes with the worktree.
func (s *scratch) noted(cmd *exec.Cmd) (string, error) {
	locks := []string{filepath.Join(s.repo.CommonDir, "packed-refs.lock")}
	return repo.OutputBy(cmd, func() error { return gitlock.Attached(s.repo, cmd, locks) })
}

// rebase is git rebase in the worktree. It opens no editor. rerere is off: it would
// resolve conflicts without anybody looking, and learn from what was healed.
func (s *scratch) rebase(ctx context.Context, args ...string) *exec.Cmd {
	return s.git(ctx, slices.Concat([]string{
		"-c", "rebase.updateRefs=false", "-c", "rebase.backend=merge", "-c", "rebase.missingCommitsCheck=ignore",
		"-c", "rerere.enabled=false", "-c", "maintenance.auto=false", "rebase",
	}, args)...)
}

// healStop heals the commit at which a rebase has stopped and commits it. It
// returns the files that were in conflict; nothing is committed if one still is.
func (s *scratch) healStop(ctx context.Context, b *rebase) ([]merge.Healed, error) {
	checkout := merge.Checkout{Git: s.git, Options: b.heal, Scratch: true, Regenerate: b.regenerate}
	files, err := checkout.Heal(ctx, nil)
	if err != nil || len(files) == 0 || len(remaining(files)) > 0 {
		return files, err
	}
	return files, s.commit(ctx, files)
}

// remaining are the paths of the files that are still in conflict.
func remaining(files []merge.Healed) []string {
	var left []string
	for _, f := range files {
		if !f.Whole {
			left = append(left, f.Path)
		}
	}
	return left
}
