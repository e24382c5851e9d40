package land

import (
	"context"
	"fmt"
	"os/exec"
	"slices"

	"github.com/git-swarm/git-swarm/merge"
	"github.com/git-swarm/git-swarm/merge/heal"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// rebased returns the tip that the branch at tip has after a rebase onto onto,
// and the files in which conflicts were healed on the way. What the branch has
// up to landed, if that is not "", is left out. A *ConflictError leaves nothing
// behind, as everything else does.
func rebased(ctx context.Context, r *repo.Repo, tip, onto, landed, name string, level heal.Level) (string, []merge.Healed, error) {
	b, err := newBench(ctx, r, tip)
	if err != nil {
		return "", nil, err
	}
	defer b.close(ctx)
	if landed == "" {
		landed = onto
	}
	var all []merge.Healed
	_, failure := repo.Output(b.rebase(ctx, "--quiet", "--no-rebase-merges", "--no-autosquash", "--no-autostash", "--no-fork-point", "--onto", onto, landed))
	for failure != nil {
		if ctx.Err() != nil {
			return "", nil, context.Cause(ctx)
		}
		healed, err := b.healStop(ctx, level)
		if err != nil {
			return "", nil, err
		}
		if len(healed) == 0 {
			return "", nil, fmt.Errorf("rebase onto %s: %w", name, failure)
		}
		if left := remaining(healed); len(left) > 0 {
			return "", nil, b.conflict(ctx, tip, onto, name, left)
		}
		all = append(all, healed...)
		_, failure = repo.Output(b.rebase(ctx, "--continue"))
	}
	next, err := repo.Line(b.git(ctx, "rev-parse", "HEAD"))
	return next, all, err
}

// rebase is git rebase in the bench. It opens no editor, and rerere neither
// resolves conflicts, without anybody looking, nor learns from what was healed.
// The merge driver does not heal here: that is done by ourselves, so that it can
// be told.
func (b *bench) rebase(ctx context.Context, args ...string) *exec.Cmd {
	plain, _ := merge.WithoutDriver(b.repo) // the configuration could be read before
	return b.git(ctx, slices.Concat(plain, []string{
		"-c", "rebase.updateRefs=false", "-c", "rebase.backend=merge", "-c", "rebase.missingCommitsCheck=ignore",
		"-c", "rerere.enabled=false", "rebase",
	}, args)...)
}

// healStop heals the commit at which a rebase has stopped, and notes it in the
// commit's message as trailers "Healed: PATH RULE".
func (b *bench) healStop(ctx context.Context, level heal.Level) ([]merge.Healed, error) {
	opts, err := merge.OptionsFor(b.repo, level)
	if err != nil {
		return nil, err
	}
	own := merge.Checkout{Git: b.git, Options: opts, Scratch: true}
	healed, err := own.Heal(ctx, nil)
	if err != nil || len(healed) == 0 || len(remaining(healed)) > 0 {
		return healed, err
	}
	return healed, b.commit(ctx, healed)
}

// remaining are the files that are still in conflict.
func remaining(all []merge.Healed) []string {
	var left []string
	for _, h := range all {
		if !h.Whole {
			left = append(left, h.Path)
		}
	}
	return left
}
