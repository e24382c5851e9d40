package merge

import (
	"context"
	"errors"
	"fmt"
	"os/exec"

	"github.com/git-swarm/git-swarm/merge/heal"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// Git runs git commands in one checkout: the user's, or one of ours.
type Git func(ctx context.Context, args ...string) *exec.Cmd

// HealCheckout heals the files in conflict in a checkout, from the stages of its
// index: all of them, or those that want says. A file that is wholly healed is
// written and staged; with partial, others are written with what remains, and
// stay in conflict. Everything else is left exactly as it is: also a file that
// somebody has changed since git stopped, and one to which .gitattributes gives
// a merge driver, or none.
//
// Each file is replaced whole and staged after that. Killed in between, the next
// call stages it.
func HealCheckout(ctx context.Context, git Git, opts heal.Options, partial bool, want func(path string) bool) ([]Healed, error) {
	w := &healer{git: git, opts: opts, partial: partial}
	return w.heal(ctx, want)
}

// healer heals the files in conflict in one checkout.
type healer struct {
	git     Git
	opts    heal.Options
	partial bool
	own     bool // the checkout is ours: nobody else writes there
	top     string
}

func (w *healer) heal(ctx context.Context, want func(path string) bool) ([]Healed, error) {
	files, err := listUnmerged(ctx, w.git)
	if err != nil || len(files) == 0 {
		return nil, err
	}
	if w.top, err = said(w.git(ctx, "rev-parse", "--show-toplevel")); err != nil {
		return nil, err
	}
	if err := readAttributes(ctx, w.git, files); err != nil {
		return nil, err
	}
	var all []Healed
	for _, f := range files {
		if want != nil && !want(f.path) {
			continue
		}
		h, err := w.file(ctx, f)
		if err != nil {
			return all, fmt.Errorf("heal %s: %w", f.path, err)
		}
		all = append(all, *h)
	}
	// git merge --abort does not look into files that the index does not know.
	_, _ = repo.Output(w.git(ctx, "update-index", "-q", "--unmerged", "--refresh")) // it complains of what is changed
	return all, nil
}

func (w *healer) file(ctx context.Context, f unmerged) (*Healed, error) {
	h, versions, err := healFile(ctx, w.git, f, w.opts)
	if err != nil || h.Why != "" || !h.Whole && (!w.partial || len(h.Rules()) == 0) {
		return h, err
	}
	if !w.own && !w.asLeft(ctx, f, versions) {
		h.Whole, h.Why = false, "changed in the work tree since git stopped"
		return h, nil
	}
	return h, w.write(ctx, f, h)
}

// healFile asks the healer, if the conflict is one of content alone, and returns the
// three versions.
func healFile(ctx context.Context, git Git, f unmerged, opts heal.Options) (*Healed, [][]byte, error) {
	h := &Healed{Path: f.path, Why: f.beyond()}
	if opts.Level == heal.Off {
		h.Why = heal.RulesOff.String()
	}
	if h.Why != "" {
		return h, nil, nil
	}
	blobs, err := readBlobs(ctx, git, f.stages[0].id, f.stages[1].id, f.stages[2].id)
	if errors.Is(err, errTooLarge) {
		h.Why = heal.TooLarge.String()
		return h, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	h.Result = heal.Merge(blobs[0], blobs[1], blobs[2], f.options(opts))
	h.Whole, h.Regenerate = h.Result.Conflicts == 0, h.Result.Regenerate
	return h, blobs, nil
}
