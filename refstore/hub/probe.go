package hub

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"strings"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// probeRef is the ref, below the prefix, on which it is tried what the remote accepts.
const probeRef = "probe"

// Probe tries whether the remote accepts what a hub must: a push below the prefix, all
// at once and under a lease, that a fetch then finds. The ref that is used for it may
// stay. It takes the turn of a swarm that this clone has not joined yet.
func (r *Remote) Probe(ctx context.Context, turn *os.File) error {
	if err := r.Fetch(ctx, turn); err != nil {
		return err
	}
	old, err := r.tracked(ctx)
	if err != nil {
		return err
	}
	tree, err := repo.Line(r.Repo.GitParsed(ctx, "hash-object", "-t", "tree", "-w", "--stdin"))
	if err != nil {
		return err
	}
	commit, err := repo.Line(r.Repo.GitParsed(ctx, "commit-tree", tree, "-m", "git swarm tries "+rand.Text()))
	if err != nil {
		return err
	}
	if err := r.Push(ctx, turn, []refstore.HubUpdate{{Ref: probeRef, Old: old, New: object.Hash(commit)}}); err != nil {
		return err
	}
	if err := r.Fetch(ctx, turn); err != nil {
		return err
	}
	switch now, err := r.tracked(ctx); {
	case err != nil:
		return err
	case now == old:
		return &ConfigError{r.Name, fmt.Sprintf("takes pushes below %s, and hides them from fetches", r.Prefix)}
	}
	_, _ = r.run(ctx, turn, "push", "--quiet", "--no-verify", r.Name, ":"+r.Prefix+probeRef)
	return nil
}

// tracked is what the probe's ref was when it was last fetched, "" if there was none.
func (r *Remote) tracked(ctx context.Context) (object.Hash, error) {
	out, err := repo.Line(r.Repo.GitParsed(ctx, "for-each-ref", "--format=%(objectname)", refstore.TrackingPrefix+probeRef))
	return object.Hash(strings.TrimSpace(out)), err
}
