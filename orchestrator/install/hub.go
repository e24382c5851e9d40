package install

import (
	"context"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// SetHub writes a key of the repository's configuration that says where the hub is, or
// what the clone is called there.
func SetHub(ctx context.Context, r *repo.Repo, key, value string) error {
	return gitConfig(ctx, r, "--local", key, value)
}

// UnsetHub takes the key out, if it is there.
func UnsetHub(ctx context.Context, r *repo.Repo, key string) error {
	return unsetConfig(ctx, r, key)
}
