package land

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/merge"
	"github.com/git-swarm/git-swarm/merge/heal"
	"github.com/git-swarm/git-swarm/refstore/file"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// stoppedFile holds the tip of the branch of this worktree with which a push or pull met
// a conflict that stayed, until it lands: how the session resolves it is compared with
// what both sides had.
func stoppedFile(r *repo.Repo) string { return filepath.Join(r.GitDir, "swarm-stopped") }

// NoteStopped notes that what is checked out here met a conflict.
func NoteStopped(ctx context.Context, r *repo.Repo) error {
	c, err := checkedOut(ctx, r)
	if err != nil {
		return err
	}
	return file.Replace(stoppedFile(r), []byte(c.tip+"\n"), 0o666)
}

// ForgetStopped takes the note away: it has landed.
func ForgetStopped(r *repo.Repo) error {
	if err := os.Remove(stoppedFile(r)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Resolved compares the conflicts with the target that a push or pull of this worktree
// met with what its branch has made of them since: ours are the target's edits, theirs
// the branch's. It returns none where nothing is noted or resolved, or git has
// what was noted no more.
func Resolved(ctx context.Context, r *repo.Repo, target repo.Target) ([]merge.Checked, error) {
	content, err := os.ReadFile(stoppedFile(r))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	c, err := checkedOut(ctx, r)
	if err != nil {
		return nil, err
	}
	before := strings.TrimSpace(string(content))
	if _, err := repo.Output(r.GitParsed(ctx, "cat-file", "-e", before+"^{commit}")); err != nil || before == c.tip {
		return nil, nil
	}
	ref, err := r.TargetRef(ctx, target)
	if err != nil || ref == "" {
		return nil, err
	}
	onto, err := repo.Line(r.GitParsed(ctx, "merge-base", ref, c.tip))
	if err != nil {
		return nil, nil // they have nothing in common
	}
	if done, err := ancestor(ctx, r, onto, before); err != nil || done {
		return nil, err // it is where it was
	}
	return merge.CheckCommits(ctx, r, onto, before, c.tip)
}

// Undoes reports whether a resolution lost or brought back something of what has landed,
// or is none yet. What it made of the branch's own edits is the branch's affair.
func Undoes(c merge.Checked) bool {
	return c.Open || slices.ContainsFunc(c.Findings, func(f heal.Finding) bool {
		return f.What == heal.Dropped || f.Side == heal.Ours
	})
}
