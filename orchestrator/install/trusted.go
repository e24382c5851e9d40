package install

import (
	"context"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// TrustNested adds the repository to the user's own [repo.TrustedKey] where it lies
// in the work tree of another one: agents' hooks take such a one for a folder, as
// content can make it, unless the user says otherwise. It reports whether it did.
func TrustNested(ctx context.Context, r *repo.Repo) (bool, error) {
	outer, err := r.Outer()
	if err != nil || outer == "" {
		return false, err
	}
	if trusted, err := r.Trusted(); err != nil || trusted {
		return false, err
	}
	err = gitConfig(ctx, r, "--global", "--add", repo.TrustedKey, r.CommonDir)
	return err == nil, err
}
