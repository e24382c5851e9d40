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

// Checkout is a checkout in which git has stopped with files in conflict.
type Checkout struct {
	Git     Git // runs git there
	Options heal.Options
	Partial bool // also write files of which only a part was healed
	Scratch bool // nobody else writes there, and folders may be missing

	Regenerate *Regenerator // makes anew what a program writes; nil for none

	// Locking runs a command that locks the index; nil is repo.Output.
	Locking func(ctx context.Context, build func() *exec.Cmd) (string, error)
	// Temp is the folder in which files are written before they get their place; ""
	// for that place's own, where a kill leaves them to be committed.
	Temp string
}

// inIndex runs a git command that locks the index.
func (c *Checkout) inIndex(ctx context.Context, build func() *exec.Cmd) error {
	var err error
	if c.Locking == nil {
		_, err = repo.Output(build())
	} else {
		_, err = c.Locking(ctx, build)
	}
	return err
}

// Heal heals the files in conflict from the stages of the index: those for which
// want returns true, or all if want is nil. It returns what became of each.
//
// A file that is wholly healed is written and staged. With Partial, one that is
// healed in part is written with the conflicts that remain, and stays unmerged.
// Every other file is left exactly as it is, and so, unless the checkout is
// Scratch, is a file that somebody has changed since git stopped. What Regenerate
// has a command for is made by it when no other file is left.
//
// Each file is replaced at once and staged after that. If the process is killed
// in between, the next call stages it. After an error, the files before the one
// that failed are healed.
func (c *Checkout) Heal(ctx context.Context, want func(path string) bool) ([]Healed, error) {
	files, err := listUnmerged(ctx, c.Git)
	if err != nil || len(files) == 0 {
		return nil, err
	}
	top, err := repo.Line(c.Git(ctx, "rev-parse", "--show-toplevel"))
	if err != nil {
		return nil, err
	}
	if err := (&attributes{git: c.Git}).read(ctx, files); err != nil {
		return nil, err
	}
	objects := &blobs{git: c.Git}
	defer objects.close()
	var all []Healed
	var unmade []unmerged // by a command
	var at []int          // their places in all
	left := false
	for _, f := range files {
		if want != nil && !want(f.path) {
			left = true
			continue
		}
		if c.makes(f) {
			unmade, at = append(unmade, f), append(at, len(all))
			all = append(all, Healed{Path: f.path, Why: unmadeYet})
			continue
		}
		h, err := c.file(ctx, objects, top, f)
		if err != nil {
			return all, fmt.Errorf("heal %s: %w", f.path, err)
		}
		left = left || !h.Whole
		all = append(all, *h)
	}
	if len(unmade) > 0 && !left {
		var healed []*Healed
		for _, i := range at {
			healed = append(healed, &all[i])
		}
		if err := c.make(ctx, objects, top, unmade, healed); err != nil {
			return all, err
		}
	}
	// git merge --abort does not look into files that the index does not know.
	_ = c.inIndex(ctx, func() *exec.Cmd { return c.Git(ctx, "update-index", "-q", "--unmerged", "--refresh") }) // it complains of what is changed
	return all, nil
}

// changedSince is why a file is left that is not as git has left it.
const changedSince = "changed in the work tree since git stopped"

func (c *Checkout) file(ctx context.Context, objects *blobs, top string, f unmerged) (*Healed, error) {
	h, err := healFile(ctx, objects, f, c.Options)
	if err != nil || h.Why != "" || !h.Whole && (!c.Partial || len(h.Rules()) == 0) {
		return h, err
	}
	if !c.Scratch && !c.asLeft(ctx, top, f, h.Versions) {
		h.Whole, h.Why = false, changedSince
		return h, nil
	}
	return h, c.write(ctx, top, f, h)
}

// healFile asks the healer, if the conflict is one of content alone.
func healFile(ctx context.Context, objects *blobs, f unmerged, opts heal.Options) (*Healed, error) {
	h := &Healed{Path: f.path, Why: f.beyond()}
	if opts.Level == heal.Off {
		h.Why = heal.RulesOff.String()
	}
	if h.Why != "" {
		return h, nil
	}
	texts, err := objects.read(ctx, f.stages[0].id, f.stages[1].id, f.stages[2].id)
	if errors.Is(err, errTooLarge) {
		h.Why = heal.TooLarge.String()
		return h, nil
	}
	if err != nil {
		return nil, err
	}
	h.Result = heal.Merge(texts[0], texts[1], texts[2], f.options(opts))
	h.Whole, h.Regenerate, h.Versions = h.Result.Conflicts == 0, h.Result.Regenerate, texts
	return h, nil
}
