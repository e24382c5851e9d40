package install

import (
	"context"
	"os"
	"path/filepath"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// workTree is one of the work trees of a repository that are there.
type workTree struct {
	top       string
	main      bool // it is not linked
	beingMade bool // by somebody, just now
}

func workTrees(ctx context.Context, r *repo.Repo) (all []workTree, err error) {
	known, err := r.Checkouts(ctx)
	for _, c := range known {
		if _, err := os.Lstat(filepath.Join(c.Path, ".git")); err == nil && !c.Bare {
			all = append(all, workTree{c.Path, c.Main, c.Locked == "initializing"})
		}
	}
	return all, err
}

// workTreeTops are the tops of all of them.
func workTreeTops(ctx context.Context, r *repo.Repo) (tops []string, err error) {
	all, err := workTrees(ctx, r)
	for _, w := range all {
		tops = append(tops, w.top)
	}
	return tops, err
}

// mainCheckout is the top of the main work tree, the one that is not linked, or
// ErrNoCheckout.
func mainCheckout(ctx context.Context, r *repo.Repo) (string, error) {
	if r.GitDir == r.CommonDir && r.WorkTree != "" {
		return r.WorkTree, nil
	}
	all, err := workTrees(ctx, r)
	if err != nil {
		return "", err
	}
	if len(all) == 0 || !all[0].main {
		return "", ErrNoCheckout
	}
	return all[0].top, nil
}

// tops are the tops of the checkouts of a repository.
type tops struct {
	main   string // "" in a bare repository
	linked []string
}

func (t tops) all() []string {
	if t.main == "" {
		return t.linked
	}
	return append([]string{t.main}, t.linked...)
}

// checkouts are those that are there, and that nobody is making just now. It is
// ErrNoCheckout if there is none.
func checkouts(ctx context.Context, r *repo.Repo) (t tops, err error) {
	all, err := workTrees(ctx, r)
	if err != nil {
		return t, err
	}
	for _, w := range all {
		switch {
		case w.beingMade:
		case w.main:
			t.main = w.top
		default:
			t.linked = append(t.linked, w.top)
		}
	}
	if len(t.all()) == 0 {
		return t, ErrNoCheckout
	}
	return t, nil
}
